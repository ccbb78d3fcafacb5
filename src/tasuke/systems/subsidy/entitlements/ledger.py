"""Write decisions and entitlements in bulk, inside the caller's transaction.

Decisions are append-only. An entitlement that ends earlier than was written is superseded (recorded time) and stands
again with its shorter period.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from django.db import connections

from tasuke.core.numbers import append_weight21_expr
from tasuke.platform.bulk import copy_in, copy_out, daterange_expr, staging
from tasuke.schemes.profile import RecipientNumbering
from tasuke.systems.subsidy.entitlements.judging import Rules
from tasuke.systems.subsidy.registry.tables import people_table

_DECISION = (
    "kind",
    "scheme",
    "atena_no",
    "application_id",
    "judged_on",
    "decided_on",
    "outcome",
    "reasons",
    "start",
    "end",
    "band",
    "coverage",
    "copay_class",
    "funding",
    "income_year",
    "deciding_subject",
    "net_income",
    "income_limit",
    "version",
    "version_hash",
    "facts",
)
_TEXTS = ("band", "coverage", "copay_class", "funding", "deciding_subject")
_ENTITLEMENT = (
    "scheme",
    "atena_no",
    "recipient_no",
    "payer_no",
    "valid_from",
    "valid_to",
    "role",
    "band",
    "coverage",
    "copay_class",
    "funding",
    "decision_id",
    "loss_reason",
)


class NoNumbering(LookupError):
    """The profile does not say how the scheme numbers its recipients."""


class NumbersUsedUp(OverflowError):
    """The numbers of a scheme have no digit left."""


def add_decisions(*, using: str, rows: pl.DataFrame, now: datetime, run_id: int | None) -> pl.DataFrame:
    """Append decisions; gives the rows with `decision_id`. rows: kind, decided_on, and the columns of judge_cases."""
    ids = _new_ids(using, "subsidy_decision", rows.height)
    numbered = rows.with_columns(pl.Series("decision_id", ids, dtype=pl.Int64))
    if rows.is_empty():
        return numbered
    subject = "deciding_subject_id" if "deciding_subject_id" in rows.columns else "deciding_subject"
    frame = numbered.with_columns(
        pl.col("on").alias("judged_on"), pl.col(subject).alias("deciding_subject")
    ).with_columns(pl.col(_TEXTS).fill_null(""), _sound_end().alias("end"))
    copy_in(
        connections[using],
        "subsidy_decision",
        frame.select(
            pl.col("decision_id").alias("id"),
            *_DECISION,
            pl.lit(run_id, dtype=pl.Int64).alias("run_id"),
            pl.lit(now.isoformat()).alias("recorded_at"),
        ),
    )
    return numbered


def _sound_end() -> pl.Expr:
    # a period that was annulled altogether has no end: the start says which one it was
    return pl.when(pl.col("end") > pl.col("start")).then("end").otherwise(None)


def add_entitlements(*, using: str, rows: pl.DataFrame, now: datetime) -> int:
    """Append entitlements (columns of queries.ENTITLEMENT_COLUMNS but the id). Raises IntegrityError on an overlap."""
    # by decision: their numbers follow from what was decided, not from the way in which the columns were joined
    frame = (
        rows.sort("decision_id", "valid_from")
        .select(
            *[c for c in _ENTITLEMENT if c not in ("valid_from", "valid_to", "loss_reason")],
            daterange_expr(pl.col("valid_from"), pl.col("valid_to")).alias("valid"),
            (pl.col("loss_reason") if "loss_reason" in rows.columns else pl.lit("")).alias("loss_reason"),
            pl.lit(now.isoformat()).alias("recorded_from"),
        )
        .with_columns(pl.col("band", "coverage", "copay_class", "funding").fill_null(""))
    )
    return copy_in(connections[using], "subsidy_entitlement", frame)


def supersede(*, using: str, entitlement_ids: pl.Series, now: datetime) -> int:
    """Take current rows out of force at the recorded time `now`; give their number."""
    if entitlement_ids.is_empty():
        return 0
    connection = connections[using]
    ids = entitlement_ids.rename("id").to_frame()
    with staging(connection, ids, {"id": "bigint"}) as name, connection.cursor() as cursor:
        update = f"UPDATE subsidy_entitlement e SET recorded_to = %s FROM {name} s WHERE s.id = e.id"  # noqa: S608
        cursor.execute(f"{update} AND e.recorded_to IS NULL", [now])
        return int(cursor.rowcount)


def clip_to_free_time(rows: pl.DataFrame, existing: pl.DataFrame) -> pl.DataFrame:
    """New periods (start, end?) cut so that they overlap neither what is in force nor each other; earlier rows first.

    A person who is entitled on the first day already gets nothing new. existing: atena_no, valid_from, valid_to.
    """
    turn = pl.int_range(pl.len()).over("atena_no").alias("_turn")
    waiting = rows.with_columns(turn)
    taken = existing.select("atena_no", "valid_from", "valid_to")
    done: list[pl.DataFrame] = []
    for number in range(int(waiting["_turn"].max() or 0) + 1 if waiting.height else 0):  # type: ignore[arg-type]
        free = _free(waiting.filter(pl.col("_turn") == number), taken)
        taken = pl.concat(
            [taken, free.select("atena_no", pl.col("start").alias("valid_from"), pl.col("end").alias("valid_to"))]
        )
        done.append(free)
    return pl.concat(done).drop("_turn") if done else rows


def _free(rows: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    with_all = rows.select("id", "atena_no", "start").join(taken, on="atena_no", how="inner")
    covers = (pl.col("valid_from") <= pl.col("start")) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("start"))
    )
    covered = with_all.filter(covers).select("id").unique()
    following = (
        with_all.filter(pl.col("valid_from") > pl.col("start"))
        .group_by("id")
        .agg(pl.col("valid_from").min().alias("_next"))
    )
    return (
        rows.join(covered, on="id", how="anti", maintain_order="left")
        .join(following, on="id", how="left", maintain_order="left")
        .with_columns(pl.min_horizontal("end", "_next").alias("end"))
        .drop("_next")
    )


def number_recipients(*, using: str, rules: Rules, atena_nos: pl.Series) -> pl.DataFrame:
    """Recipient numbers of persons in a scheme: atena_no, recipient_no. Who has none gets the next, in the given order.

    One for life per person and scheme; a number that was reserved for a rejected person is not used again.
    """
    connection = connections[using]
    people = pl.DataFrame({"atena_no": atena_nos.unique(maintain_order=True)})
    with connection.cursor() as cursor:
        # numbers are given out by one transaction at a time; the lock goes with the transaction
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"recipient-number:{rules.scheme.id}"])
    known = _known_numbers(using, rules.scheme.id, people)
    fresh = people.join(known, on="atena_no", how="anti", maintain_order="left")
    if fresh.is_empty():
        return known
    numbering = _numbering(rules)
    first = _next_body(using, rules.scheme.id, numbering)
    if first + fresh.height - 1 >= 10**numbering.digits:
        raise NumbersUsedUp(f"{rules.scheme.name}: {numbering.digits}桁の受給者番号が足りません")
    body = pl.int_range(first, first + pl.len()).cast(pl.String).str.zfill(numbering.digits)
    number = append_weight21_expr(body, numbering.digits + 1) if numbering.check_digit else body
    made = fresh.with_columns(number.alias("recipient_no"))
    copy_in(
        connection,
        "subsidy_recipient_number",
        made.select(pl.lit(rules.scheme.id).alias("scheme"), "atena_no", "recipient_no"),
    )
    return pl.concat([known, made])


def _known_numbers(using: str, scheme: str, people: pl.DataFrame) -> pl.DataFrame:
    connection = connections[using]
    with people_table(using=using, atena_nos=people["atena_no"]) as name:
        query = (
            f"SELECT n.atena_no, n.recipient_no FROM subsidy_recipient_number n JOIN {name} p USING (atena_no) "  # noqa: S608
            "WHERE n.scheme = %s"
        )
        return copy_out(connection, query, [scheme], schema={"atena_no": pl.String(), "recipient_no": pl.String()})


def _numbering(rules: Rules) -> RecipientNumbering:
    for numbering in rules.profile.numbering:
        if numbering.scheme == rules.scheme.id:
            return numbering
    raise NoNumbering(f"{rules.profile.name}: {rules.scheme.id} の受給者番号の決め方がプロファイルにありません")


def _next_body(using: str, scheme: str, numbering: RecipientNumbering) -> int:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT max(left(recipient_no, %s)::bigint) FROM subsidy_recipient_number WHERE scheme = %s",
            [numbering.digits, scheme],
        )
        highest = cursor.fetchone()[0]
    return numbering.first if highest is None else max(highest + 1, numbering.first)


def _new_ids(using: str, table: str, count: int) -> Sequence[int]:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [row[0] for row in cursor.fetchall()]
