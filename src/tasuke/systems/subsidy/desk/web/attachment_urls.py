"""Addresses of attachments."""

from django.urls import path

from tasuke.systems.subsidy.desk.web import attachments

app_name = "attachments"
urlpatterns = [
    path("<int:attachment_id>/", attachments.view, name="view"),
    path("<int:attachment_id>/withdraw/", attachments.withdraw, name="withdraw"),
    path("<slug:bearer>/<int:bearer_id>/", attachments.add, name="add"),
]
