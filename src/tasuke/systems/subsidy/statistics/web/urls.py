"""Addresses of the screens of statistics."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.statistics.web import views

app_name = "statistics"
urlpatterns = [
    path("", views.month_overview, name="overview"),
    path("charts/<int:file_id>/", views.chart, name="chart"),
    path("files/<int:file_id>/", views.download, name="file"),
]
offer(order=90, label="統計", url_name="statistics:overview", action=Action.VIEW_STATISTICS, key="9")
