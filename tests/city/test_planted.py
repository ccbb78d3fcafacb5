"""The key file is true: every planted row is where it says, and is wrong in the way it says."""

from typing import Any

import polars as pl

from tasuke.city.files import FileKind
from tasuke.city.mistakes import MistakeKind
from tasuke.core.numbers import NumberKind, check_number
from tasuke.formats import receipt_feed, resident_feed

CLAIM_KINDS = [k for k in MistakeKind if not k.value.startswith("receipt_")]
NATIONAL = ("52", "21", "54")


def spoiled(city: Any, kind: MistakeKind) -> pl.DataFrame:
    """Planted claims of a kind beside what the file says (own 公費 only)."""
    wanted = city.planted.filter(pl.col("kind") == kind.value, ~pl.col("file").str.starts_with("receipts_"))
    own = city.kohi.filter(~pl.col("payer_no").str.slice(0, 2).is_in(list(NATIONAL))).select(
        "file", "line", "payer_no", "copay", billed_no="recipient_no"
    )
    claims = city.claims.join(own, on=["file", "line"], how="left")
    return wanted.join(claims, on=["file", "line"], how="left", suffix="_claim")


def register(city: Any) -> pl.DataFrame:
    files = [f for f in city.written.files if f.kind is FileKind.RESIDENTS]
    ordered = sorted(files, key=lambda f: (f.month is not None, f.path.name))
    return pl.concat([resident_feed.parse(f.path.read_bytes())[0] for f in ordered])


def test_every_planted_line_is_a_receipt(city: Any) -> None:
    rows = city.planted.filter(~pl.col("file").str.starts_with("receipts_"))
    found = rows.join(city.claims.select("file", "line"), on=["file", "line"], how="semi")
    assert found.height == rows.height
    assert rows.height > 20


def test_wrong_check_digits_are_wrong(city: Any) -> None:
    rows = spoiled(city, MistakeKind.RECIPIENT_CHECK_DIGIT)
    assert rows.height
    assert not any(check_number(NumberKind.RECIPIENT, n).valid for n in rows["billed_no"])


def test_unknown_numbers_are_valid_but_unassigned(city: Any) -> None:
    rows = spoiled(city, MistakeKind.RECIPIENT_UNKNOWN)
    assert rows.height
    assert all(check_number(NumberKind.RECIPIENT, n).valid for n in rows["billed_no"])
    assert (rows["billed_no"].str.slice(0, 6).cast(pl.Int64) >= 900_000).all()


def test_wrong_payer_numbers_are_not_ours(city: Any) -> None:
    rows = spoiled(city, MistakeKind.WRONG_PAYER)
    ours = {p.payer_no for p in city.profile.payer_numbers}
    assert not set(rows["payer_no"]) & ours


def test_wrong_birth_dates_differ_from_the_register(city: Any) -> None:
    rows = spoiled(city, MistakeKind.WRONG_BIRTH_DATE)
    births = register(city).select("atena_no", true_birth="birth_date").unique("atena_no", keep="first")
    joined = rows.join(births, on="atena_no")
    assert joined.height == rows.height
    assert (joined["birth_date"] != joined["true_birth"]).all()


def test_too_low_copayments_are_zero(city: Any) -> None:
    rows = spoiled(city, MistakeKind.COPAY_TOO_LOW)
    assert (rows["copay"].fill_null(0) == 0).all()
    assert (rows["amount"] > 0).all()


def test_duplicates_have_a_twin(city: Any) -> None:
    key = ["institution_code", "service_month", "care", "inpatient", "name", "cost", "days"]
    inside = spoiled(city, MistakeKind.DUPLICATE_IN_FILE)
    assert inside.height
    twins = city.claims.group_by("file", *key).len("copies")
    assert (inside.join(twins, on=["file", *key], how="left")["copies"] >= 2).all()
    across = spoiled(city, MistakeKind.DUPLICATE_ACROSS_MONTHS)
    assert across.height
    everywhere = city.claims.group_by(key).agg(pl.col("billed_month").n_unique().alias("months"))
    assert (across.join(everywhere, on=key, how="left")["months"] >= 2).all()


def test_after_loss_means_after_removal_or_another_end(city: Any) -> None:
    rows = spoiled(city, MistakeKind.AFTER_LOSS)
    assert rows.height
    removed = register(city).filter(pl.col("removed_on").is_not_null()).select("atena_no", "removed_on")
    joined = rows.join(removed.unique("atena_no", keep="last"), on="atena_no", how="left")
    gone = joined.filter(pl.col("removed_on").is_not_null())
    assert (gone["service_month"] >= gone["removed_on"].dt.month_start()).all()


def test_good_claims_bill_what_the_scheme_leaves(city: Any) -> None:
    """No good claim carries a copayment above the patient's share."""
    good = city.claims.join(city.planted.select("file", "line"), on=["file", "line"], how="anti")
    own = city.kohi.filter(~pl.col("payer_no").str.slice(0, 2).is_in(list(NATIONAL)))
    joined = good.join(own.select("file", "line", "copay"), on=["file", "line"], how="inner")
    assert (joined["copay"].fill_null(0) * 10 <= joined["cost"] * 3 + 100).all()


def test_claims_have_no_other_doubles(city: Any) -> None:
    key = ["institution_code", "service_month", "care", "inpatient", "name", "birth_date", "insurer_no"]
    good = city.claims.join(city.planted.select("file", "line"), on=["file", "line"], how="anti")
    identical = good.group_by(key).len("copies").filter(pl.col("copies") > 1)
    # persons of the same name and birth date may go to the same doctor
    assert identical.height <= 3


def test_planted_receipts_are_where_the_key_says(city: Any) -> None:
    rows = city.planted.filter(pl.col("file").str.starts_with("receipts_"))
    for (name,), part in rows.group_by("file"):
        frame = receipt_feed.parse((city.written.out / str(name)).read_bytes())[0]
        joined = part.join(frame.select("line", "person_atena_no"), on="line", how="left")
        assert (joined["atena_no"] == joined["person_atena_no"]).all()


def test_all_claim_kinds_occur_in_one_of_the_cities(city: Any) -> None:
    kinds = set(city.planted["kind"])
    assert kinds >= {k.value for k in (MistakeKind.DUPLICATE_IN_FILE, MistakeKind.RECIPIENT_OF_OTHER)}
    assert kinds <= {k.value for k in MistakeKind}
