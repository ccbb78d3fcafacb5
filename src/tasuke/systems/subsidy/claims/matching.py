"""Claims held against the register, on columns: whose number, which person, which entitlement on the days of service.

`match` gives every claim back exactly once, with the person, the entitlement and a mask of reasons; it never drops a
row and never raises on what a claim says.
"""

import polars as pl

from tasuke.core.numbers import weight21_ok_expr
from tasuke.systems.subsidy.claims.frames import CLAIM_SCHEMA, KOHI_SCHEMA, Register, typed
from tasuke.systems.subsidy.claims.kohi import choose_kohi
from tasuke.systems.subsidy.claims.names import same_name
from tasuke.systems.subsidy.claims.periods import match_period
from tasuke.systems.subsidy.claims.reasons import ClaimReason, bits, flag, has_any

_TO_DIGITS = 7


def match(claims: pl.DataFrame, kohi: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Claims with their 公費, person (atena_no, p_…), entitlement and `mask` (see reasons).

    claims, kohi: the neutral frames (contract of formats.uke and formats.claims_csv); `line` is unique in claims.
    """
    frame = _normalised(claims)
    frame = choose_kohi(frame, typed(kohi, KOHI_SCHEMA), register.payers)
    frame = _with_holder(frame, register)
    frame = _with_right_person(frame, register)
    frame = match_period(frame, register)
    frame = _with_insurance(frame, register)
    return _with_other_scheme(frame, register)


def _normalised(claims: pl.DataFrame) -> pl.DataFrame:
    """Typed, with the benefit rate by receipt type where the claim does not say it."""
    frame = typed(claims, CLAIM_SCHEMA)
    return frame.with_columns(
        benefit_rate=pl.coalesce("benefit_rate", _rate_by_type()).clip(0, 100),
        visit_days=pl.col("visit_days").fill_null(0),
        first_visits=pl.col("first_visits").fill_null(0),
        inpatient=pl.col("inpatient").fill_null(value=False),
    )


def _rate_by_type() -> pl.Expr:
    """給付割合 by レセプト種別 (記載要領 別表5): 社保 claims do not write it. 六 = 80, 高齢 by its digit, else 70."""
    kind = pl.col("receipt_type")
    last, late = kind.str.slice(3, 1), kind.str.slice(1, 1) == "3"
    twenty = pl.col("special_notes").str.contains("20", literal=True).fill_null(value=False)  # 二割
    child = pl.when(last.is_in(["3", "4"])).then(pl.lit(80, dtype=pl.Int64))
    aged = child.when(last.is_in(["7", "8"]) & late & ~twenty).then(90).when(last.is_in(["7", "8"])).then(80)
    return aged.otherwise(70)


def _with_holder(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """The person who holds the recipient number in the scheme of the payer number (atena_no, p_…)."""
    given = register.entitlements if register.holders is None else register.holders
    holders = given.select("scheme", "recipient_no", "atena_no").unique(
        ["scheme", "recipient_no"], keep="first", maintain_order=True
    )
    persons = register.persons.select("atena_no", **{f"p_{c}": c for c in _PERSON_COLUMNS}).unique("atena_no")
    frame = frame.join(holders, on=["scheme", "recipient_no"], how="left", maintain_order="left")
    frame = frame.join(persons, on="atena_no", how="left", maintain_order="left")
    frame = frame.with_columns(name_same=same_name(frame)).with_columns(
        birth_same=pl.col("birth_date") == pl.col("p_birth_date")
    )
    number = pl.col("recipient_no")
    stated = pl.col("scheme").is_not_null() & number.is_not_null() & (number != "")
    nobody = stated & pl.col("atena_no").is_null()
    right_digit = weight21_ok_expr(number, _TO_DIGITS).fill_null(value=False)
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(nobody & ~right_digit, ClaimReason.RECIPIENT_CHECK_DIGIT)
        | flag(nobody & right_digit, ClaimReason.RECIPIENT_UNKNOWN)
    )


_PERSON_COLUMNS = ("name", "alias", "name_kana", "sex", "birth_date", "resident_status")


def _with_right_person(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Where the number leads to nobody or to somebody else: the one entitled person with that name and birth date."""
    other = pl.col("atena_no").is_not_null() & (pl.col("name_same") == False) & (pl.col("birth_same") == False)  # noqa: E712
    frame = frame.with_columns(other_person=other.fill_null(value=False))
    odd = frame.filter(pl.col("other_person") | pl.col("atena_no").is_null())
    found = _found(odd, register)
    frame = frame.join(found, on="line", how="left", maintain_order="left")
    hit = pl.col("found_atena").is_not_null()
    lead = pl.col("scheme").is_not_null() & hit
    same_number = lead & (pl.col("found_number") == pl.col("recipient_no"))
    nobody = bits(ClaimReason.RECIPIENT_UNKNOWN.bit)
    # the right number under the payer number of another scheme: the payer number is wrong, not the recipient's
    wrongly = same_number & has_any(ClaimReason.RECIPIENT_UNKNOWN.bit)
    mask = pl.when(wrongly).then(pl.col("mask") - nobody).otherwise("mask")
    return frame.with_columns(
        mask=mask
        | flag(same_number, ClaimReason.PAYER_OF_OTHER_SCHEME)
        | flag(lead & ~same_number, ClaimReason.PERSON_HAS_OTHER_NUMBER)
        | flag(pl.col("other_person") & ~hit, ClaimReason.RECIPIENT_OTHER_PERSON)
        | _notes()
    ).with_columns(
        # a claim under a wrong number is shown with the person who really was treated
        atena_no=pl.coalesce("found_atena", "atena_no"),
        match_scheme=pl.coalesce("found_scheme", "scheme"),
    )


def _notes() -> pl.Expr:
    same_person = ~pl.col("other_person")
    sexes = pl.col("sex").is_in(["1", "2"]) & pl.col("p_sex").is_in(["1", "2"])
    return (
        flag(same_person & ~pl.col("birth_same"), ClaimReason.BIRTH_DATE_DIFFERS)
        | flag(same_person & ~pl.col("name_same"), ClaimReason.NAME_DIFFERS)
        | flag(same_person & sexes & (pl.col("sex") != pl.col("p_sex")), ClaimReason.SEX_DIFFERS)
    )


def _found(odd: pl.DataFrame, register: Register) -> pl.DataFrame:
    """(line, found_atena, found_scheme, found_number) for claims that fit exactly one entitled person."""
    wanted = odd.filter(pl.col("birth_date").is_not_null()).select("line", "name", "kana", "birth_date", "scheme")
    persons = register.persons.join(wanted.select("birth_date").unique(), on="birth_date", how="semi").select(
        "birth_date", pl.col("atena_no").alias("found_atena"), **{f"p_{c}": c for c in ("name", "alias", "name_kana")}
    )
    pairs = wanted.join(persons, on="birth_date")
    pairs = pairs.filter(same_name(pairs).fill_null(value=False)) if pairs.height else pairs
    single = pairs.filter(pl.col("found_atena").n_unique().over("line") == 1) if pairs.height else pairs
    numbers = register.entitlements.select(
        pl.col("atena_no").alias("found_atena"),
        pl.col("scheme").alias("found_scheme"),
        pl.col("recipient_no").alias("found_number"),
        "valid_from",
    )
    # several schemes: that of the claim's payer number first, then the newest
    return (
        single.join(numbers, on="found_atena")
        .sort("line", pl.col("found_scheme") != pl.col("scheme").fill_null(""), -pl.col("valid_from").to_physical())
        .unique("line", keep="first", maintain_order=True)
        .select("line", "found_atena", "found_scheme", "found_number")
    )


def _with_insurance(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """insurance_kind and r_insurer_no of the register on the first day of service; notes where they differ."""
    known = (
        register.insurance.filter(pl.col("atena_no").is_not_null(), pl.col("valid_from").is_not_null())
        .select(
            "atena_no",
            pl.col("valid_from").alias("insured_from"),
            pl.col("valid_to").alias("insured_to"),
            pl.col("insurer_no").alias("r_insurer_no"),
            pl.col("insurance_kind").alias("r_insurance_kind"),
        )
        .sort("insured_from")
    )
    looked = (
        frame.select("line", "atena_no", "service_date")
        .filter(pl.col("atena_no").is_not_null(), pl.col("service_date").is_not_null())
        .sort("service_date")
        .join_asof(
            known,
            left_on="service_date",
            right_on="insured_from",
            by="atena_no",
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("insured_to").is_null() | (pl.col("service_date") < pl.col("insured_to")))
        .filter(pl.col("r_insurer_no").is_not_null())
        .select("line", "r_insurer_no", "r_insurance_kind")
    )
    frame = frame.join(looked, on="line", how="left", maintain_order="left")
    billed, ours = pl.col("insurer_no"), pl.col("r_insurer_no")
    matched = pl.col("entitlement_id").is_not_null()
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(matched & (billed != ours), ClaimReason.INSURER_DIFFERS)
        | flag(matched & ours.is_null(), ClaimReason.NOT_INSURED_IN_REGISTER)
    )


def _with_other_scheme(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Marks claims of a person who on the first day of service holds a scheme to which this one gives way."""
    first = (
        register.entitlements.join(register.yields, left_on="scheme", right_on="other", how="inner").select(
            "atena_no",
            pl.col("scheme").alias("first_scheme"),
            pl.col("scheme_right").alias("match_scheme"),
            pl.col("valid_from").alias("other_from"),
            pl.col("valid_to").alias("other_to"),
        )
        if register.yields.height
        else None
    )
    if first is None or first.is_empty():
        return frame.with_columns(first_scheme=pl.lit(None, dtype=pl.String))
    day = pl.col("service_date")
    held = (
        frame.select("line", "atena_no", "match_scheme", "service_date")
        .join(first, on=["atena_no", "match_scheme"])
        .filter((pl.col("other_from") <= day) & (pl.col("other_to").is_null() | (day < pl.col("other_to"))))
        .unique("line", keep="first", maintain_order=True)
        .select("line", "first_scheme")
    )
    frame = frame.join(held, on="line", how="left", maintain_order="left")
    return frame.with_columns(
        mask=pl.col("mask") | flag(pl.col("first_scheme").is_not_null(), ClaimReason.OTHER_SCHEME_FIRST)
    )
