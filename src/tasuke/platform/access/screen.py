"""The one door of every screen: signed in, allowed by a grant, limited, purposeful, and on record."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, cast

from django.conf import settings
from django.db import connections, transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from tasuke.platform.access.actions import Action, Kind
from tasuke.platform.access.purposes import Purpose
from tasuke.platform.access.request import Actor, OfficeRequest
from tasuke.platform.access.roles import roles
from tasuke.platform.access.scope import Scope
from tasuke.platform.accounts.leading import lead_to, way_back

if TYPE_CHECKING:
    from tasuke.platform.accounts.models import User

P = ParamSpec("P")
PurposeRule = Literal["none", "required", "by_form"]
OfficeView = Callable[Concatenate[OfficeRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

PURPOSE_KEY = "purpose"  # in the session: chosen once, until the work changes


class NotOnRecord(RuntimeError):
    """A screen showed residents' data and recorded nobody: a fault of the program, and nobody gets to see the page."""


def screen(
    action: Action, *, purpose: PurposeRule = "none", using: str = "subsidy", poll: bool = False
) -> Callable[[OfficeView[P]], View[P]]:
    """Make a view a screen of the office.

    action: what it does, exactly one. purpose: "required" asks what for before anything is shown; "by_form": the
    view's own form asks. using: the database whose transaction carries the audit rows (that of the data shown).
    poll: a page that asks by itself (progress of a run) must not keep an empty chair signed in.
    The view gets `at`, `today`, `actor`, `scope`, `purpose`, `terminal` and `audit` on its request.
    """

    def guard(view: OfficeView[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _redirect_back_from(settings.LOGIN_URL, request)
            with _one_transaction(using):
                return opened(request, *args, **kwargs)

        def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            office = _admit(cast(OfficeRequest, request), action, view, using)
            if action.kind is not Kind.SELF and action not in office.actor.actions:
                return _refuse(office, using)
            if action.kind is not Kind.SELF and cast("User", request.user).must_change_pin:
                return HttpResponseRedirect(reverse("accounts:pin"))
            if purpose == "required" and office.purpose is None:
                return _redirect_back_from(reverse("accounts:purpose"), request)
            try:
                response = view(office, *args, **kwargs)
            except Http404:
                return _not_found(office, using)
            _check_on_record(office, response)
            office.audit.flush(using)
            return response

        guarded.action = action  # type: ignore[attr-defined]
        guarded.purpose = purpose  # type: ignore[attr-defined]
        guarded.poll = poll  # type: ignore[attr-defined]
        return guarded

    return guard


def _one_transaction(using: str) -> AbstractContextManager[object]:
    """The request's transaction on this database: Django has opened it, or it is opened here."""
    return nullcontext() if connections[using].in_atomic_block else transaction.atomic(using=using)


def public(reason: str) -> Callable[[Callable[P, HttpResponseBase]], Callable[P, HttpResponseBase]]:
    """Mark a view that needs no sign-in, and say why. A test walks all URLs and accepts nothing unmarked."""

    def mark(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
        view.public = reason  # type: ignore[attr-defined]
        return view

    return mark


def _admit(request: OfficeRequest, action: Action, view: Callable[..., object], using: str) -> OfficeRequest:
    """Put the person, the limits and the recorder on the request."""
    from tasuke.platform.access.queries import grants_in_force
    from tasuke.platform.accounts.models import User
    from tasuke.platform.audit import Recorder

    user = cast(User, request.user)
    grants = grants_in_force(personal_id=user.personal_id, on=request.today)
    known = roles()
    held = [grant for grant in grants if grant.role in known]
    request.actor = Actor(
        personal_id=user.personal_id,
        name=user.name,
        office=user.office,
        roles=frozenset(grant.role for grant in held),
        actions=frozenset(a for grant in held for a in known[grant.role].actions),
    )
    request.scope = Scope.of(grant.limits for grant in held if action in known[grant.role].actions)
    request.action = action
    chosen = request.session.get(PURPOSE_KEY)
    request.purpose = Purpose(chosen) if chosen in set(Purpose) else None
    request.terminal = request.session.get("terminal", "").partition(":")[0]
    request.audit = Recorder.of_request(request, screen=f"{view.__module__}.{getattr(view, '__name__', '')}")
    return request


def _redirect_back_from(page: str, request: HttpRequest) -> HttpResponseBase:
    """Send to a page that leads back afterwards; a form that was being sent is typed again."""
    return lead_to(request, f"{page}?{urlencode({'next': way_back(request)})}")


def _refuse(request: OfficeRequest, using: str) -> HttpResponseBase:
    """403 with what would be needed; the attempt is on record."""
    from tasuke.platform.access.roles import role_label, roles_with
    from tasuke.platform.audit import EventKind

    request.audit.event(EventKind.REFUSED, request.action.label)
    request.audit.flush(using)
    needed = sorted(role_label(role) for role in roles_with(request.action))
    return render(request, "access/refused.html", {"action": request.action, "needed": needed}, status=403)


def _not_found(request: OfficeRequest, using: str) -> HttpResponseBase:
    """404, also for what lies outside one's limits; the attempt is on record, which a raised Http404 would undo."""
    from tasuke.platform.audit import EventKind

    request.audit.event(EventKind.NOT_FOUND, request.path_info)
    request.audit.flush(using)
    return render(request, "access/not_found.html", status=404)


def _check_on_record(request: OfficeRequest, response: HttpResponseBase) -> None:
    shown = request.method == "GET" and response.status_code == 200
    if shown and request.action.kind is Kind.PERSON and not request.audit.recorded:
        raise NotOnRecord(f"{request.action}: {request.path_info} was shown without an audit event")
