from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasuke.city.draw import date_series, digits, with_weight21
from tasuke.city.parts import TooFewRecipients, claims_month, residents_only
from tasuke.formats import resident_feed, uke
from tasuke.schemes.profile import Profile

APRIL = date(2026, 4, 1)


def recipients(count: int) -> pl.DataFrame:
    births = np.random.default_rng(1).integers(14_500, 20_000, count)
    constant = {
        "scheme": "sapporo-kodomo", "payer_no": "90019019", "copay_class": "standard", "coverage": "both",
        "name": "試験　太郎", "sex": "1", "insurance_kind": "4", "insurer_no": "06130488", "symbol": "12",
        "insured_relation": "2",
    }  # fmt: skip
    return pl.DataFrame(
        {
            "recipient_no": with_weight21(np.arange(1, count + 1), 6),
            "number": digits(np.arange(1, count + 1), 1),
            "birth_date": date_series("b", births),
        }
    ).with_columns(**{k: pl.lit(v) for k, v in constant.items()})


def test_claims_month_writes_exactly_what_was_asked(sapporo: Profile, tmp_path: Path) -> None:
    made = claims_month(recipients=recipients(500), profile=sapporo, month=APRIL, claims=700, seed=1, out=tmp_path)
    assert sum(w.count for w in made.written) == 700
    parsed = [uke.parse(w.path.read_bytes())[0].claims for w in made.written if w.care]
    assert sum(p.height for p in parsed) == 700
    assert made.claims["subsidy"].min() >= 0


def test_files_of_the_month_carry_whole_yen_that_add_up_to_the_cost(sapporo: Profile, tmp_path: Path) -> None:
    made = claims_month(recipients=recipients(500), profile=sapporo, month=APRIL, claims=700, seed=1, out=tmp_path)

    plain = made.claims.filter(pl.col("national_payer").is_null(), ~pl.col("inpatient"))
    insurer = pl.col("cost") * pl.col("benefit_rate") // 100
    assert plain.select((insurer + pl.col("subsidy") + pl.col("copay") == pl.col("cost")).all()).item()
    written = pl.concat([uke.parse(w.path.read_bytes())[0].kohi for w in made.written if w.care])
    copays = written.filter(pl.col("payer_no") == "90019019").get_column("copay")
    assert copays.sum() == made.claims.filter(pl.col("agency") == "1")["copay"].sum()
    assert (made.claims["subsidy"] % 10 != 0).any()


def test_claims_month_says_when_it_is_too_much(sapporo: Profile, tmp_path: Path) -> None:
    with pytest.raises(TooFewRecipients, match="受給者を増やして"):
        claims_month(recipients=recipients(1), profile=sapporo, month=APRIL, claims=5_000, seed=1, out=tmp_path)


def test_residents_only_is_one_file_without_seams(
    sapporo: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasuke.city.parts._PIECE", 300)
    path = residents_only(profile=sapporo, residents=1_000, seed=3, start=APRIL, out=tmp_path)
    frame, problems = resident_feed.parse(path.read_bytes())
    assert problems == []
    assert frame["seq"].to_list() == list(range(1, 1_001))
