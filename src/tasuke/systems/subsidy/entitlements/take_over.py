"""移行: take entitlements of the old system over as they are, and say what is wrong with the file.

Whose right it is, from when to when, in which class and under which number is what the old system says. Our own rules
judge beside it, for the facts that the decision keeps and for the findings; they refuse nobody.
"""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl
from django.db import connections

from tasuke.core.numbers import weight21_ok_expr
from tasuke.core.problems import Problem, Severity
from tasuke.platform.bulk import copy_in, copy_out
from tasuke.schemes.profile import Profile
from tasuke.schemes.reasons import is_note, reason_label
from tasuke.systems.subsidy.entitlements.declarations import (
    SUPPORTER_CHANGE,
    relation_declarations,
    relation_rows,
    single_parent_rows,
)
from tasuke.systems.subsidy.entitlements.judging import ROLES, judge_cases, rules_of
from tasuke.systems.subsidy.entitlements.ledger import add_decisions, add_entitlements
from tasuke.systems.subsidy.entitlements.models import DecisionKind, TakenOver
from tasuke.systems.subsidy.registry.histories import RELATIONS, RESIDENTS, SINGLE_PARENTS
from tasuke.systems.subsidy.registry.tables import record, select_current

_VALUES = ("band", "coverage", "copay_class", "funding")
_RELATIONS = ("applicant", "breadwinner", "spouse")


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows with `order` and the first day after the entitlement as valid_to."""
    return frame.with_columns(
        (pl.col("valid_to") + pl.duration(days=1)).alias("valid_to"),
        pl.col("role").replace_strict(ROLES, return_dtype=pl.String).alias("role_name"),
        pl.int_range(pl.len()).alias("order"),
    )


def find_faults(*, using: str, frame: pl.DataFrame, profile: Profile, begun: list[int]) -> list[Problem]:
    """Rows that cannot be taken over, each with its line: strange schemes, unknown persons, wrong or doubled numbers,
    overlaps. begun: runs of this very import that were killed; what they wrote is no fault."""
    rows = frame.with_columns((pl.col("valid_to") + pl.duration(days=1)).alias("_to"))
    checks = [
        _told(
            rows.filter(~pl.col("scheme").is_in(profile.schemes)),
            "unknown_scheme",
            "この市の制度ではありません。",
            "scheme",
        ),
        _unknown_persons(using, rows),
        *[_wrong_numbers(rows, n.scheme, n.digits, checked=n.check_digit) for n in profile.numbering],
        _given_twice(rows),
        _taken_numbers(using, rows, begun),
        _overlaps(using, rows, begun),
    ]
    return [problem for found in checks for problem in found]


def _told(rows: pl.DataFrame, code: str, words: str, column: str) -> list[Problem]:
    label = {
        "scheme": "制度",
        "atena_no": "受給者_宛名番号",
        "recipient_no": "受給者番号",
        "valid_from": "資格開始年月日",
    }
    return [
        Problem(code, words, line=line, field=label[column], value=str(value))
        for line, value in rows.sort("line").select("line", column).iter_rows()
    ]


def _unknown_persons(using: str, rows: pl.DataFrame) -> list[Problem]:
    known = select_current(using=using, table=RESIDENTS, atena_nos=rows["atena_no"])
    unknown = rows.join(known, on="atena_no", how="anti")
    return _told(unknown, "unknown_person", "住民情報にいない人です。住登外の登録を確かめてください。", "atena_no")


def _wrong_numbers(rows: pl.DataFrame, scheme: str, digits: int, *, checked: bool) -> list[Problem]:
    own = rows.filter(pl.col("scheme") == scheme)
    length = digits + checked
    short = own.filter(pl.col("recipient_no").str.len_bytes() != length)
    wrong = own.join(short, on="line", how="anti")
    wrong = wrong.filter(~weight21_ok_expr(pl.col("recipient_no"), length)) if checked else wrong.clear()
    return [
        *_told(short, "number_length", f"受給者番号が{length}桁ではありません。", "recipient_no"),
        *_told(wrong, "check_digit", "受給者番号の検証番号が合いません。", "recipient_no"),
    ]


def _given_twice(rows: pl.DataFrame) -> list[Problem]:
    """One number for two persons, or two numbers for one person: nobody but the old system can say which is right."""
    persons = pl.col("atena_no").n_unique().over("scheme", "recipient_no")
    numbers = pl.col("recipient_no").n_unique().over("scheme", "atena_no")
    marked = rows.with_columns(persons.alias("_persons"), numbers.alias("_numbers"))
    both = "同じ受給者番号が2人以上に付いています。どの行も引き継ぎません。"
    two = "同じ人に2つ以上の受給者番号があります。どの行も引き継ぎません。"
    return [
        *_told(marked.filter(pl.col("_persons") > 1), "number_given_twice", both, "recipient_no"),
        *_told(marked.filter(pl.col("_numbers") > 1), "two_numbers", two, "recipient_no"),
    ]


def _taken_numbers(using: str, rows: pl.DataFrame, begun: list[int]) -> list[Problem]:
    schema = dict.fromkeys(("scheme", "known_person", "known_number"), pl.String())
    query = "SELECT scheme, atena_no, recipient_no FROM subsidy_recipient_number WHERE scheme = ANY(%s)"
    known = copy_out(connections[using], query, [rows["scheme"].unique().to_list()], schema=schema)
    by_number = rows.join(known, left_on=["scheme", "recipient_no"], right_on=["scheme", "known_number"], how="inner")
    by_person = rows.join(known, left_on=["scheme", "atena_no"], right_on=["scheme", "known_person"], how="inner")
    other = by_number.filter(pl.col("known_person") != pl.col("atena_no"))
    changed = by_person.filter(pl.col("known_number") != pl.col("recipient_no"))
    return [
        *_told(other, "number_of_other", "こちらで別の人に付けた受給者番号です。", "recipient_no"),
        *_told(changed, "has_other_number", "この人には、こちらで別の受給者番号を付けています。", "recipient_no"),
    ]


def _overlaps(using: str, rows: pl.DataFrame, begun: list[int]) -> list[Problem]:
    """Rows whose time touches an earlier row of the file or an entitlement that we hold."""
    query = (
        "SELECT e.scheme, e.atena_no, lower(e.valid), upper(e.valid) FROM subsidy_entitlement e "
        "JOIN subsidy_decision d ON d.id = e.decision_id WHERE e.recorded_to IS NULL AND e.scheme = ANY(%s) "
        "AND NOT coalesce(d.run_id = ANY(%s), false)"
    )
    schema = {"scheme": pl.String(), "atena_no": pl.String(), "valid_from": pl.Date(), "_to": pl.Date()}
    held = copy_out(connections[using], query, [rows["scheme"].unique().to_list(), begun], schema=schema)
    ours = held.with_columns(pl.lit(-1, dtype=pl.Int64).alias("line"))
    every = pl.concat([ours.select("line", *schema), rows.select(pl.col("line").cast(pl.Int64), *schema)])
    pairs = rows.select(pl.col("line").cast(pl.Int64), *schema).join(every, on=["scheme", "atena_no"], suffix="_b")
    touching = (
        (pl.col("line_b") < pl.col("line"))
        & (pl.col("_to_b").is_null() | (pl.col("_to_b") > pl.col("valid_from")))
        & (pl.col("_to").is_null() | (pl.col("_to") > pl.col("valid_from_b")))
    )
    found = pairs.filter(touching).unique("line", maintain_order=True)
    return _told(found, "overlap", "同じ人・同じ制度の、ほかの資格と期間が重なっています。", "valid_from")


def judged_rows(*, using: str, rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """The rows with what our rules say of the person on a day: our_outcome, our_reasons, our_end, our_… values, and the
    columns that a decision keeps. rows: as `prepare` gives them."""
    parts = []
    for (scheme,), part in rows.group_by("scheme", maintain_order=True):
        own = part.rename({c: f"own_{c}" for c in (*_VALUES, "payer_no")}).with_columns(
            pl.lit(on).alias("on"),
            pl.col("role_name").alias("role"),
            pl.col("role").alias("role_code"),
            pl.lit(None, dtype=pl.Date).alias("application_date"),
            pl.lit(None, dtype=pl.String).alias("event"),
            pl.lit(None, dtype=pl.Date).alias("event_date"),
            pl.format("{}/{}", "order", "atena_no").alias("id"),
        )
        judged = judge_cases(using=using, rules=rules_of(str(scheme)), cases=own)
        said = {c: f"our_{c}" for c in (*_VALUES, "payer_no", "outcome", "reasons", "end", "start")}
        parts.append(judged.rename(said).rename({f"own_{c}": c for c in (*_VALUES, "payer_no")}))
    return pl.concat(parts) if parts else rows


def find_findings(*, using: str, rows: pl.DataFrame, on: date) -> list[Problem]:
    """What our rules would not allow, as warnings: the town looks at them, the rows are taken over."""
    in_force = (pl.col("valid_from") <= on) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
    judged = judged_rows(using=using, rows=rows.filter(in_force), on=on)
    problems = []
    if not judged.is_empty():
        wanted = ("line", "atena_no", "our_outcome", "our_reasons", "valid_to", "our_end")
        for line, person, outcome, reasons, valid_to, end in judged.select(wanted).iter_rows():
            words = finding_words(outcome, reasons, valid_to, end)
            if words:
                problems.append(
                    Problem("takeover_differs", words, line=line, field="受給者_宛名番号", value=person,
                            severity=Severity.WARNING)
                )  # fmt: skip
    return problems


def finding_words(outcome: str, reasons: Sequence[str], valid_to: date | None, end: date | None) -> str:
    """What our rules say against a row that was taken over; "" where they agree on the right and its end."""
    hard = [reason_label(code) for code in reasons if not is_note(code)]
    if outcome == "rejected":
        return f"こちらの規則では非該当です: {'、'.join(hard)}"
    if outcome == "pending":
        return f"こちらの規則では保留です: {'、'.join(hard)}"
    if end is not None and (valid_to is None or valid_to > end):
        return f"資格の終わりが、こちらの規則({end})より後です。"
    if valid_to is not None and (end is None or valid_to < end):
        return f"資格の終わりが、こちらの規則({end or 'なし'})より前です。"
    return ""


def take_over(*, using: str, rows: pl.DataFrame, on: date, now: datetime, run_id: int, file_id: int) -> pl.DataFrame:
    """Write numbers, decisions (契機 移行), entitlements and family of some rows; gives the rows with decision_id."""
    # first the family: what our rules then say is what they go on saying until something new is told
    _record_family(using, rows, now=now, file_id=file_id)
    judged = judged_rows(using=using, rows=rows, on=on)
    _record_numbers(using, rows)
    known = (pl.col("our_outcome") == "eligible") & pl.col("our_copay_class").eq_missing(pl.col("copay_class"))
    decided = add_decisions(
        using=using,
        rows=judged.with_columns(
            pl.lit(DecisionKind.TAKE_OVER.value).alias("kind"),
            pl.lit("eligible").alias("outcome"),
            pl.lit([], dtype=pl.List(pl.String)).alias("reasons"),
            pl.lit(None, dtype=pl.Int64).alias("application_id"),
            pl.lit(on).alias("decided_on"),
            pl.col("valid_from").alias("start"),
            pl.col("valid_to").alias("end"),
            # the old system's income is not handed over: until the renewal only what agrees with ours is compared
            pl.when(known).then("income_year").alias("income_year"),
        ),
        now=now,
        run_id=run_id,
    )
    add_entitlements(using=using, rows=decided, now=now)
    _keep_rows(using, decided, on=on, run_id=run_id, file_id=file_id)
    return decided


def _record_numbers(using: str, rows: pl.DataFrame) -> None:
    connection = connections[using]
    schemes = rows["scheme"].unique().sort().to_list()
    with connection.cursor() as cursor:
        for scheme in schemes:  # as in ledger.number_recipients: numbers change hands in one transaction at a time
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"recipient-number:{scheme}"])
    schema = dict.fromkeys(("scheme", "atena_no"), pl.String())
    query = "SELECT scheme, atena_no FROM subsidy_recipient_number WHERE scheme = ANY(%s)"
    known = copy_out(connection, query, [schemes], schema=schema)
    fresh = rows.select("scheme", "atena_no", "recipient_no").unique(maintain_order=True)
    copy_in(
        connection,
        "subsidy_recipient_number",
        fresh.join(known, on=["scheme", "atena_no"], how="anti", maintain_order="left"),
    )


def _keep_rows(using: str, decided: pl.DataFrame, *, on: date, run_id: int, file_id: int) -> None:
    given = [c for c in decided.columns if c in _FEED_COLUMNS]
    kept = decided.select(
        "scheme",
        "atena_no",
        "recipient_no",
        "decision_id",
        "our_outcome",
        "our_reasons",
        "line",
        pl.struct(given).struct.json_encode().alias("row"),
        taken_on=pl.lit(on),
        run_id=pl.lit(run_id, dtype=pl.Int64),
        file_id=pl.lit(file_id, dtype=pl.Int64),
    )
    copy_in(connections[using], TakenOver._meta.db_table, kept)


_FEED_COLUMNS = frozenset(
    {
        "scheme", "atena_no", "recipient_no", "payer_no", "role_code", "valid_from", "valid_to", "band", "coverage",
        "copay_class", "funding", "certificate_issued_on", "certificate_from", "certificate_until", "note",
        *(f"{kind}_atena_no" for kind in _RELATIONS), "supporter_atena_nos", "child_atena_nos",
        "single_parent_reason", "single_parent_since", "child_support",
    }
)  # fmt: skip


def _record_family(using: str, rows: pl.DataFrame, *, now: datetime, file_id: int) -> None:
    """Who belongs to whom, as the old system says: only what is given, from the first day of the entitlement."""
    said = rows.with_columns(
        pl.lit(SUPPORTER_CHANGE).alias("application_kind"),
        pl.col("valid_from").alias("event_date"),
        pl.col("valid_from").alias("received_on"),
        pl.lit(value=False).alias("de_facto_spouse"),
    )
    people = rows["atena_no"]
    relations = select_current(using=using, table=RELATIONS, atena_nos=people)
    status = select_current(using=using, table=SINGLE_PARENTS, atena_nos=people)
    for table, frame in (
        (RELATIONS, relation_rows(relation_declarations(said), relations)),
        (SINGLE_PARENTS, single_parent_rows(said, status)),
    ):
        record(using=using, table=table, incoming=frame, now=now, file_id=file_id)
