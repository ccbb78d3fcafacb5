"""Addresses of the small answers while somebody types."""

from django.urls import path

from tasuke.systems.subsidy.desk.web import checks

app_name = "checks"
urlpatterns = [
    path("day/", checks.day, name="day"),
    path("insurer/", checks.insurer, name="insurer"),
    path("bank/", checks.bank, name="bank"),
    path("person/", checks.person, name="person"),
    path("recipient/", checks.recipient, name="recipient"),
]
