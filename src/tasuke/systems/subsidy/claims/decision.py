"""A file's claims decided: matched, computed, held against each other; each ends in exactly one state."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tasuke.schemes.definition import Scheme
from tasuke.systems.subsidy.claims.copayment import DailyCosts, PriorRows, add_copayment
from tasuke.systems.subsidy.claims.doubts import add_doubts
from tasuke.systems.subsidy.claims.duplicates import mark_duplicates
from tasuke.systems.subsidy.claims.findings import findings_of
from tasuke.systems.subsidy.claims.frames import KOHI_SCHEMA, Register, typed
from tasuke.systems.subsidy.claims.matching import match
from tasuke.systems.subsidy.claims.reasons import ClaimState, reasons_series, state_expr


@dataclass(frozen=True, slots=True)
class Decided:
    """claims: one row per claim in the order of `line`, with state and reasons; kohi: 公費 besides ours; findings."""

    claims: pl.DataFrame
    kohi: pl.DataFrame
    findings: pl.DataFrame


def decide(
    claims: pl.DataFrame,
    kohi: pl.DataFrame,
    register: Register,
    schemes: Mapping[str, Scheme],
    *,
    confirmed: Mapping[str, frozenset[str]] | None = None,
    daily: DailyCosts | None = None,
    prior: PriorRows | None = None,
) -> Decided:
    """Decide all claims of a file. subsidy is what is paid (0 unless accepted), expected_subsidy what was computed."""
    frame = match(claims, kohi, register)
    frame = add_copayment(
        frame,
        schemes,
        confirmed=confirmed or {},
        prefecture_code=register.prefecture_code,
        daily=daily,
        prior=prior,
    )
    frame = mark_duplicates(add_doubts(frame, register), register)
    paid = pl.col("state") == ClaimState.ACCEPTED.value
    frame = frame.with_columns(state=state_expr(pl.col("mask")), reasons=reasons_series(frame.get_column("mask")))
    frame = frame.with_columns(
        subsidy=pl.when(paid).then("expected_subsidy").otherwise(0),
        meals_subsidy=pl.when(paid).then("expected_meals").otherwise(0),
    ).sort("line")
    return Decided(frame, _other_kohi(kohi, frame), findings_of(frame))


def _other_kohi(kohi: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The 公費 records that the claim row does not hold."""
    ours = frame.select("line", order="kohi_order").drop_nulls()
    others = typed(kohi, KOHI_SCHEMA).join(ours, on=["line", "order"], how="anti")
    known = others.join(frame.select("line"), on="line", how="semi").filter(pl.col("order").is_not_null())
    return known.unique(["line", "order"], keep="first", maintain_order=True).sort("line", "order")
