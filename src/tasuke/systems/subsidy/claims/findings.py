"""The values of both sides behind each reason, as text for a clerk."""

import polars as pl

from tasuke.systems.subsidy.claims.reasons import INFO, ClaimReason, has_any

_LENGTH = 200


def findings_of(decided: pl.DataFrame) -> pl.DataFrame:
    """(line, reason, billed, ours, rule): one row per reason of each claim. Values are cut at 200 characters."""
    marked = decided.filter(pl.col("mask") != 0)
    found = [_of_reason(marked, reason) for reason in ClaimReason if _any(marked, reason)]
    schema = dict.fromkeys(("reason", "billed", "ours", "rule"), pl.String)
    return pl.concat([pl.DataFrame(schema={"line": pl.Int64, **schema}), *found]).sort("line", "reason")


def _any(marked: pl.DataFrame, reason: ClaimReason) -> bool:
    return marked.filter(has_any(reason.bit)).height > 0


def _of_reason(marked: pl.DataFrame, reason: ClaimReason) -> pl.DataFrame:
    billed, ours = _SIDES.get(reason, (_NOTHING, _NOTHING))
    rule = pl.lit(INFO[reason].rule)
    if reason in _BY_RULE:
        rule = pl.coalesce("rule_key", rule)
    return marked.filter(has_any(reason.bit)).select(
        "line",
        pl.lit(reason.value).alias("reason"),
        billed.fill_null("").str.slice(0, _LENGTH).alias("billed"),
        ours.fill_null("").str.slice(0, _LENGTH).alias("ours"),
        rule.alias("rule"),
    )


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String)


def _yen(column: str) -> pl.Expr:
    return pl.format("{}円", pl.col(column))


def _days(column: str) -> pl.Expr:
    """A month's bits as a list of days: 3日,5日."""
    parts = [pl.when(pl.col(column) & (1 << (d - 1)) != 0).then(pl.lit(f"{d}日")) for d in range(1, 32)]
    return pl.concat_str(parts, separator=",", ignore_nulls=True)


def _month(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y年%m月")


_NOTHING = pl.lit("")
_SPAN = pl.format(
    "{}から{}まで",
    _text("valid_from"),
    pl.coalesce((pl.col("valid_to") - pl.duration(days=1)).cast(pl.String), pl.lit("")),
)
_PERIOD = (_days("outside"), _SPAN)
_LOSS = (_days("outside"), pl.format("{}に終了 {}", _text("lost_on"), pl.col("loss_reason").fill_null("")))
_BURDEN = (
    pl.when(pl.col("burden_low") < pl.col("burden"))
    .then(pl.format("{}〜{}円", "burden_low", "burden"))
    .otherwise(_yen("burden"))
)
_RIGHT_NUMBER = pl.format("{} {}", pl.col("found_scheme").fill_null(""), pl.col("found_number").fill_null(""))
_RECIPIENT = (_text("recipient_no"), _RIGHT_NUMBER.str.strip_chars())
_PERSON = pl.format("{} {}", pl.col("name").fill_null(""), pl.col("birth_date").cast(pl.String).fill_null(""))
_REGISTERED = pl.format("{} {}", pl.col("p_name").fill_null(""), pl.col("p_birth_date").cast(pl.String).fill_null(""))
_CLAIM = pl.format("{}円 {}日", pl.col("cost").fill_null(0), pl.col("days").fill_null(0))
_TWIN = pl.format("{}行目", pl.col("twin"))
_TWIN_CLAIM = pl.format("レセプト{}", pl.col("twin_claim"))
_AREA = (_text("institution_code"), _NOTHING)

_SIDES: dict[ClaimReason, tuple[pl.Expr, pl.Expr]] = {
    ClaimReason.PAYER_CHECK_DIGIT: (_text("payer_no"), _NOTHING),
    ClaimReason.PAYER_NOT_OURS: (_text("payer_no"), _NOTHING),
    ClaimReason.PAYER_OF_OTHER_SCHEME: (_text("payer_no"), pl.coalesce("e_payer_no", "found_scheme")),
    ClaimReason.PAYER_OF_OTHER_PART: (_text("payer_no"), _text("e_payer_no")),
    ClaimReason.RECIPIENT_CHECK_DIGIT: _RECIPIENT,
    ClaimReason.RECIPIENT_UNKNOWN: _RECIPIENT,
    ClaimReason.PERSON_HAS_OTHER_NUMBER: _RECIPIENT,
    ClaimReason.RECIPIENT_OTHER_PERSON: (_PERSON, _REGISTERED),
    ClaimReason.BEFORE_START: (_days("outside"), pl.format("{}に開始", _text("begins_on"))),
    **{reason: _LOSS for reason in ClaimReason if reason.value.startswith("AFTER_")},
    ClaimReason.RETROACTIVE_LOSS: (
        _days("outside"),
        pl.format(
            "{}に記録 {}に遡って終了 {}", _text("lost_known"), _text("lost_on"), pl.col("loss_reason").fill_null("")
        ),
    ),
    ClaimReason.PARTLY_BEFORE_START: _PERIOD,
    ClaimReason.PARTLY_AFTER_LOSS: _PERIOD,
    ClaimReason.DAYS_UNKNOWN: (pl.format("{}日", pl.col("days").fill_null(0)), _SPAN),
    ClaimReason.TWO_CLASSES: (_days("wanted"), _text("copay_class")),
    ClaimReason.SERVICE_AFTER_BILLING: (_month("service_month"), _month("billed_month")),
    ClaimReason.TOO_OLD: (_month("service_month"), _NOTHING),
    ClaimReason.OUTSIDE_COVERAGE: (
        pl.when("inpatient").then(pl.lit("入院")).otherwise(pl.lit("通院")),
        _text("coverage"),
    ),
    ClaimReason.CARE_NOT_COVERED: (_text("care"), _text("copay_class")),
    ClaimReason.NO_RULE: (_text("service_date"), _text("copay_class")),
    ClaimReason.NOT_IN_KIND_AREA: _AREA,
    ClaimReason.NOT_IN_KIND_INSURER: (_text("insurer_no"), _NOTHING),
    ClaimReason.INSURER_UNCONFIRMED: (_text("insurer_no"), _NOTHING),
    ClaimReason.NOT_IN_KIND_CARE: (_text("care"), _NOTHING),
    ClaimReason.SAME_RECEIPT: (_CLAIM, pl.coalesce(pl.format("{}行目", pl.col("double_of")), _TWIN_CLAIM)),
    ClaimReason.DUPLICATE_IN_FILE: (_CLAIM, _TWIN),
    ClaimReason.NEAR_DUPLICATE_IN_FILE: (_CLAIM, _TWIN),
    ClaimReason.DUPLICATE_EARLIER: (_CLAIM, _TWIN_CLAIM),
    ClaimReason.NEAR_DUPLICATE_EARLIER: (_CLAIM, _TWIN_CLAIM),
    ClaimReason.ALREADY_REIMBURSED: (
        _yen("expected_subsidy"),
        pl.format("受付番号{} {}円", pl.col("paid_receipt"), pl.col("paid_amount")),
    ),
    ClaimReason.OTHER_SCHEME_FIRST: (_text("scheme"), _text("first_scheme")),
    ClaimReason.TWO_OWN_SCHEMES: (_text("scheme"), _NOTHING),
    ClaimReason.COPAY_TOO_LOW: (_yen("billed_burden"), _BURDEN),
    ClaimReason.COPAY_TOO_HIGH: (_yen("billed_burden"), _BURDEN),
    ClaimReason.COPAY_IN_TENS: (_yen("billed_burden"), _BURDEN),
    ClaimReason.INSURANCE_SHARE_TOO_HIGH: (_yen("insurance_share"), pl.format("{}%", pl.col("benefit_rate"))),
    ClaimReason.FILE_TOTALS_DIFFER: (_text("totals_said"), _text("totals_found")),
    ClaimReason.REEXAMINED: (_CLAIM, pl.format("レセプト{}", pl.col("reexamined"))),
    ClaimReason.BIRTH_DATE_DIFFERS: (_text("birth_date"), _text("p_birth_date")),
    ClaimReason.NAME_DIFFERS: (_text("name"), _text("p_name")),
    ClaimReason.SEX_DIFFERS: (_text("sex"), _text("p_sex")),
    ClaimReason.INSURER_DIFFERS: (_text("insurer_no"), _text("r_insurer_no")),
    ClaimReason.NOT_INSURED_IN_REGISTER: (_text("insurer_no"), _NOTHING),
}
# reasons whose rule is the very copayment rule that was applied
_BY_RULE = frozenset(
    {
        ClaimReason.COPAY_TOO_LOW,
        ClaimReason.COPAY_TOO_HIGH,
        ClaimReason.CARE_NOT_COVERED,
        ClaimReason.UNCONFIRMED_RULE,
    }
)
