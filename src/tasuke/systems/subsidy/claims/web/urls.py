"""Addresses of the screens of claims. A claim is named by its file and line."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.claims.web import views

app_name = "claims"
urlpatterns = [
    path("", views.files, name="files"),
    path("queries/", views.queries, name="queries"),
    path("decide/", views.decide_many, name="decide-many"),
    path("<int:file_id>/totals/", views.decide_totals, name="decide-file"),
    path("<int:file_id>/<int:line>/", views.one_claim, name="claim"),
    path("<int:file_id>/<int:line>/decide/", views.decide_one, name="decide"),
    path("<int:file_id>/<int:line>/return/", views.return_one, name="return"),
]
offer(order=50, label="レセプト", url_name="claims:files", action=Action.LIST_CLAIMS, key="5")
