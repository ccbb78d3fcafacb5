"""高額療養費: what the insurer pays above the monthly limit. The limits are data (high_cost.toml).

Source: 健康保険法115条, 同施行令42条 (the 1% part is rounded at 50銭); the amounts are those of the file's sources.
"""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from tasuke.core.money import Rounding, round_yen, round_yen_expr


class NoHighCostTable(LookupError):
    """No limit is known for this class and service month."""

    def __init__(self, limit_class: str, month: date) -> None:
        super().__init__(f"区分{limit_class}の{month:%Y年%m月}診療分の高額療養費の限度額が登録されていません")


class HighCostLimit(BaseModel):
    """One class's limit for service months in [valid_from, valid_to): base + (cost − threshold) × percent / 100."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit_class: str = Field(alias="class")
    valid_from: date = Field(alias="from")
    valid_to: date | None = Field(alias="until", default=None)
    base: Annotated[int, Field(ge=0)]
    threshold: Annotated[int, Field(ge=0)]
    percent: Annotated[int, Field(ge=0, le=100)]
    multiple: Annotated[int, Field(ge=0)]
    year_cap: Annotated[int, Field(ge=0)] | None = None
    source: str
    note: str = ""


@cache
def high_cost_limits() -> tuple[HighCostLimit, ...]:
    """All limits that are known, as they stand in the file."""
    text = files("tasuke.schemes.copayment").joinpath("high_cost.toml").read_text(encoding="utf-8")
    return tuple(HighCostLimit.model_validate(table) for table in tomllib.loads(text)["limit"])


def high_cost_table(*, month: date, limit_class: str = "ウ") -> HighCostLimit:
    """The limit in force for a service month. Raises NoHighCostTable."""
    for limit in high_cost_limits():
        in_force = limit.valid_from <= month and (limit.valid_to is None or month < limit.valid_to)
        if limit.limit_class == limit_class and in_force:
            return limit
    raise NoHighCostTable(limit_class, month)


def high_cost_limit(*, cost: int, month: date, limit_class: str = "ウ", multiple: bool = False) -> int:
    """自己負担限度額 in yen of a month's total cost at one institution. Raises NoHighCostTable."""
    table = high_cost_table(month=month, limit_class=limit_class)
    if multiple:
        return table.multiple
    excess = max(0, cost - table.threshold)
    return table.base + round_yen(excess * table.percent, 100, Rounding.HALF_UP_1)


def high_cost_benefit(*, cost: int, share: int, month: date, limit_class: str = "ウ", multiple: bool = False) -> int:
    """高額療養費 in yen: the part of the share above the limit, never negative. Raises NoHighCostTable."""
    return max(0, share - high_cost_limit(cost=cost, month=month, limit_class=limit_class, multiple=multiple))


def high_cost_benefit_expr(*, cost: pl.Expr, share: pl.Expr, service_date: pl.Expr, limit_class: str) -> pl.Expr:
    """The same on columns, without 多数回: Int64, null where no limit is known for the month."""
    benefit: pl.Expr = pl.lit(None, dtype=pl.Int64)
    for table in high_cost_limits():
        if table.limit_class != limit_class:
            continue
        in_force = service_date >= table.valid_from
        if table.valid_to is not None:
            in_force = in_force & (service_date < table.valid_to)
        excess = pl.max_horizontal(cost - table.threshold, pl.lit(0)) * table.percent
        limit = table.base + round_yen_expr(excess, 100, Rounding.HALF_UP_1)
        benefit = pl.when(in_force).then(pl.max_horizontal(share - limit, pl.lit(0))).otherwise(benefit)
    return benefit
