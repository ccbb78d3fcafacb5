"""The rules of a scheme, to read: versions, and every value with its source."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.settings.rules import UnknownRules, blocks_of, scheme_list, values_of


@require_GET
@screen(Action.VIEW_SCHEMES)
def index(request: OfficeRequest) -> HttpResponse:
    """The schemes of the municipality."""
    return render(
        request, "settings/schemes.html", {"entries": scheme_list(profile=active_profile(), on=request.today)}
    )


@require_GET
@screen(Action.VIEW_SCHEMES)
def one_scheme(request: OfficeRequest, scheme_id: str) -> HttpResponse:
    """Versions of one scheme, and its sources."""
    try:
        scheme, versions, rules = blocks_of(profile=active_profile(), scheme_id=scheme_id, on=request.today)
    except UnknownRules as error:
        raise Http404 from error
    kinds = (("資格の版", versions), ("一部負担金の規則", rules))
    return render(request, "settings/scheme.html", {"scheme": scheme, "kinds": kinds})


@require_GET
@screen(Action.VIEW_SCHEMES)
def rules(request: OfficeRequest, scheme_id: str, kind: str, block: str) -> HttpResponse:
    """Every value of one version or period."""
    profile = active_profile()
    try:
        scheme, versions, periods = blocks_of(profile=profile, scheme_id=scheme_id, on=request.today)
        values = values_of(profile=profile, scheme_id=scheme_id, kind=kind, block=block, on=request.today)
    except UnknownRules as error:
        raise Http404 from error
    chosen = next(b for b in (*versions, *periods) if (b.kind, b.id) == (kind, block))
    only_open = request.GET.get("show") == "open"
    shown = [v for v in values if v.unconfirmed] if only_open else values
    context = {"scheme": scheme, "chosen": chosen, "values": shown, "only_open": only_open, "all": len(values)}
    return render(request, "settings/rules.html", context | {"doubtful": sum(v.unconfirmed for v in values)})
