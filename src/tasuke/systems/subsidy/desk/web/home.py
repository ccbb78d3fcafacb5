"""Today's work."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.desk.announcements import announcements_today
from tasuke.systems.subsidy.desk.home import todays_work
from tasuke.systems.subsidy.desk.tasks import Task
from tasuke.systems.subsidy.desk.web.search import SearchForm

USING = "subsidy"


@screen(Action.VIEW_HOME)
def today(request: OfficeRequest) -> HttpResponse:
    """What colleagues are told, what waits, by role, and the search box."""
    tasks = todays_work(using=USING, actor=request.actor, scope=request.scope, now=request.at)
    shown = [(task, _address(task)) for task in tasks]
    told = announcements_today(using=USING, actor=request.actor, scope=request.scope, on=request.today)
    context = {
        "announcements": told,
        "waiting": [pair for pair in shown if pair[0].count],
        "done": [task for task, _ in shown if not task.count],
        "form": SearchForm() if request.actor.may(Action.SEARCH_PERSON) else None,
    }
    return render(request, "desk/home.html", context)


def _address(task: Task) -> str:
    """Where the work is done; "" while that room is not part of the installation."""
    try:
        url = reverse(task.url_name)
    except NoReverseMatch:
        return ""
    return f"{url}?{task.query}" if task.query else url
