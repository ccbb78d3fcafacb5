"""Addresses of the screens of statistics."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.statistics.web import choices, extracts, views

app_name = "statistics"
urlpatterns = [
    path("", views.month_overview, name="overview"),
    path("charts/<int:file_id>/", views.chart, name="chart"),
    path("files/<int:file_id>/", views.download, name="file"),
    path("extracts/", extracts.extracts, name="extracts"),
    path("extracts/new/<slug:dataset>/", extracts.new_extract, name="extract-new"),
    path("extracts/choices/save/<slug:dataset>/", choices.save, name="choice-save"),
    path("extracts/choices/<int:choice_id>/", choices.rename, name="choice"),
    path("extracts/choices/<int:choice_id>/delete/", choices.delete, name="choice-delete"),
    path("extracts/<int:extract_id>/", extracts.one_extract, name="extract"),
    path("extracts/<int:extract_id>/decide/", extracts.decide, name="extract-decide"),
    path("extracts/<int:extract_id>/<slug:form>/", extracts.take, name="extract-file"),
]
offer(order=90, label="統計", url_name="statistics:overview", action=Action.VIEW_STATISTICS, key="9")
