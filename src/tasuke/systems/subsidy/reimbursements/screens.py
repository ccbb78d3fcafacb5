"""What the screens of reimbursements show: receipts by key, one receipt with its lines and the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.registry.names import PersonName, person_names
from tasuke.systems.subsidy.registry.wards import last_ward
from tasuke.systems.subsidy.reimbursements.models import (
    Receipt,
    ReceiptHold,
    ReceiptLine,
    Reimbursement,
    ReimbursementLine,
)
from tasuke.systems.subsidy.reimbursements.reasons import INFO, LineOutcome, ReceiptReason

STATES = {"open": "決定待ち", "held": "保留", "granted": "支給", "rejected": "不支給"}
CARES = {
    "medical": "医科", "dental": "歯科", "pharmacy": "調剤", "nursing": "訪問看護", "judo": "柔道整復",
    "acupuncture": "はり・きゅう", "massage": "あん摩マッサージ", "device": "治療用装具",
}  # fmt: skip
CAUSES = {
    "1": "県外での受診", "2": "証の不携帯", "3": "証の交付前", "4": "10割を支払った", "5": "治療用装具",
    "6": "現物給付の対象外の保険者", "9": "その他",
}  # fmt: skip
_TONES = {"決定待ち": "info", "保留": "warn", "支給": "good", "一部支給": "good", "不支給": "bad"}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words."""

    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of a receipt with what was decided on it, or why it waits."""

    line: ReceiptLine
    person: PersonName | None
    decision: ReimbursementLine | None
    state: str
    tone: str
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt as lists and its page show it."""

    receipt: Receipt
    applicant: PersonName | None
    lines: Sequence[LineView]
    decided: Sequence[Reimbursement]

    @property
    def key(self) -> int:
        """What lists go on by."""
        return int(self.receipt.pk)

    @property
    def state(self) -> str:
        """All lines together in a word."""
        states = {line.state for line in self.lines}
        if states == {"支給", "不支給"}:
            return "一部支給"
        return next((word for word in ("保留", "決定待ち", "支給", "不支給") if word in states), "決定待ち")

    @property
    def tone(self) -> str:
        """Of the badge."""
        return _TONES[self.state]

    @property
    def paid(self) -> int:
        """What was paid at the window, yen."""
        return sum(view.line.paid for view in self.lines)

    @property
    def amount(self) -> int:
        """What the city pays, yen."""
        return sum(d.subsidy + d.meals_subsidy for d in (view.decision for view in self.lines) if d is not None)

    @property
    def persons(self) -> list[str]:
        """Everybody who is shown."""
        return [self.receipt.applicant_atena_no, *(view.line.atena_no for view in self.lines)]


def receipts_list(
    *,
    using: str,
    scope: Scope,
    on: date,
    state: str = "",
    scheme: str = "",
    number: str = "",
    before: int | None = None,
    limit: int,
) -> list[ReceiptView]:
    """Receipts, newest first. number: of the receipt, or a 宛名番号; before: the id that was shown last."""
    lines = _within(using, scope).filter(receipt=OuterRef("pk"))
    if scheme:
        lines = lines.filter(scheme=scheme)
    if state in ("open", "held"):
        held = ReceiptHold.objects.using(using).filter(receipt_line=OuterRef("pk"))
        waits = Exists(held) if state == "held" else ~Exists(held)
        lines = lines.filter(waits, decision__isnull=True)
    elif state in ("granted", "rejected"):
        lines = lines.filter(decision__outcome=state)
    found = Receipt.objects.using(using).filter(Exists(lines))
    if number:
        named = ReceiptLine.objects.using(using).filter(receipt=OuterRef("pk"), atena_no=number)
        found = found.filter(Q(receipt_no=number) | Q(applicant_atena_no=number) | Exists(named))
    if before is not None:
        found = found.filter(pk__lt=before)
    return _views(using, scope, list(found.order_by("-pk")[:limit]), on)


def receipt_page(*, using: str, scope: Scope, on: date, receipt_id: int) -> ReceiptView:
    """One receipt with the lines that lie within the limits. Raises Receipt.DoesNotExist when there is none."""
    receipt = Receipt.objects.using(using).get(pk=receipt_id)
    (view,) = _views(using, scope, [receipt], on)
    if not view.lines:
        raise Receipt.DoesNotExist
    return view


def _within(using: str, scope: Scope) -> QuerySet[ReceiptLine]:
    found = ReceiptLine.objects.using(using)
    if scope.q() == Q():
        return found.all()
    return found.annotate(ward=last_ward(using=using)).filter(scope.q(ward="ward"))


def _views(using: str, scope: Scope, receipts: Sequence[Receipt], on: date) -> list[ReceiptView]:
    if not receipts:
        return []
    lines = list(_within(using, scope).filter(receipt__in=receipts).order_by("receipt_id", "line_no"))
    decisions = {d.receipt_line_id: d for d in ReimbursementLine.objects.using(using).filter(receipt_line__in=lines)}
    holds = {
        h.receipt_line_id: h for h in ReceiptHold.objects.using(using).filter(receipt_line__in=lines).order_by("pk")
    }
    seen = {(line.receipt_id, line.scheme, line.atena_no) for line in lines}
    made = list(Reimbursement.objects.using(using).filter(receipt__in=receipts).order_by("pk"))
    numbers = [r.applicant_atena_no for r in receipts] + [line.atena_no for line in lines]
    people = person_names(using=using, atena_nos=numbers, on=on)
    views: dict[int, list[LineView]] = {}
    for line in lines:
        view = _line(line, decisions.get(line.pk), holds.get(line.pk), people)
        views.setdefault(line.receipt_id, []).append(view)
    return [
        ReceiptView(
            r, people.get(r.applicant_atena_no), views.get(r.pk, []),
            [m for m in made if (m.receipt_id, m.scheme, m.atena_no) in seen],
        )
        for r in receipts
    ]  # fmt: skip


def _line(
    line: ReceiptLine, decision: ReimbursementLine | None, hold: ReceiptHold | None, people: Mapping[str, PersonName]
) -> LineView:
    if decision is not None:
        state, codes = STATES[decision.outcome], decision.reasons
    else:
        state, codes = ("保留", hold.reasons) if hold else ("決定待ち", [])
    return LineView(line, people.get(line.atena_no), decision, state, _TONES[state], [_reason(c) for c in codes])


def _reason(code: str) -> Reason:
    if code not in set(ReceiptReason):
        return Reason(code, "info")  # a reason of an older version of the program
    info = INFO[ReceiptReason(code)]
    tones = {LineOutcome.REJECTED: "bad", LineOutcome.HELD: "warn", LineOutcome.GRANTED: "info"}
    return Reason(info.label, tones[info.outcome])
