"""The month's recipients as the institutions see them (certificate, card, name), and those who no longer are."""

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city import names
from tasuke.city.draw import Ints
from tasuke.city.eligibility import World, leave_days
from tasuke.city.enrolment import Enrolment
from tasuke.city.fates import Fate

_FAR = 2**30
INPATIENT_ONLY = "inpatient"
_CARD = ("insurance_kind", "insurer_no", "symbol", "number", "branch_no", "insured_relation")


def names_at(world: World, states: pl.DataFrame, pids: Ints, day: int) -> pl.Series:
    """Names as they are in the register on a day."""
    people = world.register.people
    renamed = states.filter(pl.col("renamed"), pl.col("day") <= day).sort("day").unique("pid", keep="last")
    table = renamed.select("pid", new="surname")
    joined = pl.DataFrame({"pid": pids}).join(table, on="pid", how="left", maintain_order="left")
    given = people["given"].to_numpy().astype(np.int64)[pids]
    changed = names.japanese_name(joined["new"].fill_null(0).to_numpy(), given, kana=False)
    return changed.zip_with(joined["new"].is_not_null(), people["name"].gather(pids)).alias("name")


def with_card(world: World, rows: pl.DataFrame, applied: pl.DataFrame, month: tuple[int, int]) -> pl.DataFrame:
    """Add the insurance of from_day. A new insurance counts once the city has heard of it (nobody visits before)."""
    current = world.insurance.select("pid", "acquired", "lost", "cause", *_CARD)
    joined = rows.join(current, on="pid", how="inner", maintain_order="left").filter(
        pl.col("acquired") <= pl.col("from_day"), (pl.col("lost") < 0) | (pl.col("lost") > pl.col("from_day"))
    )
    joined = joined.sort("row", "acquired").unique("row", keep="last", maintain_order=True)
    until = pl.when(pl.col("lost") < 0).then(_FAR).otherwise("lost")
    joined = joined.with_columns(to_day=pl.min_horizontal("to_day", until))
    notices = (
        applied.filter(pl.col("kind").is_in([apps.NEW, apps.INSURANCE_CHANGE]))
        .join(current.select("pid", "acquired"), on="pid", how="inner")
        .filter(pl.col("received") >= pl.col("acquired"), pl.col("received") < month[1])
        .select("scheme", "pid", "acquired")
        .unique()
        .with_columns(told=pl.lit(True))
    )
    joined = joined.join(notices, on=["scheme", "pid", "acquired"], how="left", maintain_order="left")
    known = (pl.col("cause") == "base") | pl.col("told").fill_null(value=False)
    return joined.filter(known, pl.col("from_day") < pl.col("to_day")).drop("acquired", "lost", "cause", "told")


def month_rows(world: World, enrolment: Enrolment, states: pl.DataFrame, number: int) -> pl.DataFrame:
    """Recipients of a month, ready for visits.draw_month and billing.bill_month."""
    month = enrolment.months[number]
    rows = enrolment.recipients.filter(pl.col("month") == number).with_row_index("row")
    return finish_rows(world, states, with_card(world, rows, enrolment.applications, month), month)


def finish_rows(world: World, states: pl.DataFrame, rows: pl.DataFrame, month: tuple[int, int]) -> pl.DataFrame:
    """Birth, name and the flag that only admissions are covered."""
    pids = rows["pid"].to_numpy()
    people = world.register.people
    return rows.drop("row").with_columns(
        names_at(world, states, pids, month[1] - 1),
        birth=people["birth"].gather(pids),
        sex=people["sex"].gather(pids).cast(pl.String),
        name_kana=people["name_kana"].gather(pids),
        alias=people["alias"].gather(pids),
        inpatient_only=pl.col("coverage") == INPATIENT_ONLY,
    )


def after_loss_rows(world: World, enrolment: Enrolment, states: pl.DataFrame, number: int) -> pl.DataFrame:
    """Former recipients who still show the certificate: days from two days after the loss to the end of the month."""
    month = enrolment.months[number]
    last = enrolment.recipients.filter(pl.col("month") <= number).sort("month").unique(["scheme", "pid"], keep="last")
    last = last.sort("scheme", "pid")
    people = world.register.people
    pids = last["pid"].to_numpy()
    leave, _ = leave_days(world.register)
    fate, day = people["fate"].to_numpy()[pids], people["day"].to_numpy()[pids]
    married = np.isin(fate, [Fate.REMARRIAGE, Fate.DE_FACTO]) & (last["scheme_kind"] == "hitorioya").to_numpy()
    end = last["end"].cast(pl.Int32).cast(pl.Int64).fill_null(_FAR).to_numpy()
    loss = np.minimum(np.minimum(leave[pids], np.where(married, day, _FAR)), end)
    gone = (loss >= world.register.window.start) & (loss + 2 < month[1]) & (fate != Fate.RETURN)
    # the family tells the city of a marriage later; only notices that came in count
    told = enrolment.applications.filter(pl.col("kind") == apps.LOSS, pl.col("received") < month[1])
    heard = pl.Series(pids).is_in(told["pid"].implode()).to_numpy()
    gone &= ~married | heard
    rows = last.with_columns(
        from_day=pl.Series(np.maximum(loss + 2, month[0])), to_day=pl.lit(month[1], dtype=pl.Int64)
    ).filter(pl.Series(gone))
    return _with_any_card(world, states, rows, month)


def before_start_rows(world: World, enrolment: Enrolment, states: pl.DataFrame, number: int) -> pl.DataFrame:
    """New recipients who went to a doctor earlier in the month in which their entitlement begins."""
    month = enrolment.months[number]
    rows = enrolment.recipients.filter(pl.col("month") == number)
    start = pl.col("start").cast(pl.Int32).cast(pl.Int64)
    birth = world.register.people["birth"].gather(rows["pid"].to_numpy())
    rows = rows.with_columns(born=birth).filter(
        start >= month[0] + 3, start < month[1], pl.col("born") < month[0], pl.col("tag") != "return"
    )
    rows = rows.with_columns(from_day=pl.lit(month[0], dtype=pl.Int64), to_day=start - 1).drop("born")
    return _with_any_card(world, states, rows, month)


def yielded_rows(world: World, enrolment: Enrolment, states: pl.DataFrame, number: int) -> pl.DataFrame:
    """Recipients of ひとり親 or 重度 who still show the certificate of the child scheme."""
    month = enrolment.months[number]
    rows = enrolment.recipients.filter(pl.col("month") == number, ~pl.col("scheme_kind").is_in(list(apps.CHILD_KINDS)))
    child = enrolment.recipients.filter(
        pl.col("month") < number, pl.col("scheme_kind").is_in(list(apps.CHILD_KINDS))
    ).unique("pid", keep="last")
    columns = ("scheme", "scheme_kind", "payer_no", "recipient_no", "copay_class", "coverage", "band", "funding")
    old = child.select("pid", *[pl.col(c).alias(f"old_{c}") for c in columns])
    both = rows.join(old, on="pid", how="inner", maintain_order="left")
    both = both.with_columns(**{c: pl.col(f"old_{c}") for c in columns}).drop([f"old_{c}" for c in columns])
    return _with_any_card(world, states, both, month)


def waiting_rows(world: World, enrolment: Enrolment, states: pl.DataFrame, number: int) -> pl.DataFrame:
    """New recipients between the start of the entitlement and the certificate in the hand (they pay and claim back)."""
    month = enrolment.months[number]
    rows = enrolment.recipients.filter(pl.col("month") == number)
    start = pl.col("start").cast(pl.Int32).cast(pl.Int64)
    rows = rows.filter(start < pl.col("from_day") - 1, pl.col("from_day") > month[0] + 1)
    rows = rows.with_columns(to_day=pl.col("from_day") - 1, from_day=pl.max_horizontal(start, pl.lit(month[0])))
    return _with_any_card(world, states, rows.filter(pl.col("from_day") < pl.col("to_day")), month)


def _with_any_card(world: World, states: pl.DataFrame, rows: pl.DataFrame, month: tuple[int, int]) -> pl.DataFrame:
    """The last insurance that the person had by the end of the month."""
    cards = world.insurance.filter(pl.col("acquired") < month[1]).sort("pid", "acquired").unique("pid", keep="last")
    joined = rows.with_row_index("row").join(cards.select("pid", *_CARD), on="pid", how="inner", maintain_order="left")
    return finish_rows(world, states, joined, month)
