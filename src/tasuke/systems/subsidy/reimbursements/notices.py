"""Which 支給・不支給決定通知書 go out, to whom, and how: pure, frames in, letters and problems out."""

from dataclasses import dataclass

import polars as pl

from tasuke.core.problems import Problem

_DEAD = "3"
_PERSON = ("name", "postal_code", "printed_address", "resident_status", "protection")


@dataclass(frozen=True, slots=True)
class ReimbursementLetters:
    """letters: one row per decision with the addressee (`to_…`) and `hand`; held: decisions whose letter cannot be
    written now, one problem each."""

    letters: pl.DataFrame
    held: pl.DataFrame
    problems: list[Problem]


def select_reimbursement_letters(
    decisions: pl.DataFrame, lines: pl.DataFrame, persons: pl.DataFrame
) -> ReimbursementLetters:
    """Every decision ends as a letter or held with a problem. The letter goes to the applicant, who is the payee.

    decisions: as `queries.decisions_frame`; lines: as `queries.untold_lines_frame`; persons: the persons_frame of all
    who are named, with `printed_address`.
    """
    people = persons.select("atena_no", *_PERSON)
    sums = lines.group_by("reimbursement_id").agg(lines=pl.len(), lines_amount=pl.col("subsidy").sum())
    rows = (
        decisions.join(people, on="atena_no", how="left", maintain_order="left")
        .join(
            people.rename({c: f"to_{c}" for c in people.columns}),
            left_on="payee_atena_no",
            right_on="to_atena_no",
            how="left",
            maintain_order="left",
        )
        .join(sums, on="reimbursement_id", how="left", maintain_order="left")
    )
    fault, message = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for condition, code, words in reversed(_FAULTS):
        hit = condition.fill_null(value=False)
        fault = pl.when(hit).then(pl.lit(code)).otherwise(fault)
        message = pl.when(hit).then(pl.lit(words)).otherwise(message)
    rows = rows.with_columns(fault=fault, message=message)
    held = rows.filter(pl.col("fault").is_not_null())
    problems = [
        Problem(code, words, field="受付番号", value=no)
        for no, code, words in held.select("receipt_no", "fault", "message").iter_rows()
    ]
    hand = pl.col("protection").fill_null(value=True) | pl.col("to_protection").fill_null(value=True)
    letters = (
        rows.filter(pl.col("fault").is_null())
        .with_columns(hand=hand)
        .sort("hand", "outcome", "to_postal_code", "reimbursement_id")
        .drop("fault", "message")
    )
    return ReimbursementLetters(letters, held, problems)


# why a letter cannot be written now; the first that applies is told
_FAULTS: tuple[tuple[pl.Expr, str, str], ...] = (
    (
        pl.col("lines").is_null() | (pl.col("lines_amount") != pl.col("amount")),
        "reimbursement_notice.sum",
        "明細の助成額の合計が決定の支給額と合わないため、通知を作れません",
    ),
    (
        pl.col("name").is_null(),
        "reimbursement_notice.person_unknown",
        "住民情報に受診者がいないため、通知を作れません",
    ),
    (
        pl.col("to_name").is_null(),
        "reimbursement_notice.addressee_unknown",
        "申請者が住民情報にいないため、通知を作れません",
    ),
    (
        pl.col("to_resident_status") == _DEAD,
        "reimbursement_notice.addressee_dead",
        "申請者が亡くなっています。受け取る人を確かめてください",
    ),
    (
        pl.col("to_printed_address").fill_null("") == "",
        "reimbursement_notice.no_address",
        "申請者の住所が分かりません",
    ),
)
