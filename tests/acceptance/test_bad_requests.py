"""What nobody can do: words that say why, and the right exit status."""

import json

import pytest
from tests.acceptance import spoil

from tasuke.platform.database.systems import SYSTEMS
from tasuke.systems.subsidy.claims.models import Claim, ClaimFinding

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))

FACTS = {
    "person": {"id": "1", "birth_date": "2010-05-05", "role": "child", "resident_from": "2010-05-05"},
    "incomes": [],
}


def test_a_scheme_asked_before_its_first_version_says_when_it_begins(command, put):
    facts = put("facts.json", json.dumps(FACTS).encode())

    told = command("assess", "sapporo-kodomo", facts, "--on", "2010-01-01")

    assert (told.status, told.stdout) == (1, "")
    assert "2010-01-01 の規則がありません" in told.stderr
    assert "最初の版は 2021-04-01 から" in told.stderr


def test_an_application_from_before_the_first_version_is_not_decided(tasuke, city, put):
    data = city["applications_full.csv"]
    for label in ("受付年月日", "事由発生年月日"):
        data = spoil.with_cell(data, label, "1990-01-01")
    rows = spoil.table(data)
    scheme = rows[spoil.VICTIM - 1][rows[0].index("制度")]
    tasuke("import", "residents", put("r.csv", city["resident_full.csv"]), "--by", "clerk")
    tasuke("import", "applications", put("a.csv", data), "--by", "clerk")
    parameters = json.dumps({"scheme": scheme, "on": "1990-01-02"})

    told = tasuke("run", "decide-applications", "--target", "x", "--parameters", parameters, "--apply", "--by", "clerk")

    assert told.status == 1
    assert "1990-01-0" in told.stderr
    assert "の規則がありません" in told.stderr
    assert told.value["counts"] == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "moon", "conftest.py"), "種類「moon」はありません: residents"),
        (("import", "tax", "nothing.csv"), "ファイルがありません: nothing.csv"),
        (("import", "tax", "pyproject.toml", "--mapping", "pyproject.toml"), "--mapping は claims だけ"),
        (("import", "tax", "pyproject.toml", "--profile", "edo"), "プロファイル「edo」がありません"),
        (("run", "moon", "--target", "x"), "処理「moon」はありません: apply-changes"),
        (("run", "decide-applications", "--target", "x"), "--parameters に「"),
        (("run", "decide-applications", "--target", "x", "--parameters", "{"), "JSON ではありません"),
        (("run", "decide-applications", "--target", "x", "--parameters", "[1]"), "の形で書きます"),
        (
            ("run", "apply-changes", "--target", "x", "--parameters", '{"on": "2026-02-30"}'),
            "「on」は日付(2026-04-01)で書きます: 2026-02-30",
        ),
        (("run", "make-statistics", "--target", "x", "--parameters", '{"month": "2026-13"}'), "「month」は月"),
        (
            ("run", "decide-applications", "--target", "x", "--parameters", '{"scheme": "moon", "on": "2026-04-01"}'),
            "川崎市の制度ではありません: moon",
        ),
        (("run", "select-payments", "--target", "x", "--approver", "clerk"), "別の人でなければなりません"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value[:2]),
)
def test_wrong_use_is_status_2(arguments, words, tasuke):
    told = tasuke(*arguments, "--by", "clerk")

    assert (told.status, told.stdout) == (2, "")
    assert words in told.stderr


def test_a_job_that_pays_waits_for_a_second_person(tasuke):
    told = tasuke(
        "run", "select-payments", "--target", "2026-05-25", "--parameters", '{"pay_on": "2026-05-25"}', "--apply",
        "--by", "clerk",
    )  # fmt: skip

    assert told.status == 1
    assert "別の人の承認が必要です" in told.stderr


def test_a_claim_of_an_insurer_that_the_register_does_not_know_is_told(tasuke, city, put):
    for kind, name in (
        ("residents", "resident_full.csv"),
        ("nhi", "nhi_full.csv"),
        ("applications", "applications_full.csv"),
    ):
        tasuke("import", kind, put(name, city[name]), "--by", "clerk")
    parameters = json.dumps({"scheme": "kawasaki-shoni", "on": "2026-04-01", "takeover": "2026-04-01"})
    decided = tasuke("run", "decide-applications", "--target", "x", "--parameters", parameters, "--apply", "--by", "a")
    assert decided.status == 0
    name = "kikin_202604_medical.uke"
    lines = city[name].split(b"\r\n")
    at = next(at for at, line in enumerate(lines) if line.startswith(b"HO,") and b"KO,88" in lines[at + 1])
    items = lines[at].split(b",")
    items[1] = b"06999990"
    lines[at] = b",".join(items)

    told = tasuke("import", "claims", put(name, b"\r\n".join(lines)), "--by", "clerk")

    assert told.status == 0
    claim = Claim.objects.using("subsidy").get(insurer_no="06999990")
    assert "INSURER_DIFFERS" in claim.reasons
    finding = ClaimFinding.objects.using("subsidy").get(claim=claim, reason="INSURER_DIFFERS")
    assert "06999990" in finding.billed


def test_an_unusable_profile_is_wrong_use(tasuke, city, put):
    profile = put("town.toml", b'id = "town"')

    told = tasuke("import", "tax", put("t.csv", city["tax_2025.csv"]), "--profile", profile, "--by", "clerk")

    assert told.status == 2
    assert "town.toml 「name」" in told.stderr


def test_the_victim_of_the_spoilt_files_is_a_row_of_data(city):
    assert city["tax_2025.csv"].count(b"\n") > spoil.VICTIM
