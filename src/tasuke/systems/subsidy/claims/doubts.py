"""Doubts that lie not in a claim itself: in its file, in a value that nobody has confirmed, in a 再審査."""

import polars as pl

from tasuke.systems.subsidy.claims.frames import Register
from tasuke.systems.subsidy.claims.reasons import ClaimReason, bits, flag, has_any


def add_doubts(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Adds to `mask` what a person has to settle before the claims are paid; the amounts stay as computed."""
    frame = _of_insurers(frame, register)
    if register.totals is not None:
        said, found = register.totals
        frame = frame.with_columns(
            mask=pl.col("mask") | bits(ClaimReason.FILE_TOTALS_DIFFER.bit),
            totals_said=pl.lit(said),
            totals_found=pl.lit(found),
        )
    if register.reexamined is not None:
        frame = frame.join(register.reexamined, on="line", how="left", maintain_order="left")
        frame = frame.with_columns(
            mask=pl.col("mask") | flag(pl.col("reexamined").is_not_null(), ClaimReason.REEXAMINED)
        )
    return frame


def _of_insurers(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """An insurer of an excluded kind goes back only when it is known which of that kind are spared."""
    if not register.unsettled_insurers:
        return frame
    excluded, asked = ClaimReason.NOT_IN_KIND_INSURER, ClaimReason.INSURER_UNCONFIRMED
    unsettled = pl.col("match_scheme").is_in(sorted(register.unsettled_insurers)) & has_any(excluded.bit)
    changed = pl.col("mask") - bits(excluded.bit) + bits(asked.bit)
    return frame.with_columns(mask=pl.when(unsettled).then(changed).otherwise("mask"))
