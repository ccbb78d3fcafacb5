"""What the screens of claims show: files of a month, lists of queries by key, one claim with everything about it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connections
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from tasuke.core.calendar import to_wareki
from tasuke.platform.exchange.models import InboundState
from tasuke.platform.ui.site import site
from tasuke.systems.subsidy.claims.models import (
    LINES_PER_FILE,
    Claim,
    ClaimEntry,
    ClaimFinding,
    ClaimKohi,
    EntryKind,
)
from tasuke.systems.subsidy.claims.reasons import INFO, ClaimReason, ClaimState
from tasuke.systems.subsidy.entitlements.models import Entitlement
from tasuke.systems.subsidy.registry.names import PersonName, person_names

CARES = {"medical": "医科", "dental": "歯科", "pharmacy": "調剤", "nursing": "訪問看護"}
_RULE_PIECE = re.compile(r"grade4-\d|junior-high|levy(?:-zero(?:-fact)?)?|[^-]+")
# the pieces of which a copayment rule's key is made (`inpatient-taxed`)
_RULE_WORDS = {
    **CARES,
    "all": "すべての診療",
    "acupuncture": "はり・きゅう",
    "device": "治療用装具",
    "inpatient": "入院",
    "judo": "柔道整復",
    "massage": "あん摩・マッサージ",
    "outpatient": "通院",
    "taxed": "課税世帯",
    "therapy": "施術",
    "untaxed": "非課税世帯",
    "visit": "通院",
    "grade4-6": "小学4～6年",
    "grade4-9": "小学4年～中学3年",
    "junior-high": "中学生",
    "levy": "所得割のある世帯",
    "levy-zero": "所得割のない世帯",
    "levy-zero-fact": "所得割のない世帯(事実による)",
    "younger": "低年齢",
}
AGENCIES = {"1": "支払基金", "2": "国保連合会"}
# what a list may show: key → words
STATES = {"open": "疑義(判断待ち)", "decided": "疑義(判断済み)", "return": "過誤", "accepted": "決定"}
_COPAYMENT_RULE = re.compile(r"copayment\.(?P<version>\d{4}-\d\d-\d\d)\.rule\.(?P<care>[\w-]+)")
_OTHER_CLAIM = re.compile(r"レセプト(\d{10,18})")
_REASONS = {reason.value: reason for reason in ClaimReason}
# what a row of a list shows: of the sixty columns of a claim the others are not read
_LISTED = (
    "file_id", "line", "state", "atena_no", "name", "recipient_no", "scheme", "institution_code", "institution_name",
    "care", "inpatient", "service_month", "cost", "billed_burden", "expected_subsidy",
)  # fmt: skip
_OTHERS = 12  # claims of the same person beside the one that is looked at

_FILES = """
SELECT f.id, f.name, f.received_at, f.rows, f.rejected, f.totals, f.run_id, m.billed_month, f.state, f.reason,
    f.decided_by, f.note
FROM exchange_inbound_file f
LEFT JOIN LATERAL (SELECT c.billed_month FROM subsidy_claim c
    WHERE c.id >= f.id * %(lines)s AND c.id < (f.id + 1) * %(lines)s ORDER BY c.id LIMIT 1) m ON TRUE
WHERE f.kind = 'claims' ORDER BY m.billed_month DESC NULLS FIRST, f.id DESC
"""

_MONTHS = """
SELECT DISTINCT m.billed_month FROM exchange_inbound_file f
CROSS JOIN LATERAL (SELECT c.billed_month FROM subsidy_claim c
    WHERE c.id >= f.id * %(lines)s AND c.id < (f.id + 1) * %(lines)s ORDER BY c.id LIMIT 1) m
WHERE f.kind = 'claims' ORDER BY m.billed_month
"""


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A file of claims. totals: as the import counted them; open_queries: within the limits of who looks."""

    id: int
    name: str
    received_at: Any
    rows: int
    rejected: int
    totals: Mapping[str, int]
    run_id: int | None
    billed_month: date | None
    open_queries: int
    state: InboundState
    reason: str
    decided_by: str
    note: str

    @property
    def tone(self) -> str:
        """Of the badge of a file that is not simply taken."""
        return {InboundState.ACCEPTED: "info", InboundState.HELD: "warn"}.get(self.state, "bad")


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason in words, with the values of both sides and the rule. grave: what it led to."""

    code: str
    label: str
    billed: str
    ours: str
    rule: str
    state: ClaimState

    @property
    def tone(self) -> str:
        """Of the badge."""
        return {ClaimState.RETURN: "bad", ClaimState.QUERY: "warn", ClaimState.ACCEPTED: "info"}[self.state]


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A claim as lists show it. state: today's, in words."""

    claim: Claim
    findings: Sequence[Finding]
    person: PersonName | None
    state: str
    tone: str
    entry: ClaimEntry | None = None

    @property
    def key(self) -> int:
        """What lists go on by."""
        return int(self.claim.pk)

    @property
    def name(self) -> str:
        """File and line, as people name the claim."""
        return f"{self.claim.file_id}-{self.claim.line}"


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """One claim: findings, other 公費, what was booked on it, the entitlement it was matched to, claims beside it."""

    line: ClaimLine
    kohi: Sequence[ClaimKohi]
    entries: Sequence[ClaimEntry]
    entitlement: Entitlement | None
    beside: Sequence[Claim]
    visit_days: str

    @property
    def open(self) -> bool:
        """Whether somebody has to decide it."""
        return bool(self.line.claim.state == "query" and not self.entries)

    @property
    def payable(self) -> bool:
        """Whether it can be paid at all."""
        return bool(self.line.claim.atena_no and self.line.claim.scheme and self.line.claim.entitlement_id)

    @property
    def returnable(self) -> bool:
        """Whether it stands as paid."""
        last = self.entries[-1].kind if self.entries else ""
        return bool(last == EntryKind.ACCEPT or (not self.entries and self.line.claim.state == "accepted"))


def claim_files(*, using: str, within: Q) -> list[ClaimFile]:
    """All files of claims, newest month first."""
    waits = dict(_open(using).filter(within).order_by().values_list("file_id").annotate(n=Count("pk")))
    with connections[using].cursor() as cursor:
        cursor.execute(_FILES, {"lines": LINES_PER_FILE})
        rows = cursor.fetchall()
    return [
        ClaimFile(no, name, at, size, bad, _totals(totals), run, month, waits.get(no, 0), InboundState(state), *said)
        for no, name, at, size, bad, totals, run, month, state, *said in rows
    ]


def claim_months(*, using: str) -> list[date]:
    """請求月 of all files, oldest first: one look at the primary key for each file."""
    with connections[using].cursor() as cursor:
        cursor.execute(_MONTHS, {"lines": LINES_PER_FILE})
        return [row[0] for row in cursor.fetchall()]


def claims_list(
    *,
    using: str,
    within: Q,
    on: date,
    state: str = "open",
    month: date | None = None,
    file_id: int | None = None,
    reason: str = "",
    scheme: str = "",
    after: int = 0,
    limit: int,
) -> list[ClaimLine]:
    """Claims in one of the STATES with their reasons, behind the claim `after`. within: the limits of who looks."""
    found = _in_state(using, state).filter(within, pk__gt=after)
    narrowed: dict[str, Any] = {"billed_month": month, "scheme": scheme, "file_id": file_id}
    found = found.filter(**{name: value for name, value in narrowed.items() if value})
    if file_id:
        found = found.filter(pk__gte=file_id * LINES_PER_FILE, pk__lt=(file_id + 1) * LINES_PER_FILE)
    if reason:
        found = found.filter(reasons__contains=[reason])
    return _lines(using, list(found.order_by("pk").only(*_LISTED)[:limit]), on)


def chosen_claims(*, using: str, within: Q, on: date, claim_ids: Sequence[int]) -> list[ClaimLine]:
    """These claims, as far as they lie within the limits."""
    found = Claim.objects.using(using).filter(within, pk__in=claim_ids).order_by("pk")
    return _lines(using, list(found.only(*_LISTED)), on)


def claim_page(*, using: str, within: Q, on: date, claim_id: int) -> ClaimPage:
    """One claim. Raises Claim.DoesNotExist, also outside the limits."""
    claim = Claim.objects.using(using).filter(within).get(pk=claim_id)
    (line,) = _lines(using, [claim], on)
    entitlement = None
    if claim.entitlement_id is not None:
        entitlement = Entitlement.objects.using(using).filter(pk=claim.entitlement_id).first()
    beside: list[Claim] = []
    if claim.atena_no:
        same = Claim.objects.using(using).filter(within, atena_no=claim.atena_no, service_month=claim.service_month)
        beside = list(same.exclude(pk=claim.pk).order_by("pk")[:_OTHERS])
    return ClaimPage(
        line=line,
        kohi=list(ClaimKohi.objects.using(using).filter(claim_id=claim_id).order_by("order")),
        entries=list(ClaimEntry.objects.using(using).filter(claim_id=claim_id).order_by("pk")),
        entitlement=entitlement,
        beside=beside,
        visit_days="、".join(f"{d + 1}日" for d in range(31) if claim.visit_days >> d & 1),
    )


def claim_id_of(file_id: int, line: int) -> int:
    """The id of a claim from its file and line, as addresses and the audit trail name it."""
    return file_id * LINES_PER_FILE + line


def return_reasons() -> list[tuple[str, str]]:
    """Reasons with which an accepted claim may go back, in words."""
    return [(r.value, INFO[r].label) for r in ClaimReason if INFO[r].state is not ClaimState.ACCEPTED]


def _open(using: str) -> QuerySet[Claim]:
    decided = ClaimEntry.objects.using(using).filter(claim=OuterRef("pk"))
    return Claim.objects.using(using).filter(~Exists(decided), state=ClaimState.QUERY.value)


def _in_state(using: str, state: str) -> QuerySet[Claim]:
    """Claims that stand in a state today."""
    if state == "open":
        return _open(using)
    claims = Claim.objects.using(using)
    entries = ClaimEntry.objects.using(using).filter(claim=OuterRef("pk"))
    gone = entries.filter(kind__in=[EntryKind.REFUSE, EntryKind.RETURN])
    if state == "decided":
        return claims.filter(Exists(entries), state=ClaimState.QUERY.value)
    if state == "return":
        return claims.filter(Q(state=ClaimState.RETURN.value) | Exists(gone))
    paid = Q(state=ClaimState.ACCEPTED.value) | Exists(entries.filter(kind=EntryKind.ACCEPT))
    return claims.filter(paid, ~Exists(gone))


def _lines(using: str, claims: Sequence[Claim], on: date) -> list[ClaimLine]:
    ids = [c.pk for c in claims]
    found: dict[int, list[Finding]] = {}
    told_by = ClaimFinding.objects.using(using).filter(claim_id__in=ids)
    for claim_id, *said in told_by.values_list("claim_id", "reason", "billed", "ours", "rule") if ids else ():
        found.setdefault(claim_id, []).append(_finding(*said))
    entries: dict[int, ClaimEntry] = {}
    for entry in ClaimEntry.objects.using(using).filter(claim_id__in=ids).order_by("pk") if ids else ():
        entries[entry.claim_id] = entry
    people = person_names(using=using, atena_nos=[c.atena_no for c in claims], on=on)
    grave = list(ClaimState)[::-1]
    lines = []
    for claim in claims:
        state, tone = _state(claim, entries.get(claim.pk))
        told = sorted(found.get(claim.pk, []), key=lambda f: (grave.index(f.state), f.code))
        lines.append(ClaimLine(claim, told, people.get(claim.atena_no), state, tone, entries.get(claim.pk)))
    return lines


def _state(claim: Claim, entry: ClaimEntry | None) -> tuple[str, str]:
    if entry is not None:
        return ("決定(疑義を解消)", "good") if entry.kind == EntryKind.ACCEPT else ("過誤(返戻)", "bad")
    return {"accepted": ("決定", "good"), "query": ("疑義", "warn"), "return": ("過誤", "bad")}[claim.state]


def _finding(code: str, billed: str, ours: str, rule: str) -> Finding:
    reason = _REASONS.get(code)
    info = INFO[reason] if reason else None
    label = info.label if info else code  # a reason of an older version of the program
    state = info.state if info else ClaimState.QUERY
    return Finding(code, label, value_words(billed), value_words(ours), rule_words(rule), state)


def value_words(value: str) -> str:
    """A value for people: schemes by their titles, another claim by its file and line."""
    named = _OTHER_CLAIM.sub(lambda m: "レセプト{}-{}".format(*divmod(int(m[1]), LINES_PER_FILE)), value)
    for key, title in site().schemes.items():
        named = named.replace(key, title)
    return named


def rule_words(rule: str) -> str:
    """A rule for people: the key of a copayment rule names the version and the kind of care, others are words."""
    found = _COPAYMENT_RULE.fullmatch(rule)
    if found is None:
        return rule
    named = "・".join(_RULE_WORDS.get(word, word) for word in _RULE_PIECE.findall(found["care"]))
    return f"一部負担金の規則({to_wareki(date.fromisoformat(found['version']))}から {named})"


def _totals(raw: Any) -> Mapping[str, int]:
    return json.loads(raw) if isinstance(raw, str) else raw or {}
