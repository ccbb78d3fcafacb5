"""Addresses of inquiries."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.inquiries.web import bulk, results, views

app_name = "inquiries"
urlpatterns = [
    path("", views.listed, name="list"),
    path("bulk", bulk.bulk, name="bulk"),
    path("results", results.results, name="results"),
    path("ask/<str:atena_no>", views.ask, name="ask"),
    path("<int:inquiry_id>", views.inquiry, name="inquiry"),
    path("<int:inquiry_id>/state", views.state, name="state"),
    path("<int:inquiry_id>/approve", views.approve, name="approve"),
    path("<int:inquiry_id>/cancel", views.cancel, name="cancel"),
    path("<int:inquiry_id>/take-over", views.take_over, name="take-over"),
]
offer(order=35, label="情報照会", url_name="inquiries:list", action=Action.VIEW_INQUIRY)
