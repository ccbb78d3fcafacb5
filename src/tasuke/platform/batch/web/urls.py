"""Addresses of the screens of runs."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.batch.web import planning, views
from tasuke.platform.ui.navigation import offer

app_name = "runs"
urlpatterns = [
    path("", views.run_list, name="list"),
    path("new/", planning.choose_job, name="choose"),
    path("new/<slug:job>/", planning.plan_job, name="plan"),
    path("import/", planning.import_file, name="import"),
    path("<int:run_id>/", views.one_run, name="run"),
    path("<int:run_id>/progress/", views.progress, name="progress"),
    path("<int:run_id>/approve/", views.approve, name="approve"),
    path("<int:run_id>/start/", views.start, name="start"),
    path("<int:run_id>/cancel/", views.cancel, name="cancel"),
    path("<int:run_id>/papers/<int:file_id>/", views.paper, name="paper"),
    path("<int:run_id>/problems.csv", views.problems_file, name="problems-file"),
]
offer(order=80, label="処理", url_name="runs:list", action=Action.LIST_RUNS, key="8")
