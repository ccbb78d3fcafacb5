import csv
import io
from datetime import date

import openpyxl
import pytest

import tasuke.systems.subsidy.statistics.jobs as jobs
from tasuke.systems.subsidy.registry.models import ResidentRecord
from tasuke.systems.subsidy.statistics.models import BenefitFact, RecipientFact

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs


@pytest.fixture
def month(city):
    city.person("101")
    city.entitled("101", "0000018", scheme="kawasaki-shoni", band="", payer_no="88149018")
    city.reimbursement("101", "201", 3_000)
    city.reimbursement("101", "201", 500)


def test_the_cube_has_the_ledgers_total(office, month):
    run = office.run("make-statistics", month="2026-04")
    cell = BenefitFact.objects.get()
    assert (cell.claims, cell.persons, cell.subsidy, cell.method) == (2, 1, 3_500, "reimbursement")
    assert RecipientFact.objects.get().persons == 1
    assert run.comparison[0]["now"] == run.comparison[0]["before"] == 3_500


def test_the_files_open_in_a_spreadsheet(office, month):
    office.run("make-statistics", month="2026-04")
    files = {f.name: office.bytes_of(f) for f in office.files("statistics")}
    rows = list(csv.DictReader(io.StringIO(files["給付統計_202604.csv"].decode("utf-8-sig"))))
    assert rows[0]["助成額(円)"] == "3500"
    assert (rows[0]["診療種別"], rows[0]["区"], rows[0]["給付方法"]) == ("医科", "川崎区", "償還払い")
    book = openpyxl.load_workbook(io.BytesIO(files["統計_202604.xlsx"]))
    assert book.sheetnames == ["給付", "受給者", "月別"]
    heads = [c.value for c in book["給付"][1]]
    assert book["給付"].cell(2, heads.index("助成額(円)") + 1).value == 3_500
    assert all(data.startswith(b"<svg") for name, data in files.items() if name.endswith(".svg"))


def test_the_chart_speaks_the_words_of_the_office(office, city):
    city.reimbursement("201", "201", 1_000, band="parent")
    office.run("make-statistics", month="2026-04")
    chart = next(office.bytes_of(f).decode() for f in office.files("statistics") if f.name.startswith("年齢別"))
    assert ">父または母<" in chart
    assert "parent" not in chart.replace("transparent", "")


def test_the_same_month_again_changes_nothing(office, month):
    office.run("make-statistics", month="2026-04")
    assert office.run("make-statistics", month="2026-04") is None


def test_a_month_without_benefits_still_makes_its_files(office, city):
    run = office.run("make-statistics", month="2026-04")
    assert run.state == "done"
    assert date(2026, 4, 1) not in set(BenefitFact.objects.values_list("month", flat=True))


def test_a_family_that_moves_counts_in_the_ward_of_the_day(office, city):
    row = city.person("101")
    ResidentRecord.objects.filter(pk=row.pk).update(valid=(date(2015, 6, 1), date(2026, 4, 20)))
    city.person("101", since=date(2026, 4, 20), ward_code="141321")
    city.entitled("101", "0000018", scheme="kawasaki-shoni", valid=(date(2026, 3, 1), None))
    city.reimbursement("101", "201", 3_000)  # care on 5 March
    office.run("make-statistics", month="2026-03")
    office.run("make-statistics", month="2026-04")
    recipients = RecipientFact.objects.order_by("month").values_list("month", "ward_code", "persons")
    assert list(recipients) == [(date(2026, 3, 1), "141313", 1), (date(2026, 4, 1), "141321", 1)]
    assert BenefitFact.objects.get().ward_code == "141313"
