"""個別の更新: one person whom the 一斉更新 left out, judged with the explanation beside it, then renewed as shown."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.schemes.confirmation import UnconfirmedRules
from tasuke.schemes.definition import NoVersionInForce
from tasuke.systems.subsidy.desk.household import Household, NotInScope, schemes_in, show_household
from tasuke.systems.subsidy.entitlements.models import Decision, DecisionKind
from tasuke.systems.subsidy.entitlements.services.renew_one import NothingToRenew, Renewal, renew_one
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"
_DONE = {"eligible": "更新しました。", "pending": "所得が分からないため、保留にしました。"}


@require_safe
@screen(Action.ASSESS_APPLICATION, purpose="required")
def assess(request: OfficeRequest, atena_no: str, scheme: str) -> HttpResponse:
    """What the renewal would decide; nothing is written."""
    household = household_of(request, atena_no, scheme)
    request.audit.read([atena_no], "renewal")
    try:
        trial = _renewed(request, atena_no, scheme, trial=True)
    except (NothingToRenew, NoVersionInForce, UnconfirmedRules) as error:
        messages.error(request, f"更新できません。{error}。")
        if last_single_renewal(atena_no, scheme) is not None:  # back to its papers
            return HttpResponseRedirect(reverse("persons:renewed", args=[atena_no, scheme]))
        return HttpResponseRedirect(reverse("persons:household", args=[atena_no]))
    return render(request, "desk/renewal.html", {"h": household, "scheme": scheme, "trial": trial})


@require_POST
@screen(Action.DECIDE_APPLICATION, purpose="required")
def renew(request: OfficeRequest, atena_no: str, scheme: str) -> HttpResponse:
    """更新: what was shown. When the register has changed since, that is told and nothing is written."""
    household_of(request, atena_no, scheme)
    try:
        if _renewed(request, atena_no, scheme, trial=True).outcome != request.POST.get("outcome"):
            messages.error(request, "画面を開いた後に、台帳の内容が変わりました。もう一度確かめてください。")
            return HttpResponseRedirect(reverse("persons:renewal", args=[atena_no, scheme]))
        done = _renewed(request, atena_no, scheme, trial=False)
    except (NothingToRenew, NoVersionInForce, UnconfirmedRules) as error:
        messages.error(request, f"更新できません。{error}。")
    else:
        after = {"scheme": scheme, "outcome": done.outcome, "reasons": list(done.reasons)}
        request.audit.changed([atena_no], "renewal", after=after)
        became = _DONE.get(done.outcome, "非該当として、更新の日で資格を終えました。")
        messages.success(request, became)
        return HttpResponseRedirect(reverse("persons:renewed", args=[atena_no, scheme]))
    return HttpResponseRedirect(reverse("persons:household", args=[atena_no]))


def _renewed(request: OfficeRequest, atena_no: str, scheme: str, *, trial: bool) -> Renewal:
    return renew_one(using=USING, scheme=scheme, atena_no=atena_no, on=request.today, now=request.at, trial=trial)


def last_single_renewal(atena_no: str, scheme: str) -> Decision | None:
    """The last renewal of the person in the scheme, unless a run made it."""
    renewals = Decision.objects.using(USING).filter(atena_no=atena_no, scheme=scheme, kind=DecisionKind.RENEWAL)
    last = renewals.order_by("-pk").first()
    return last if last is not None and last.run_id is None else None


def household_of(request: OfficeRequest, atena_no: str, scheme: str) -> Household:
    """The person within the limits of ward and scheme; 404 otherwise."""
    try:
        found = show_household(using=USING, atena_no=atena_no, on=request.today, scope=request.scope, whole=False)
    except NotInScope as error:
        raise Http404 from error
    allowed = schemes_in(request.scope, found.person["ward_code"])
    if scheme not in active_profile().schemes or (allowed is not None and scheme not in allowed):
        raise Http404
    return found
