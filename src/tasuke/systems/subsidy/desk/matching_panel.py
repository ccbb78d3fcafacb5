"""The findings of one application as its page shows them: differences first, then how things stand. Plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.systems.subsidy.desk.matching import find_matches
from tasuke.systems.subsidy.desk.matching_reading import Compared
from tasuke.systems.subsidy.desk.matching_words import HOUSEHOLD, KIND_WORDS


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. when: whether it was so on the day of receipt; figure: yen, None where it may not be seen."""

    kind: str
    person: str
    part: str
    said: str
    known: str
    since: date | None
    when: str
    differs: bool
    figure: int | None


@dataclass(frozen=True, slots=True)
class Panel:
    """household: 申請×住基; rest: 申請×所得・生活保護・他制度. people: who is named, for the trail; people_of_income:
    whose figures are shown. stated: whether the paper was typed for anybody. on: the day."""

    household: Sequence[Line]
    rest: Sequence[Line]
    people: Sequence[str]
    people_of_income: Sequence[str]
    stated: bool
    compared: int
    on: date

    @property
    def differences(self) -> int:
        """How many findings somebody should look at."""
        return sum(line.differs for line in (*self.household, *self.rest))


def panel_of(*, using: str, application_id: int, scheme: str, on: date, figures: bool) -> Panel:
    """The panel of an open application. figures: whether incomes may be seen. Five statements."""
    compared, found = find_matches(using=using, on=on, schemes=[scheme], application_id=application_id)
    named = found.join(_names(compared), on="about", how="left", maintain_order="left")
    lines = [(row["kind"], _line(row, figures=figures)) for row in named.iter_rows(named=True)]
    household = {kind.value for kind in HOUSEHOLD}
    rest = sorted((line for kind, line in lines if kind not in household), key=lambda line: not line.differs)
    incomes = found.filter(pl.col("figure").is_not_null())["about"].to_list() if figures else []
    return Panel(
        household=[line for kind, line in lines if kind in household],
        rest=rest,
        people=sorted({*compared.parts["person"], *found["about"]}),
        people_of_income=sorted(set(incomes)),
        stated=not compared.stated.is_empty(),
        compared=compared.parts["person"].n_unique(),
        on=on,
    )


def _names(compared: Compared) -> pl.DataFrame:
    latest = compared.register.sort("person", "start").unique("person", keep="last")
    return latest.select(pl.col("person").alias("about"), "name")


def _line(row: dict[str, object], *, figures: bool) -> Line:
    both, today = row["at_receipt"] and row["at_today"], row["at_today"]
    figure = row["figure"]
    since = row["since"]
    return Line(
        kind=KIND_WORDS[str(row["kind"])],
        person=str(row["name"] or row["about"]),
        part=str(row["part"] or ""),
        said=str(row["said"] or ""),
        known=str(row["known"] or ""),
        since=since if isinstance(since, date) else None,
        when="受付日・今日とも" if both else "今日" if today else "受付日だけ",
        differs=bool(row["differs"]),
        figure=figure if figures and isinstance(figure, int) else None,
    )
