"""結果ファイル of the gateway: what it says of our inquiries beside what we know; what ended there ends here.

The file carries 統合宛名番号, which this system must not hold: it is read, compared and let go, never kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from tasuke.core.problems import Problem
from tasuke.formats.inquiry_file import GOOD_DETAIL, ResultRow, parse_results
from tasuke.platform.access import Scope
from tasuke.systems.subsidy.inquiries.models import Inquiry, InquiryState, Outcome
from tasuke.systems.subsidy.registry.wards import seen_by

# Own choice of the gateway except for the good pair: the official states are unpublished (systems/gateway/files.py).
_REFUSED, _CANCELLED = "90", "91"
_OUTCOMES = {"01": Outcome.FOUND, "02": Outcome.NONE, "03": Outcome.WITHHELD, "90": Outcome.REFUSED}
_BY_YEAR = "1"
_REASON = "結果ファイルによる"
Key = tuple[str, str, str, str, int | None]


class Match(StrEnum):
    """What a row of the file is to us."""

    SAME = "一致"
    ENDED = "この画面で終わりにしました"
    ON_ITS_WAY = "回答の受信を待っています"
    DIFFERENT = "違います"
    UNKNOWN = "照会がありません"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file. inquiry: ours, None where there is none that may be seen; told: the file's result in words."""

    number: int
    told: str
    match: Match
    inquiry: Inquiry | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Good rows in the file's order, and what is wrong with the others."""

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]

    def count(self, match: Match) -> int:
        """How many rows are that to us."""
        return sum(line.match is match for line in self.lines)


def take_result_file(*, using: str, data: bytes, scope: Scope) -> Taken:
    """Compare every good row with the inquiry that it is about, and end those that ended there without an answer.

    Contents do not come by file: an answer that the file tells of arrives by the link. Raises on no input.
    """
    rows, problems = parse_results(data)
    with transaction.atomic(using=using):
        ours = _ours(rows, using, scope)
        lines = [_line(number, row, ours.get(_key(row)), using) for number, row in enumerate(rows, start=1)]
    return Taken(tuple(lines), tuple(problems))


def _key(row: ResultRow) -> Key:
    asked = row.inquiry
    year = int(asked.start[:4]) if asked.condition == _BY_YEAR and asked.start else None
    return (asked.atena_no, asked.procedure_code, asked.information_code, asked.provider, year)


def _ours(rows: Sequence[ResultRow], using: str, scope: Scope) -> dict[Key, Inquiry]:
    """The newest inquiry of each question, as far as it may be seen."""
    seen = seen_by(scope, using=using, person="about_atena_no")
    people = {row.inquiry.atena_no for row in rows}
    found = Inquiry.objects.using(using).filter(seen, atena_no__in=people).order_by("pk")
    return {(i.atena_no, i.procedure_code, i.information_code, i.provider, i.year): i for i in found}


def _line(number: int, row: ResultRow, inquiry: Inquiry | None, using: str) -> Line:
    outcome = _OUTCOMES.get(row.information_status)
    state = _state(row, outcome)
    told = str(state.label if state is not InquiryState.ANSWERED or outcome is None else outcome.label)
    if inquiry is None:
        return Line(number, told, Match.UNKNOWN, None)
    waiting = inquiry.state in (InquiryState.WAITING, InquiryState.SENT)
    if inquiry.state == state and (state is not InquiryState.ANSWERED or inquiry.outcome == outcome):
        match = Match.SAME
    elif waiting and state in (InquiryState.REFUSED, InquiryState.CANCELLED):
        Inquiry.objects.using(using).filter(pk=inquiry.pk).update(state=state, reason=_REASON)
        inquiry.state, inquiry.reason, match = state, _REASON, Match.ENDED
    else:
        match = Match.ON_ITS_WAY if waiting and state is InquiryState.ANSWERED else Match.DIFFERENT
    return Line(number, told, match, inquiry)


def _state(row: ResultRow, outcome: Outcome | None) -> InquiryState:
    if row.detail_status == _CANCELLED:
        return InquiryState.CANCELLED
    if row.detail_status == GOOD_DETAIL and outcome not in (None, Outcome.REFUSED):
        return InquiryState.ANSWERED
    return InquiryState.REFUSED
