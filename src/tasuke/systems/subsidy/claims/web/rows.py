"""Rows of the list of claims, written without a template for each cell: the same words, sooner.

Fifty rows by the template took half of the page's time. Every value that stands in a cell goes through `escape`.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from tasuke.platform.ui.templatetags.office import NOTHING, scheme, wareki_month, yen
from tasuke.systems.subsidy.claims.screens import CARES, ClaimLine, Finding

_SHIELD = ' <span class="badge badge-bad">支援措置</span>'
_TICK = '<td><input type="checkbox" name="claim" value="{pk}" aria-label="{name} を選ぶ"{checked}></td>\n'
_ROW = """<tr>
{tick}<th scope="row" class="nowrap"><a href="{href}">{name}</a><br>{state}</th>
<td>{person}<br><span class="muted">{number} {scheme}</span></td>
<td>{institution}<br><span class="muted">{care}・{where} {month}診療</span></td>
<td class="number">{cost}</td><td class="number">{burden}</td><td class="number">{subsidy}</td>
<td>{findings}{entry}</td>
</tr>
"""


def claim_rows(lines: Sequence[ClaimLine], *, deciding: bool, ticked: bool, staff: Callable[[str], str]) -> SafeString:
    """All rows of the table. deciding: with a box to tick in front, ticked: already so; staff: id → name in words."""
    root = reverse("claims:claim", args=[0, 0]).removesuffix("0/0/")
    return mark_safe("".join(_row(line, root, deciding, ticked, staff) for line in lines))  # noqa: S308 see above


def _row(line: ClaimLine, root: str, deciding: bool, ticked: bool, staff: Callable[[str], str]) -> str:
    claim, person = line.claim, line.person
    name = line.name  # digits and a hyphen
    shield = _SHIELD if person is not None and person.protected else ""
    entry = line.entry
    told = f'<p class="muted">{escape(staff(entry.decided_by))}: {escape(entry.note)}</p>' if entry else ""
    return _ROW.format(
        tick=_TICK.format(pk=claim.pk, name=name, checked=" checked" if ticked else "") if deciding else "",
        href=f"{root}{claim.file_id}/{claim.line}/",
        name=name,
        state=_badge(line.state, line.tone),
        person=escape((person.name if person else "") or claim.name or NOTHING) + shield,
        number=escape(claim.recipient_no or NOTHING),
        scheme=_scheme(claim.scheme),
        institution=escape(claim.institution_name or claim.institution_code),
        care=escape(CARES.get(claim.care, claim.care)),
        where="入院" if claim.inpatient else "外来",
        month=wareki_month(claim.service_month),
        cost=yen(claim.cost),
        burden=yen(claim.billed_burden),
        subsidy=yen(claim.expected_subsidy),
        findings="".join(map(_finding, line.findings)),
        entry=told,
    )


def _finding(found: Finding) -> str:
    values = f"<br>{escape(found.billed or NOTHING)} / {escape(found.ours or NOTHING)}"
    both = values if found.billed or found.ours else ""
    return f'<p>{_badge(found.label, found.tone)}{both} <span class="muted small">{escape(found.rule)}</span></p>'


@lru_cache(maxsize=256)
def _badge(label: str, tone: str) -> str:
    return f'<span class="badge badge-{escape(tone)}">{escape(label)}</span>'


def _scheme(scheme_id: str) -> str:
    return escape(scheme(scheme_id))
