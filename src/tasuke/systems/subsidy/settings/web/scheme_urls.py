"""Addresses of the rules of the schemes."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.settings.web import schemes

app_name = "schemes"
urlpatterns = [
    path("", schemes.index, name="list"),
    path("<slug:scheme_id>/", schemes.one_scheme, name="scheme"),
    path("<slug:scheme_id>/<slug:kind>/<slug:block>/", schemes.rules, name="rules"),
]
offer(order=96, label="制度", url_name="schemes:list", action=Action.VIEW_SCHEMES)
