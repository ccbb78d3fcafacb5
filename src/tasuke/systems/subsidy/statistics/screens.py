"""What the screens of statistics show: a settlement month in figures, tables and charts, within one's limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db.models import Case, Q, Sum, When

from tasuke.platform.exchange.models import OutboundFile
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.statistics.models import (
    BenefitFact,
    Extract,
    ExtractState,
    RecipientFact,
    SavedChoice,
)
from tasuke.systems.subsidy.statistics.words import in_words

MEASURES = ("claims", "days", "cost", "burden", "subsidy")
CHARTS = {"月別助成額": "月別の助成額", "区別助成額": "区別の助成額", "年齢別助成額": "年齢区分別の助成額"}
# how a month can be cut: key → title of the table
CUTS = {
    "scheme": "制度別", "ward_code": "区別", "care": "診療種別", "band": "年齢区分別", "funding": "財源別",
    "method": "給付方法別",
}  # fmt: skip
_MONTHS = 13  # this month and the same month a year ago


@dataclass(frozen=True, slots=True)
class Cut:
    """A month's benefits by one key, the largest first. rows: label in words and the measures."""

    title: str
    head: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Overview:
    """A settlement month. total, before: measures of the month and of the one before; by_month: oldest first."""

    month: date
    total: Mapping[str, int]
    before: Mapping[str, int]
    recipients: int
    by_month: Sequence[Mapping[str, Any]]
    cuts: Sequence[Cut]
    people: Sequence[Mapping[str, Any]]
    files: Sequence[OutboundFile]

    @property
    def charts(self) -> list[tuple[OutboundFile, str]]:
        """The charts among the files, with what they show."""
        named = {file.name: file for file in self.files}
        found = [(named.get(f"{key}_{self.month:%Y%m}.svg"), title) for key, title in CHARTS.items()]
        return [(file, title) for file, title in found if file is not None]

    @property
    def downloads(self) -> list[OutboundFile]:
        """Everything but the charts."""
        return [file for file in self.files if not file.name.endswith(".svg")]


def statistics_months(*, using: str) -> list[date]:
    """Months that have statistics, newest first."""
    found = RecipientFact.objects.using(using).order_by("-month").values_list("month", flat=True).distinct()
    return list(found[:120])


def overview(*, using: str, month: date, within: Q, profile: Profile) -> Overview:
    """A month within the limits of who looks; the files are of the whole city and listed for all."""
    facts = BenefitFact.objects.using(using).filter(within)
    first = _months_back(month, _MONTHS - 1)
    by_month = list(
        facts.filter(month__range=(first, month))
        .order_by("month")
        .values("month")
        .annotate(**{name: Sum(name) for name in MEASURES})
    )
    of_month = {row["month"]: row for row in by_month}
    recipients = RecipientFact.objects.using(using).filter(within, month=month)
    people = recipients.order_by().values("scheme", "role").annotate(persons=Sum("persons"))
    schema = {"scheme": pl.String, "role": pl.String, "persons": pl.Int64}
    told = in_words(pl.DataFrame(list(people), schema=schema, orient="row"), profile)
    files = OutboundFile.objects.using(using).filter(kind="statistics", name__contains=f"_{month:%Y%m}.")
    return Overview(
        month=month,
        total=_measures(of_month.get(month)),
        before=_measures(of_month.get(_months_back(month, 1))),
        recipients=sum(row["persons"] for row in people),
        by_month=by_month,
        cuts=_cuts(facts.filter(month=month), profile),
        people=told.sort("制度", "人数", descending=[False, True]).to_dicts(),
        files=list(files.order_by("name")),
    )


def statistics_file(*, using: str, file_id: int) -> OutboundFile:
    """A file of statistics. Raises OutboundFile.DoesNotExist."""
    return OutboundFile.objects.using(using).get(pk=file_id, kind="statistics")


def _cuts(facts: Any, profile: Profile) -> list[Cut]:
    """All cuts from one statement: the month's cells are few (schemes × wards × bands × …)."""
    schema = dict.fromkeys(CUTS, pl.String) | dict.fromkeys(MEASURES, pl.Int64)
    cells = facts.order_by().values(*CUTS).annotate(**{name: Sum(name) for name in MEASURES})
    frame = pl.DataFrame(list(cells), schema=schema, orient="row")
    found = []
    for key, title in CUTS.items():
        grouped = frame.group_by(key).agg(pl.col(MEASURES).sum()).sort("subsidy", key, descending=[True, False])
        told = in_words(grouped, profile)
        rows = [{"label": values[0], **dict(zip(MEASURES, values[1:], strict=True))} for values in told.iter_rows()]
        found.append(Cut(title, told.columns[0], rows))
    return found


def _measures(row: Mapping[str, Any] | None) -> Mapping[str, int]:
    return {name: int(row[name]) if row else 0 for name in MEASURES}


def _months_back(month: date, count: int) -> date:
    for _ in range(count):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def extracts_list(*, using: str, by: str, approver: bool) -> list[Extract]:
    """Requests for data, newest first: one's own; for who may approve also those that wait."""
    mine = Q(requested_by=by)
    seen = mine | Q(state=ExtractState.REQUESTED) if approver else mine
    return list(Extract.objects.using(using).filter(seen).order_by("-pk")[:50])


def extract_of(*, using: str, extract_id: int, by: str, approver: bool) -> Extract:
    """One request. Raises Extract.DoesNotExist, also for somebody else's unless the person may approve."""
    found = Extract.objects.using(using)
    return (found if approver else found.filter(requested_by=by)).get(pk=extract_id)


def choices_list(*, using: str, by: str) -> list[SavedChoice]:
    """Saved choices that somebody may use, by name: one's own first, then what others share."""
    found = SavedChoice.objects.using(using).filter(_usable(by))
    return list(found.order_by(Case(When(owner=by, then=0), default=1), "dataset", "name", "pk")[:200])


def choice_of(*, using: str, choice_id: int, by: str) -> SavedChoice:
    """A choice that this person may use. Raises SavedChoice.DoesNotExist."""
    return SavedChoice.objects.using(using).filter(_usable(by)).get(pk=choice_id)


def _usable(by: str) -> Q:
    return Q(owner=by) | Q(shared=True)
