"""Addresses of the screens of reimbursements."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.reimbursements.web import views

app_name = "reimbursements"
urlpatterns = [
    path("", views.receipts, name="list"),
    path("<int:receipt_id>/", views.one_receipt, name="receipt"),
]
offer(order=60, label="償還払い", url_name="reimbursements:list", action=Action.LIST_REIMBURSEMENTS, key="6")
