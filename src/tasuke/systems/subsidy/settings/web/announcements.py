"""お知らせ to colleagues: all of them with their history, to read; posted, changed and withdrawn."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.access.roles import roles
from tasuke.platform.audit import EventKind
from tasuke.systems.subsidy.desk.announcements import (
    AnnouncementChanged,
    announcement_versions,
    announcements_listed,
    may_write,
)
from tasuke.systems.subsidy.desk.models import AnnouncementVersion
from tasuke.systems.subsidy.desk.services.change_announcement import change_announcement
from tasuke.systems.subsidy.desk.services.post_announcement import post_announcement
from tasuke.systems.subsidy.desk.services.withdraw_announcement import withdraw_announcement
from tasuke.systems.subsidy.settings.web.announcement_forms import AnnouncementForm, WithdrawalForm

USING = "subsidy"


@require_GET
@screen(Action.VIEW_SETTINGS)
def listed(request: OfficeRequest) -> HttpResponse:
    """All of them, the newest first."""
    lines = [(version, _standing(version, request)) for version in announcements_listed(using=USING)]
    return render(request, "settings/announcements.html", {"lines": lines, "role_names": _role_names()})


@require_GET
@screen(Action.VIEW_SETTINGS)
def one(request: OfficeRequest, announcement_id: int) -> HttpResponse:
    """What one says, and all that it said before."""
    versions = _versions(announcement_id)
    context = {"versions": versions, "now": versions[0], "standing": _standing(versions[0], request)}
    return render(request, "settings/announcement.html", context | {"role_names": _role_names()})


@require_http_methods(["GET", "POST"])
@screen(Action.MANAGE_ANNOUNCEMENTS)
def post(request: OfficeRequest) -> HttpResponse:
    """A new one."""
    form = AnnouncementForm(
        request.POST or None, today=request.today, scope=request.scope, initial={"first": request.today}
    )
    if request.method == "POST" and form.is_valid():
        made = post_announcement(using=USING, draft=form.draft(), actor=request.actor, now=request.at)
        _record(request, made)
        messages.success(request, "お知らせを登録しました。")
        return _to(made)
    return render(request, "settings/announce.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@screen(Action.MANAGE_ANNOUNCEMENTS)
def change(request: OfficeRequest, announcement_id: int) -> HttpResponse:
    """Something else from now on. Somebody who changed it first is named, and what was typed stays."""
    now = _writable(request, announcement_id)
    form = AnnouncementForm(request.POST or None, today=request.today, scope=request.scope, initial=_typed(now))
    theirs: AnnouncementVersion | None = None
    if request.method == "POST" and form.is_valid():
        try:
            made = change_announcement(
                using=USING,
                announcement_id=announcement_id,
                seen=form.cleaned_data["version"] or 0,
                draft=form.draft(),
                actor=request.actor,
                now=request.at,
            )
        except AnnouncementChanged as change:
            theirs = change.theirs
        else:
            _record(request, made, before=now)
            messages.success(request, "お知らせを変更しました。前の内容も残ります。")
            return _to(made)
    status = 409 if theirs else 422 if form.errors else 200
    return render(request, "settings/announce.html", {"form": form, "now": now, "theirs": theirs}, status=status)


@require_http_methods(["GET", "POST"])
@screen(Action.MANAGE_ANNOUNCEMENTS)
def withdraw(request: OfficeRequest, announcement_id: int) -> HttpResponse:
    """Off the page of today, with a reason. Somebody who changed or withdrew it first is named."""
    now = _writable(request, announcement_id)
    form = WithdrawalForm(request.POST or None, initial={"version": now.version})
    theirs: AnnouncementVersion | None = None
    if request.method == "POST" and form.is_valid():
        try:
            made = withdraw_announcement(
                using=USING,
                announcement_id=announcement_id,
                seen=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=request.at,
            )
        except AnnouncementChanged as change:
            theirs = change.theirs
        else:
            _record(request, made, before=now)
            messages.success(request, "お知らせを取り下げました。")
            return _to(made)
    context = {"form": form, "now": now, "theirs": theirs, "withdrawing": True}
    return render(request, "settings/announce.html", context, status=409 if theirs else 422 if form.errors else 200)


def _versions(announcement_id: int) -> list[AnnouncementVersion]:
    found = announcement_versions(using=USING, announcement_id=announcement_id) if announcement_id < 2**63 else []
    if not found:
        raise Http404
    return found


def _writable(request: OfficeRequest, announcement_id: int) -> AnnouncementVersion:
    """What it says now, if it is within the limits of who writes."""
    now = _versions(announcement_id)[0]
    if not may_write(scope=request.scope, wards=now.wards):
        raise Http404
    return now


def _typed(now: AnnouncementVersion) -> dict[str, Any]:
    last = now.during.upper - timedelta(days=1)
    same = {name: getattr(now, name) for name in ("version", "title", "text", "urgent", "roles", "wards")}
    return same | {"first": now.during.lower, "last": last}


def _standing(version: AnnouncementVersion, request: OfficeRequest) -> tuple[str, str]:
    """Word and tone of the sign."""
    if version.withdrawn_reason:
        return "取下げ", "plain"
    if request.today < version.during.lower:
        return "掲載前", "info"
    return ("掲載中", "good") if request.today < version.during.upper else ("終了", "plain")


def _role_names() -> dict[str, str]:
    return {role.id: role.label for role in roles().values()}


def _record(request: OfficeRequest, made: AnnouncementVersion, *, before: AnnouncementVersion | None = None) -> None:
    """That it was set, for whom and when; the words stand in the versions."""
    what = f"announcement {made.announcement_id}"
    earlier = _facts(before) if before else None
    request.audit.event(EventKind.SETTING_CHANGED, what, before=earlier, after=_facts(made))


def _facts(version: AnnouncementVersion) -> dict[str, Any]:
    last = version.during.upper - timedelta(days=1)
    names = _role_names()
    return {
        "version": version.version,
        "announced": f"{version.during.lower} - {last}",
        "urgent": version.urgent,
        "roles": "・".join(names.get(role, role) for role in version.roles) or "すべて",
        "wards": "・".join(version.wards) or "すべて",
        "withdrawn": bool(version.withdrawn_reason),
    }


def _to(made: AnnouncementVersion) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("settings:announcement", args=[made.announcement_id]))
