"""Addresses of the screens of the resident distribution."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, letters_page, rejections_page, send_again
from tasuke.platform.ui.navigation import offer
from tasuke.systems.resident.web import views

app_name = "resident"
_PLACE = Place("resident", app_name, base="resident/base.html")
urlpatterns = [
    path("", views.overview, name="overview"),
    path("usages/", views.usages_page, name="usages"),
    path("usages/new/", views.new_usage, name="new-usage"),
    path("usages/<int:application_id>/", views.usage_page, name="usage"),
    path("usages/<int:application_id>/decide/", views.decide, name="decide"),
    path("usages/<int:application_id>/end/", views.end, name="end"),
    path("records/", views.records_page, name="records"),
    path("households/", views.households_page, name="households"),
    path("intake/", views.intake_page, name="intake"),
    path("refusals/", views.refusals_page, name="refusals"),
    path(
        "letters/",
        letters_page(_PLACE, action=Action.VIEW_DISTRIBUTION, send=Action.REQUEST_USAGE),
        name="letters",
    ),
    path("letters/<int:outgoing_id>/again/", send_again(_PLACE, action=Action.REQUEST_USAGE), name="again"),
    path("rejections/", rejections_page(_PLACE, action=Action.VIEW_DISTRIBUTION), name="rejections"),
]
offer(order=150, label="住民情報の配信", url_name="resident:overview", action=Action.VIEW_DISTRIBUTION)
