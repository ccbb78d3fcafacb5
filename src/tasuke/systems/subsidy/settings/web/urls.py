"""Addresses of the settings."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.settings.web import announcements, views

app_name = "settings"
urlpatterns = [
    path("", views.offices, name="offices"),
    path("roles/", views.role_table, name="roles"),
    path("papers/", views.papers, name="papers"),
    path("papers/seals/<int:place>.svg", views.seal, name="seal"),
    path("bank-days/", views.bank_days, name="bank-days"),
    path("values/", views.values, name="values"),
    path("announcements/", announcements.listed, name="announcements"),
    path("announcements/new/", announcements.post, name="post-announcement"),
    path("announcements/<int:announcement_id>/", announcements.one, name="announcement"),
    path("announcements/<int:announcement_id>/change/", announcements.change, name="change-announcement"),
    path("announcements/<int:announcement_id>/withdraw/", announcements.withdraw, name="withdraw-announcement"),
]
offer(order=97, label="設定", url_name="settings:offices", action=Action.VIEW_SETTINGS)
