"""申請期限 of 償還払い, by the scheme's version on the service day.

receipt_next_day: counted from the day after the receipt's date, so the last day is the same day n years later
(2024-05-02 → 2026-05-02). service_next_month: counted from the month after the service month, so the last day is the
end of that month n years later (診療2019-04 → 2024-04-30).
"""

from collections.abc import Mapping

import polars as pl

from tasuke.schemes.definition import Scheme, Version, is_unconfirmed


def deadlines_of(
    lines: pl.DataFrame, schemes: Mapping[str, Scheme], confirmed: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """(line_id, last_day, deadline_sure) for lines with line_id, scheme, service_date, paid_on; null: no deadline."""
    pieces = [pl.DataFrame(schema={"line_id": pl.Int64, "last_day": pl.Date, "deadline_sure": pl.Boolean})]
    for (name,), part in lines.group_by("scheme", maintain_order=True):
        scheme = schemes.get(str(name))
        if scheme is not None:
            pieces += [_of_version(part, scheme, v, confirmed.get(scheme.id, frozenset())) for v in scheme.version]
    return pl.concat(pieces)


def _of_version(part: pl.DataFrame, scheme: Scheme, version: Version, confirmed: frozenset[str]) -> pl.DataFrame:
    later = [v.valid_from for v in scheme.version if v.valid_from > version.valid_from]
    day = pl.col("service_date")
    mine = part.filter((day >= version.valid_from) & (day < min(later) if later else pl.lit(value=True)))
    deadline = version.deadline
    if deadline.count_from is None or deadline.years is None:
        return mine.select("line_id", last_day=pl.lit(None, dtype=pl.Date), deadline_sure=pl.lit(value=True))
    years = f"{deadline.years}y"
    if deadline.count_from == "receipt_next_day":
        last = pl.col("paid_on").dt.offset_by(years)
    else:
        last = day.dt.month_start().dt.offset_by(years).dt.month_end()
    key = f"version.{deadline.origin or version.id}.deadline"
    sure = not is_unconfirmed(deadline) or key in confirmed
    return mine.select("line_id", last_day=last, deadline_sure=pl.lit(value=sure))
