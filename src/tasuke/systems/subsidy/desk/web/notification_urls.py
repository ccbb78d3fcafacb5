"""Addresses of 届出."""

from django.urls import path

from tasuke.systems.subsidy.desk.web import checking, notifications

app_name = "notifications"
urlpatterns = [
    path("new/<str:atena_no>/<slug:kind>/", notifications.receive, name="receive"),
    path("<int:notification_id>/", notifications.notification, name="notification"),
    path("<int:notification_id>/check/", checking.check, name="check"),
    path("<int:notification_id>/certificate/", notifications.certificate, name="certificate"),
    path("<int:notification_id>/notice/", notifications.notice, name="notice"),
]
