from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasuke.systems.subsidy.registry.models import Account, Protection
from tasuke.systems.subsidy.registry.queries import (
    accounts_frame,
    insurance_frame,
    persons_frame,
    residence_frame,
    residence_spells,
    welfare_frame,
)

NOW = datetime(2026, 4, 1, tzinfo=ZoneInfo("Asia/Tokyo"))


def spells(*rows):
    names = ["atena_no", "start", "end", "resident_since", "resident_status"]
    schema = dict(zip(names, [pl.String, pl.Date, pl.Date, pl.Date, pl.Boolean], strict=True))
    frame = residence_spells(pl.DataFrame(rows, schema=schema, orient="row"))
    return [(r["valid_from"], r["valid_to"]) for r in frame.iter_rows(named=True)]


def test_residence_spells_begin_on_juminbi_and_go_on_over_moves_within_the_city():
    since = date(2015, 1, 1)
    assert spells(
        ("1", date(2026, 4, 1), date(2026, 5, 1), since, True), ("1", date(2026, 5, 1), None, since, True)
    ) == [(since, None)]


def test_residence_spells_return_after_a_gap_is_a_new_one():
    since = date(2015, 1, 1)
    assert spells(
        ("1", date(2020, 1, 1), date(2026, 5, 1), since, True),
        ("1", date(2026, 5, 1), date(2026, 8, 1), since, False),
        ("1", date(2026, 8, 1), None, date(2026, 8, 1), True),
        ("2", date(2020, 1, 1), None, None, False),
    ) == [(since, date(2026, 5, 1)), (date(2026, 8, 1), None)]


@pytest.mark.django_db(databases=["subsidy"])
def test_frames_hold_what_was_imported(import_feed):
    import_feed("residents", [{"atena_no": "101"}, {"atena_no": "102", "protection": True}])
    import_feed("nhi", [{}])
    import_feed("welfare", [{"fact_code": "30", "grade": "3N"}])
    Account.objects.create(
        atena_no="101",
        valid=(date(2026, 1, 1), None),
        bank_code="",
        branch_code="",
        account_kind="",
        account_no="",
        holder_kana="",
        public_account=True,
        recorded_from=NOW,
    )

    people = persons_frame(using="subsidy", on=date(2026, 5, 1)).sort("atena_no")
    assert people["protection"].to_list() == [False, True]
    assert people["name"].to_list() == ["髙橋　花子"] * 2
    assert persons_frame(using="subsidy", on=date(2026, 5, 1), atena_nos=pl.Series(["102"])).height == 1
    assert persons_frame(using="subsidy", on=date(2026, 3, 31)).height == 0
    assert residence_frame(using="subsidy")["valid_from"].unique().to_list() == [date(2015, 5, 1)]
    assert insurance_frame(using="subsidy").select("atena_no", "benefit_rate").row(0) == ("101", 70)
    assert welfare_frame(using="subsidy").select("fact_code", "grade").row(0) == ("30", "3N")
    account = accounts_frame(using="subsidy", on=date(2026, 5, 1)).row(0, named=True)
    assert (account["bank_code"], account["public_account"]) == (None, True)


@pytest.mark.django_db(databases=["subsidy"])
def test_protection_that_a_person_ended_holds_until_its_last_day(import_feed):
    import_feed("residents", [{"protection": True}])
    Protection.objects.update(ended_on=date(2026, 6, 1), ended_by="係長", ended_reason="本人の申出")

    assert persons_frame(using="subsidy", on=date(2026, 5, 31))["protection"].item() is True
    assert persons_frame(using="subsidy", on=date(2026, 6, 1))["protection"].item() is False
