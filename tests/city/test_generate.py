"""A whole small city: the same bytes for the same seed, files that parse, distributions that look right."""

import hashlib
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasuke.city.files import FileKind
from tasuke.city.generate import generate
from tasuke.city.mistakes import NO_MISTAKES, MistakeRates
from tasuke.core.problems import Problem, Severity
from tasuke.formats import (
    application_feed,
    entitlement_feed,
    my_number_feed,
    nhi_feed,
    receipt_feed,
    resident_feed,
    tax_feed,
    welfare_feed,
)
from tasuke.schemes.profile import Profile

FEEDS: dict[FileKind, Any] = {
    FileKind.RESIDENTS: resident_feed,
    FileKind.NUMBERS: my_number_feed,
    FileKind.TAX: tax_feed,
    FileKind.INSURANCE: nhi_feed,
    FileKind.WELFARE: welfare_feed,
    FileKind.APPLICATIONS: application_feed,
    FileKind.OLD_APPLICATIONS: application_feed,
    FileKind.ENTITLEMENTS: entitlement_feed,
    FileKind.RECEIPTS: receipt_feed,
}
# 制度改正 is applied for ahead of its day, and rightly so
EXPECTED_WARNINGS: set[str] = set()


def digests(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def small(profile: Profile, out: Path, seed: int, **more: Any) -> dict[str, str]:
    generate(profile=profile, residents=700, months=2, seed=seed, start=date(2026, 8, 1), out=out, **more)
    return digests(out)


def test_same_seed_gives_the_same_bytes(kawasaki: Profile, tmp_path: Path) -> None:
    first, second = small(kawasaki, tmp_path / "a", 5), small(kawasaki, tmp_path / "b", 5)
    assert first == second
    assert len(first) > 15


def test_another_seed_gives_another_city(kawasaki: Profile, tmp_path: Path) -> None:
    first, second = small(kawasaki, tmp_path / "a", 5), small(kawasaki, tmp_path / "b", 6)
    assert first["resident_full.csv"] != second["resident_full.csv"]


def test_generating_twice_into_one_folder_changes_nothing(kawasaki: Profile, tmp_path: Path) -> None:
    assert small(kawasaki, tmp_path, 5) == small(kawasaki, tmp_path, 5)


def test_progress_is_told_to_the_end(sapporo: Profile, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    generate(
        profile=sapporo, residents=600, months=1, seed=2, start=date(2026, 4, 1), out=tmp_path,
        progress=lambda step, done, total: told.append((step, done, total)),
    )  # fmt: skip
    assert told[-1][1] == told[-1][2]
    assert [t[1] for t in told] == sorted(t[1] for t in told)


def test_no_mistakes_plants_nothing_but_accounts(sapporo: Profile, tmp_path: Path) -> None:
    files = generate(
        profile=sapporo, residents=900, months=2, seed=2, start=date(2026, 4, 1), out=tmp_path, mistakes=NO_MISTAKES
    )
    assert set(pl.read_csv(files.planted)["kind"].to_list()) <= {"account_unusable"}


def test_mistakes_are_about_two_in_a_hundred() -> None:
    assert 0.015 < MistakeRates().total < 0.025


def test_every_feed_parses_without_problems(city: Any) -> None:
    for file in city.written.files:
        if file.kind not in FEEDS:
            continue
        frame, problems = FEEDS[file.kind].parse(file.path.read_bytes())
        serious: list[Problem] = [p for p in problems if p.severity is not Severity.WARNING]
        assert serious == [], (file.path.name, serious[:3])
        assert {p.code for p in problems} <= EXPECTED_WARNINGS, (file.path.name, problems[:3])
        assert frame.height == file.rows


def test_initial_load_and_months_are_found_again(city: Any) -> None:
    files = city.written
    assert [f.path.name for f in files.initial(FileKind.RESIDENTS)] == ["resident_full.csv"]
    july = files.of_month(date(2026, 7, 1))
    assert {f.kind for f in july} >= {FileKind.RESIDENTS, FileKind.CLAIMS_UKE, FileKind.CLAIMS_CSV}
    assert all("202607" in f.path.name for f in july)
    assert all(f.path.exists() for f in files.files)


def test_summary_counts_what_is_there(city: Any) -> None:
    summary = json.loads((city.written.out / "city.json").read_text(encoding="utf-8"))
    assert summary == city.written.summary
    assert summary["truth"]["claims"] == city.claims.height
    assert summary["planted"] == dict(sorted(Counter(city.planted["kind"].to_list()).items()))
    assert summary["files"]["resident_full.csv"] > 4_000
    assert summary["truth"]["claims_subsidy"] > 0


def full(city: Any, kind: FileKind) -> pl.DataFrame:
    frames = [FEEDS[kind].parse(f.path.read_bytes())[0] for f in city.written.initial(kind)]
    return pl.concat(frames)


def test_residents_at_the_start_are_exactly_as_many_as_asked(city: Any) -> None:
    residents = full(city, FileKind.RESIDENTS)
    here = residents.filter(pl.col("resident_status") == "1").height
    elsewhere = residents.filter(pl.col("resident_status") == "8").height
    assert here + elsewhere == 4_000
    assert residents["atena_no"].n_unique() == residents.height


def test_changes_name_known_persons_and_every_event(city: Any) -> None:
    known = set(full(city, FileKind.RESIDENTS)["atena_no"])
    seen: set[str] = set()
    for file in city.written.files:
        if file.kind is FileKind.RESIDENTS and file.month is not None:
            rows = resident_feed.parse(file.path.read_bytes())[0]
            assert (rows["event_date"].dt.month_start() == file.month).all()
            entering = set(rows.filter(pl.col("event_code").is_in(["01", "02"]))["atena_no"])
            assert set(rows["atena_no"]) <= known | entering
            known |= entering
            seen |= set(rows["event_code"])
    assert {"01", "02", "03", "04", "05", "06"} <= seen


def test_persons_named_by_other_feeds_are_in_the_register(city: Any) -> None:
    known: set[str] = set()
    for file in city.written.files:
        if file.kind is FileKind.RESIDENTS:
            known |= set(resident_feed.parse(file.path.read_bytes())[0]["atena_no"])
    for file in city.written.files:
        if file.kind in (FileKind.TAX, FileKind.INSURANCE, FileKind.WELFARE):
            assert set(FEEDS[file.kind].parse(file.path.read_bytes())[0]["atena_no"]) <= known
        if file.kind is FileKind.APPLICATIONS:
            rows = application_feed.parse(file.path.read_bytes())[0]
            for column in ("person_atena_no", "applicant_atena_no", "breadwinner_atena_no"):
                assert set(rows[column].drop_nulls()) <= known


def test_tax_of_the_new_year_comes_in_june(city: Any) -> None:
    years = {f.path.name: f.month for f in city.written.files if f.kind is FileKind.TAX and "diff" not in f.path.name}
    assert years == {"tax_2025.csv": None, "tax_2026.csv": None}  # the city of these tests starts on 1 June
    frame = full(city, FileKind.TAX)
    assert 0.01 < (frame["status_code"] == "4").mean() < 0.06
    working = frame.filter(pl.col("status_code") == "3")["total_income"]
    assert 1_500_000 < working.median() < 4_500_000


def test_welfare_is_rare_but_there(city: Any) -> None:
    facts = full(city, FileKind.WELFARE)
    assisted = facts.filter(pl.col("fact_code") == "10").height / 4_000
    assert 0.004 < assisted < 0.035
    assert {"10", "30", "31", "32", "40"} <= set(facts["fact_code"])


def test_application_numbers_follow_the_order_of_receipt(city: Any) -> None:
    before = [f for kind in (FileKind.OLD_APPLICATIONS, FileKind.APPLICATIONS) for f in city.written.initial(kind)]
    parts = [
        application_feed.parse(f.path.read_bytes())[0]
        for f in (*before, *sorted(
            (f for f in city.written.files if f.kind is FileKind.APPLICATIONS and f.month), key=lambda f: f.month
        ))
    ]  # fmt: skip
    rows = pl.concat(parts)
    assert rows["application_no"].n_unique() == rows.height
    ordered = rows.sort("received_on", "application_no")
    assert ordered["application_no"].str.slice(6).is_sorted()
    assert {"1", "2", "4"} <= set(rows["kind"])


@pytest.mark.parametrize("scheme_place", [0, 1])
def test_recipient_numbers_follow_the_rule(city: Any, scheme_place: int) -> None:
    """Running numbers, one per person for life: those of the old system, then what the subsidy system will give out."""
    scheme = city.profile.schemes[scheme_place]
    payers = {p.payer_no for p in city.profile.payer_numbers if p.scheme == scheme}
    rows = pl.concat(
        [application_feed.parse(f.path.read_bytes())[0] for f in city.written.files if f.kind is FileKind.APPLICATIONS]
    )
    stock = full(city, FileKind.ENTITLEMENTS).filter(pl.col("scheme") == scheme)
    assert stock["recipient_no"].str.slice(0, 6).cast(pl.Int64).to_list() == list(range(1, stock.height + 1))
    new = rows.filter(pl.col("scheme") == scheme, pl.col("kind") == "1").sort("received_on", "application_no")
    fresh = new.filter(~pl.col("person_atena_no").is_in(stock["atena_no"].implode()))
    count = stock.height + fresh["person_atena_no"].n_unique()
    bodies = {f"{n:06}" for n in range(1, count + 1)}
    spoiled = city.planted.select("file", "line")
    kohi = city.kohi.join(spoiled, on=["file", "line"], how="anti").filter(pl.col("payer_no").is_in(list(payers)))
    assert kohi.height > 50
    assert set(kohi["recipient_no"].str.slice(0, 6)) <= bodies


def test_the_old_system_hands_its_stock_over(city: Any) -> None:
    stock = full(city, FileKind.ENTITLEMENTS)
    assert stock.height > 100
    for key in ("recipient_no", "atena_no"):
        assert stock.select("scheme", key).n_unique() == stock.height
    old = city.written.initial(FileKind.OLD_APPLICATIONS)[0]
    applied = application_feed.parse(old.path.read_bytes())[0]
    assert set(stock["atena_no"]) <= set(applied["person_atena_no"])  # facts of everybody who is handed over
    (waiting,) = city.written.initial(FileKind.APPLICATIONS)
    assert waiting.path.name == "applications_open.csv"


def test_claims_look_like_children_and_their_care(city: Any) -> None:
    claims = city.claims
    cares = dict(claims["care"].value_counts(normalize=True).iter_rows())
    assert 0.45 < cares["medical"] < 0.65
    assert 0.09 < cares["dental"] < 0.22
    assert 0.2 < cares["pharmacy"] < 0.38
    assert 0.0 < claims["inpatient"].mean() < 0.04
    persons = city.written.summary["truth"]["recipients_by_month"]
    yearly = claims.height / sum(p["persons"] for p in persons) * 12
    assert 9 < yearly < 20  # operations.md §6: about 15
    assert 3_000 < claims["cost"].median() < 20_000
    assert city.kohi["payer_no"].str.slice(0, 2).is_in(["52", "21", "54"]).any()
