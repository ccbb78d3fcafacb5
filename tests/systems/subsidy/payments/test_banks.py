import json
from datetime import date

import pytest
from django.db import IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext

import tasuke.systems.subsidy.payments.jobs  # noqa: F401 - registers the jobs
from tasuke.core.problems import is_fatal
from tasuke.formats import bank_master, zengin
from tasuke.systems.subsidy.payments.bank_table import bank_master_on, banks_on, closed_branches
from tasuke.systems.subsidy.payments.jobs.import_banks import BankDataRefused
from tasuke.systems.subsidy.payments.models import BankBranch, BankData, Payment

pytestmark = pytest.mark.django_db(databases=["subsidy"])
MARCH, JUNE, JULY, AUGUST = (date(2026, month, 1) for month in (3, 6, 7, 8))
MAY_PAY, JUNE_PAY = date(2026, 5, 25), date(2026, 6, 25)
# as the download has them; the first two banks stand in the table of the tests too
BANKS = {
    "0001": ("架空0001", {"001": "本店", "002": "本店"}),
    "0005": ("架空0005", {"001": "本店"}),
    "0009": ("架空0009", {"001": "本店"}),
}


@pytest.fixture
def download(tmp_path):
    """Writes a folder as it is downloaded; of BANKS, without those named, with others added."""

    def write(name, banks):
        folder = tmp_path / name
        (folder / "branches").mkdir(parents=True)
        kinds = {code: {"code": code, "name": bank, "kana": "カクウ"} for code, (bank, _) in banks.items()}
        (folder / "banks.json").write_text(json.dumps(kinds), encoding="utf-8")
        for code, (_, branches) in banks.items():
            told = {b: {"code": b, "name": n, "kana": "ホンテン"} for b, n in branches.items()}
            (folder / "branches" / f"{code}.json").write_text(json.dumps(told), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def empty(city):
    BankBranch.objects.all().delete()
    BankData.objects.all().delete()


def many(**more):
    """Banks enough that one that vanishes is no broken download."""
    return {f"{n:04}": (f"架空{n:04}", {"001": "本店"}) for n in range(1, 31)} | more


def load(office, path, on):
    return office.run("import-banks", path=path, on=on)


def told(on):
    return {(r[0], r[3]): (r[1], r[4]) for r in bank_master_on("subsidy", on).iter_rows()}


def test_the_installed_data_are_the_first(office, empty):
    run = office.run("import-banks")
    installed = bank_master.load()
    assert run.counts["新しい店舗"] == installed.height
    data = BankData.objects.get()
    assert (data.data_on, data.branches) == (bank_master.data_date(), installed.height)
    assert data.source.startswith("zengin-code ")
    # they were there before the data's day, since when nobody knows
    assert bank_master_on("subsidy", date(2026, 4, 1)).equals(installed)


def test_opened_vanished_and_renamed_branches_are_rows_with_their_days(office, empty, download):
    load(office, download("a", many()), MARCH)
    newer = many(**{"0040": ("新しい銀行", {"001": "本店"}), "0003": ("改名銀行", {"001": "本店"})})
    del newer["0002"]
    run = load(office, download("b", newer), JUNE)
    assert run.counts == {"新しい店舗": 1, "なくなった店舗": 1, "名前の変わった店舗": 1}
    before, after = told(date(2026, 5, 31)), told(JUNE)
    assert (before["0002", "001"], before["0003", "001"]) == (("架空0002", "本店"), ("架空0003", "本店"))
    assert ("0040", "001") not in before
    assert ("0002", "001") not in after
    assert (after["0003", "001"], after["0040", "001"]) == (("改名銀行", "本店"), ("新しい銀行", "本店"))
    # the renamed one has not vanished
    assert closed_branches("subsidy", JUNE).rows() == [("0002", "001", JUNE)]
    assert closed_branches("subsidy", date(2026, 5, 31)).is_empty()


def test_a_branch_that_comes_back_is_no_longer_closed(office, empty, download):
    load(office, download("a", many()), MARCH)
    without = many()
    del without["0002"]
    load(office, download("b", without), JUNE)
    load(office, download("c", many()), JULY)
    assert ("0002", "001") in told(JULY)
    assert closed_branches("subsidy", JULY).is_empty()
    assert closed_branches("subsidy", JUNE).height == 1


def test_the_same_data_again_change_nothing(office, empty, download):
    folder = download("a", many())
    load(office, folder, MARCH)
    before = list(BankBranch.objects.order_by("pk").values())
    assert load(office, folder, MARCH) is None
    again = office.run("import-banks", path=f"{folder}/.", on=MARCH)
    assert (again.chunks_total, again.counts) == (0, {})
    # the same banks on a later day: known to be as they were, no row changes
    assert set(load(office, folder, JUNE).counts.values()) == {0}
    assert list(BankBranch.objects.order_by("pk").values()) == before
    assert list(BankData.objects.order_by("data_on").values_list("data_on", flat=True)) == [MARCH, JUNE]


def test_data_older_than_the_newest_are_refused(office, empty, download):
    folder = download("a", many())
    load(office, folder, MARCH)
    load(office, folder, JULY)
    other = download("b", many(**{"0050": ("別", {"001": "本店"})}))
    for day in (JUNE, JULY):
        with pytest.raises(BankDataRefused, match="令和8年7月1日"):
            load(office, other, day)


def test_a_folder_without_a_day_is_refused(office, empty, download):
    with pytest.raises(BankDataRefused, match="on"):
        office.plan("import-banks", path=download("a", many()))


@pytest.mark.parametrize(
    ("banks", "code"),
    [
        ({}, "bank.empty"),
        ({code: many()[code] for code in ("0001", "0002")}, "bank.too_few"),
        (many(**{"12": ("短い", {"001": "本店"})}), "bank.code"),
    ],
)
def test_data_that_cannot_be_whole_are_left_out(office, empty, download, banks, code):
    load(office, download("a", many()), MARCH)
    run, plan = office.plan("import-banks", path=download("b", banks), on=JUNE)
    assert is_fatal(plan.problems)
    assert (run.problems.filter(code=code).exists(), plan.chunks) == (True, 0)
    assert BankBranch.objects.count() == 30


def test_a_bank_that_vanished_between_application_and_payment_is_told_with_the_day(office, city, download):
    city.person("101")
    city.person("201", birth=date(1985, 1, 1))
    city.account("201", bank_code="0005")
    city.reimbursement("101", "201", 3_000)
    office.run("select-payments", pay_on=MAY_PAY)
    BankBranch.objects.filter(bank_code="0005").update(valid=(None, JUNE))
    # in force on the day of the payment, closed on a later one
    assert office.run("write-transfers", pay_on=MAY_PAY).counts["振込"] == 1
    city.reimbursement("101", "201", 500)
    run = office.run("select-payments", pay_on=JUNE_PAY)
    assert [p.message for p in run.problems.all()] == ["金融機関コード 0005 は令和8年6月1日になくなりました"]


def test_a_branch_that_vanished_after_the_selection_stops_the_file_with_the_day(office, city):
    city.person("101")
    city.person("201", birth=date(1985, 1, 1))
    city.account("201", branch_code="002")
    city.reimbursement("101", "201", 3_000)
    office.run("select-payments", pay_on=JUNE_PAY)
    BankBranch.objects.filter(bank_code="0001", branch_code="002").update(valid=(None, JUNE))
    with pytest.raises(zengin.TransfersRejected, match="令和8年6月1日になくなりました"):
        office.plan("write-transfers", pay_on=JUNE_PAY)


def test_without_a_table_the_installed_data_serve_and_a_warning_says_what_to_run(office, city, empty):
    city.person("101")
    city.person("201", birth=date(1985, 1, 1))
    city.account("201")
    city.reimbursement("101", "201", 3_000)
    for job in ("select-payments", "write-transfers"):
        run = office.run(job, pay_on=MAY_PAY)
        problem = run.problems.get()
        assert (problem.code, problem.severity) == ("bank.no_table", "warning")
        assert "import-banks" in problem.message
    assert Payment.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_banks(office, empty, download):
    def queries(name, count, on):
        banks = {f"{n:04}": ("架空", {"001": "本店"}) for n in range(1, count + 1)}
        with CaptureQueriesContext(connections["subsidy"]) as caught:
            load(office, download(name, banks), on)
            banks_on("subsidy", on)
        return len(caught)

    assert queries("b", 400, JUNE) <= queries("a", 500, AUGUST)


def branch(**more):
    data = BankData.objects.get()
    values = {
        "bank_code": "0001", "bank_name": "a", "bank_kana": "ｱ", "branch_code": "001", "branch_name": "a",
        "branch_kana": "ｱ", "valid": (JUNE, None), "data": data,
    }  # fmt: skip
    return BankBranch.objects.create(**(values | more))


def test_the_database_keeps_the_rules_of_banks(city):
    first = BankData.objects.get()
    same = {"data_on": first.data_on, "source": "b", "sha256": "1", "branches": 1, "run_id": 1}
    breaks = {
        "subsidy_bank_branch_no_overlap": branch,
        "subsidy_bank_branch_digits": lambda: branch(bank_code="1"),
        "subsidy_bank_branch_some_day": lambda: branch(bank_code="0077", valid=(JUNE, JUNE)),
        "subsidy_bank_data_data_on": lambda: BankData.objects.create(**same),
        "subsidy_bank_data_not_empty": lambda: BankData.objects.create(**(same | {"data_on": JUNE, "branches": 0})),
    }
    for name, do in breaks.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic(using="subsidy"):
            do()
    BankBranch.objects.filter(bank_code="0001", branch_code="001").update(valid=(None, JUNE))
    branch()
