"""Addresses of the screens of 市中間サーバ."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, rejections_page
from tasuke.platform.ui.navigation import offer
from tasuke.systems.gateway.web import files, views

app_name = "gateway"
_PLACE = Place("gateway", app_name, tabs="gateway/tabs.html")
urlpatterns = [
    path("", views.overview, name="overview"),
    path("inquiries/", views.inquiry_list, name="inquiries"),
    path("inquiries/<int:inquiry_id>/retry/", views.retry, name="retry"),
    path("errors/", views.errors, name="errors"),
    path("flags/", views.flags, name="flags"),
    path("masters/", views.masters, name="masters"),
    path("masters/bodies/", views.bodies, name="bodies"),
    path("tables/", views.conversion_tables, name="tables"),
    path("files/", files.results, name="results-file"),
    path("rejections/", rejections_page(_PLACE, action=Action.VIEW_GATEWAY), name="rejections"),
]
offer(order=220, label="市中間サーバ", url_name="gateway:overview", action=Action.VIEW_GATEWAY)
