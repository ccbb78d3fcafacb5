"""What an application says of others, as rows of the registry's histories. Pure: frames in, frames out.

A declaration names everybody of one kind (all supporters, all children) for a person and scheme from a day on; whoever
is not named any more ends on that day.
"""

import polars as pl

from tasuke.systems.subsidy.registry.models import RelationKind

NEW, INSURANCE_CHANGE, ACCOUNT_CHANGE, LOSS, SUPPORTER_CHANGE = "1", "2", "3", "4", "5"
GUARDIAN_ROLES = ("2", "3")
RELATION_KEY = ("atena_no", "scheme", "kind", "other_atena_no")

_COLUMNS = {
    RelationKind.APPLICANT: "applicant_atena_no",
    RelationKind.BREADWINNER: "breadwinner_atena_no",
    RelationKind.SPOUSE: "spouse_atena_no",
    RelationKind.SUPPORTER: "supporter_atena_nos",
    RelationKind.CHILD: "child_atena_nos",
}
# a new application that leaves these empty says that there is nobody; an empty breadwinner says nothing
_EMPTY_SAYS_NOBODY = (RelationKind.SPOUSE, RelationKind.SUPPORTER, RelationKind.CHILD)


def relation_declarations(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per declaration and person named: atena_no, scheme, kind, start, end?, other_atena_no?, order, line.

    rows: as parsed, with `atena_no` for the 対象者. other_atena_no null: nobody of that kind from `start` on. end: the
    next declaration of the same kind in the same file.
    """
    said = rows.filter(pl.col("application_kind").is_in([NEW, SUPPORTER_CHANGE])).with_columns(
        pl.min_horizontal("event_date", "received_on").alias("start")
    )
    parts = [_declared(said, kind, column) for kind, column in _COLUMNS.items()]
    declared = (
        pl.concat(parts).sort("order").unique(["atena_no", "scheme", "kind", "start"], keep="last", maintain_order=True)
    )
    following = pl.col("start").shift(-1).over("atena_no", "scheme", "kind")
    return (
        declared.sort("atena_no", "scheme", "kind", "start")
        .with_columns(following.alias("end"))
        .with_columns(pl.col("others").str.split(";").alias("other_atena_no"))
        .drop("others")
        .explode("other_atena_no")
    )


def _declared(said: pl.DataFrame, kind: RelationKind, column: str) -> pl.DataFrame:
    given = pl.col(column).is_not_null()
    if kind in _EMPTY_SAYS_NOBODY:
        given = given | (pl.col("application_kind") == NEW)
    if kind is RelationKind.CHILD:
        given = given & pl.col("role").is_in(GUARDIAN_ROLES)
    return said.filter(given).select(
        "atena_no",
        "scheme",
        pl.lit(kind.value).alias("kind"),
        "start",
        pl.col(column).alias("others"),
        "order",
        "line",
    )


def relation_rows(declared: pl.DataFrame, existing: pl.DataFrame) -> pl.DataFrame:
    """Rows for the relation history: those named, and for those no longer named the day on which they end.

    existing: current relations of the same persons (atena_no, scheme, kind, other_atena_no, start, end).
    """
    named = declared.filter(pl.col("other_atena_no").is_not_null())
    groups = ["atena_no", "scheme", "kind"]
    days = declared.select(*groups, "start", "order", "line").unique().rename({"start": "day"})
    open_then = existing.join(days, on=groups, how="inner").filter(
        (pl.col("start") <= pl.col("day")) & (pl.col("end").is_null() | (pl.col("end") > pl.col("day")))
    )
    still = named.rename({"start": "day"}).select(*RELATION_KEY, "day")
    ended = (
        open_then.join(still, on=[*RELATION_KEY, "day"], how="anti")
        .sort("day")
        .unique(list(RELATION_KEY), keep="first", maintain_order=True)
        .with_columns(pl.col("day").alias("end"))
    )
    columns = [*RELATION_KEY, "start", "end", "order", "line"]
    # a closing counts less than being named again from the same day
    return pl.concat(
        [ended.select(columns).with_columns(pl.lit(-1, dtype=pl.Int64).alias("order")), named.select(columns)]
    )


def single_parent_rows(rows: pl.DataFrame, existing: pl.DataFrame) -> pl.DataFrame:
    """Rows for the history of ひとり親の状況. A notice of 事実婚 without a reason goes on from what is known.

    existing: current rows (atena_no, start, end, reason, since, child_support).
    """
    said = rows.filter(
        pl.col("single_parent_reason").is_not_null()
        | (pl.col("de_facto_spouse") & pl.col("application_kind").is_in([NEW, LOSS, SUPPORTER_CHANGE]))
    )
    last = (
        existing.sort("start")
        .unique("atena_no", keep="last")
        .select(
            "atena_no",
            pl.col("reason").alias("known_reason"),
            pl.col("since").alias("known_since"),
            pl.col("child_support").alias("known_support"),
        )
    )
    joined = said.join(last, on="atena_no", how="left")
    began = (
        pl.when(pl.col("de_facto_spouse"))
        .then("event_date")
        .otherwise(pl.coalesce("single_parent_since", "event_date"))
    )
    return joined.select(
        "atena_no",
        began.alias("start"),
        pl.lit(None, dtype=pl.Date).alias("end"),
        pl.coalesce("single_parent_reason", "known_reason").alias("reason"),
        pl.coalesce("single_parent_since", "known_since").alias("since"),
        "de_facto_spouse",
        pl.coalesce("child_support", "known_support").alias("child_support"),
        "order",
        "line",
    ).filter(pl.col("reason").fill_null("") != "")


def insurance_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows for the insurance history from applications that bring the insurance."""
    given = pl.col("insurer_no").is_not_null() & pl.col("number").is_not_null() & (pl.col("application_kind") != LOSS)
    return rows.filter(given).select(
        "atena_no",
        pl.coalesce("insured_on", "event_date").alias("start"),
        pl.lit(None, dtype=pl.Date).alias("end"),
        pl.col("insurance_kind").fill_null("9"),
        "insurer_no",
        "symbol",
        "number",
        "branch_no",
        "insured_relation",
        "insured_atena_no",
        "benefit_rate",
        pl.lit("").alias("limit_class"),
        pl.lit("application").alias("source"),
        "order",
        "line",
    )


def account_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows for the account history of the applicants. A 公金受取口座 has no number until it has been looked up."""
    given = (pl.col("account_no").is_not_null() | pl.col("public_account")) & (pl.col("application_kind") != LOSS)
    return rows.filter(given).select(
        pl.col("applicant_atena_no").alias("atena_no"),
        pl.col("received_on").alias("start"),
        pl.lit(None, dtype=pl.Date).alias("end"),
        "bank_code",
        "branch_code",
        "account_kind",
        "account_no",
        pl.col("account_holder_kana").alias("holder_kana"),
        "public_account",
        "order",
        "line",
    )
