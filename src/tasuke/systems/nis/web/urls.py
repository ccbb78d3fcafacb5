"""Addresses of the screens of the national side's stand-in."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, rejections_page
from tasuke.platform.ui.navigation import offer
from tasuke.systems.nis.web import views

app_name = "nis"
_PLACE = Place("nis", app_name, base="nis/base.html")
urlpatterns = [
    path("", views.overview_page, name="overview"),
    path("switch/", views.switch, name="switch"),
    path("bodies/", views.bodies_page, name="bodies"),
    path("permissions/", views.permissions_page, name="permissions"),
    path("records/", views.records_page, name="records"),
    path("refusals/", views.refusals_page, name="refusals"),
    path("rejections/", rejections_page(_PLACE, action=Action.VIEW_NATIONAL), name="rejections"),
]
offer(order=200, label="国の代役", url_name="nis:overview", action=Action.VIEW_NATIONAL)
