"""Applications to feed rows (formats/application_feed): atena numbers, insurance card, account, family named."""

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city.draw import choose, date_series, digits, stream
from tasuke.city.eligibility import World
from tasuke.city.insurance import benefit_rate
from tasuke.city.words import rates

_ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana")
_WITH_INSURANCE = [apps.NEW, apps.INSURANCE_CHANGE]
_WITH_ACCOUNT = [apps.NEW, apps.ACCOUNT_CHANGE]


def _cards(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """The membership on the day of receipt (the first one, for those insured later), by row."""
    cards = world.insurance.select(
        "pid",
        "acquired",
        "insured",
        "insurance_kind",
        "insurer_no",
        "symbol",
        "number",
        "branch_no",
        "insured_relation",
    )
    joined = rows.select("row", "pid", "received").join(cards, on="pid", how="inner", maintain_order="left")
    joined = joined.with_columns(late=pl.col("acquired") > pl.col("received")).sort("row", "late", "acquired")
    best = joined.filter(~pl.col("late")).unique("row", keep="last", maintain_order=True)
    first = joined.filter(pl.col("late")).unique("row", keep="first", maintain_order=True)
    return pl.concat([best, first]).unique("row", keep="first", maintain_order=True).drop("pid", "received", "late")


def _children_of(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """(row, child_atena_nos): children in the same family's new applications to the scheme, for parents."""
    atena = world.register.people["atena_no"]
    children = rows.filter(pl.col("role") == apps.CHILD, pl.col("kind") == apps.NEW)
    named = children.with_columns(no=atena.gather(children["pid"].to_numpy())).sort("pid")
    lists = named.group_by("scheme", "applicant", maintain_order=True).agg(pl.col("no").unique(maintain_order=True))
    lists = lists.with_columns(child_atena_nos=pl.col("no").list.join(";")).drop("no")
    parents = rows.filter(pl.col("role") == apps.PARENT).select("row", "scheme", "applicant")
    return parents.join(lists, on=["scheme", "applicant"], how="left").select("row", "child_atena_nos")


def _supporters_of(world: World, rows: pl.DataFrame) -> pl.Series:
    """supporter_atena_nos: a lone parent's own parents who live with the family."""
    atena = world.register.people["atena_no"]
    table = {pid: ";".join(atena[p] for p in others) for pid, others in world.supporters.items()}
    named = rows.filter(pl.col("scheme_kind") == "hitorioya")["applicant"].unique().to_list()
    known = {pid: table[pid] for pid in named if pid in table}
    frame = pl.DataFrame(
        {"applicant": list(known), "supporter_atena_nos": list(known.values())},
        schema={"applicant": pl.Int64, "supporter_atena_nos": pl.String},
    )
    joined = rows.select("applicant", "scheme_kind").join(frame, on="applicant", how="left", maintain_order="left")
    return joined["supporter_atena_nos"].set(joined["scheme_kind"] != "hitorioya", None)


def application_rows(world: World, applied: pl.DataFrame, accounts: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Feed rows in the order of `applied`."""
    rows = applied.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    atena = world.register.people["atena_no"]
    births = world.register.people["birth"].to_numpy()
    table = rows.join(_cards(world, rows), on="row", how="left", maintain_order="left")
    table = table.join(_children_of(world, rows), on="row", how="left", maintain_order="left")
    account = accounts.select("pid", *_ACCOUNT, "public_account").rename({"pid": "applicant"})
    table = table.join(account, on="applicant", how="left", maintain_order="left")
    insured = pl.col("kind").is_in(_WITH_INSURANCE)
    paid = pl.col("kind").is_in(_WITH_ACCOUNT)
    r = rates()["applications"]
    weights = [1 - r["mail"] - r["electronic"], r["mail"], r["electronic"]]
    channel = pl.Series(["1", "2", "3"]).gather(choose(stream(seed, "channel"), weights, table.height))
    rate = benefit_rate(births[table["pid"].to_numpy()], table["received"].to_numpy())
    changed = digits((table["pid"].to_numpy() * 7919 + 1234567) % 9_999_999, 7)
    number = changed.zip_with(table["kind"] == apps.ACCOUNT_CHANGE, table["account_no"])
    number = number.set(table["account_no"].is_null(), None)
    named = pl.Series(table["insured"].fill_null(0).to_numpy().astype(np.int64))
    return table.select(
        "application_no",
        "scheme",
        "kind",
        date_series("received_on", table["received"].to_numpy()),
        channel.alias("channel"),
        "reason",
        date_series("event_date", table["event"].to_numpy()),
        atena.gather(table["applicant"].to_numpy()).alias("applicant_atena_no"),
        atena.gather(table["pid"].to_numpy()).alias("person_atena_no"),
        "role",
        atena.gather(table["breadwinner"].to_numpy()).alias("breadwinner_atena_no"),
        pl.lit(None, dtype=pl.String).alias("spouse_atena_no"),
        _supporters_of(world, rows),
        pl.when(pl.col("kind") == apps.NEW).then("child_atena_nos").alias("child_atena_nos"),
        pl.col("single_reason").cast(pl.String).alias("single_parent_reason"),
        date_series("single_parent_since", table["single_since"].fill_null(-(2**31)).to_numpy()),
        pl.col("de_facto").alias("de_facto_spouse"),
        pl.when(pl.col("child_support") > 0).then("child_support").alias("child_support"),
        *[
            pl.when(insured).then(c).alias(c)
            for c in ("insurance_kind", "insurer_no", "symbol", "number", "branch_no", "insured_relation")
        ],
        pl.when(insured & pl.col("insurer_no").is_not_null())
        .then(atena.gather(named.to_numpy()))
        .alias("insured_atena_no"),
        pl.when(insured).then(pl.col("acquired").cast(pl.Int32).cast(pl.Date)).alias("insured_on"),
        pl.when(insured & pl.col("insurer_no").is_not_null()).then(pl.Series(rate)).alias("benefit_rate"),
        *[pl.when(paid).then(c).alias(c) for c in _ACCOUNT if c != "account_no"],
        pl.when(paid).then(number).alias("account_no"),
        (paid & pl.col("public_account")).alias("public_account"),
        "loss_reason",
        pl.lit(None, dtype=pl.String).alias("missing_documents"),
        pl.lit(None, dtype=pl.String).alias("note"),
    )
