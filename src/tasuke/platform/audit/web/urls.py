"""Addresses of the auditor's screens."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.audit.web import views
from tasuke.platform.ui.navigation import offer

app_name = "audit"
urlpatterns = [
    path("", views.index, name="index"),
    path("resident/", views.resident, name="resident"),
    path("actor/", views.actor, name="actor"),
    path("actor/<str:system>/<int:event_id>/", views.act, name="act"),
    path("nights/", views.nights, name="nights"),
    path("mass/", views.mass, name="mass"),
    path("failed/", views.failed, name="failed"),
    path("export/", views.export, name="export"),
]
offer(order=90, label="証跡", url_name="audit:index", action=Action.SEARCH_AUDIT, key="9")
