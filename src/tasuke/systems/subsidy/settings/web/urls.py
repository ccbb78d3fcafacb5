"""Addresses of the settings."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.settings.web import schemes, views

app_name = "settings"
urlpatterns = [
    path("", views.offices, name="offices"),
    path("roles/", views.role_table, name="roles"),
    path("papers/", views.papers, name="papers"),
    path("papers/seals/<int:place>.svg", views.seal, name="seal"),
    path("bank-days/", views.bank_days, name="bank-days"),
    path("values/", views.values, name="values"),
    path("schemes/", schemes.index, name="schemes"),
    path("schemes/<slug:scheme_id>/", schemes.one_scheme, name="scheme"),
    path("schemes/<slug:scheme_id>/<slug:kind>/<slug:block>/", schemes.rules, name="rules"),
]
offer(order=97, label="設定", url_name="settings:offices", action=Action.VIEW_SETTINGS)
offer(order=96, label="制度", url_name="settings:schemes", action=Action.VIEW_SCHEMES)
