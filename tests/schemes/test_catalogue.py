"""The five schemes that ship, their versions and sources, and what a wrong file is told."""

from datetime import date

import pytest
from tests.schemes import made

from tasuke.schemes.catalogue_loader import CATALOGUE, UnknownScheme, load_all, load_scheme, parse_scheme
from tasuke.schemes.confirmation import UnconfirmedRules, require_confirmed, unknown_confirmations
from tasuke.schemes.definition import NoVersionInForce
from tasuke.schemes.judgement import covered_since, income_year_on

VERSIONS = {
    "sapporo-kodomo": ["2021-04-01", "2024-04-01", "2025-04-01"],
    "sapporo-hitorioya": ["2019-08-26"],
    "sapporo-judo": ["2024-04-01"],
    "kawasaki-hitorioya": ["2018-11-27", "2020-01-01", "2025-01-01"],
    "kawasaki-shoni": ["2017-04-01", "2019-01-01", "2023-09-01", "2026-09-01"],
}


def test_catalogue_versions():
    assert {s.id: [v.id for v in s.version] for s in load_all()} == VERSIONS


def test_every_value_of_the_catalogue_has_a_source_that_the_file_lists():
    for scheme in load_all():
        for _, key, value in scheme.sourced():
            assert set(value.source.split()) <= set(scheme.sources), (scheme.id, key)


def test_version_before_the_first_is_named():
    with pytest.raises(NoVersionInForce, match="2021-03-31 の規則がありません。最初の版は 2021-04-01 から"):
        load_scheme("sapporo-kodomo").version_on(date(2021, 3, 31))


def test_unknown_scheme_names_those_that_exist():
    with pytest.raises(UnknownScheme, match="kawasaki-shoni"):
        load_scheme("sapporo-shoni")


def test_version_hash_changes_with_a_table_it_uses():
    one, other = made.scheme(), made.parse_scheme(made.toml().replace("1_380_000", "1_380_001").encode(), "x")[0]
    unused = made.parse_scheme(made.toml().replace("500_000", "500_001").encode(), "x")[0]
    assert len(one.version[0].hash) == 64
    assert one.version[0].hash != other.version[0].hash
    assert one.version[0].hash == unused.version[0].hash


def test_inherited_unconfirmed_value_keeps_one_key():
    values = {v.key: v.versions for v in load_scheme("sapporo-kodomo").unconfirmed()}
    assert values["version.2021-04-01.who.start.event"] == ("2021-04-01", "2024-04-01", "2025-04-01")
    assert values["version.2024-04-01.who.priority.exception.judo"] == ("2024-04-01", "2025-04-01")
    assert values["table.jidoteate-r6"] == ("2025-04-01",)


def test_unconfirmed_on_a_day_looks_at_the_rules_in_force():
    scheme = load_scheme("sapporo-kodomo")
    until = "version.2025-04-01.confirmed_until"
    assert until not in {v.key for v in scheme.unconfirmed(on=date(2026, 3, 31))}
    assert until in {v.key for v in scheme.unconfirmed(on=date(2026, 4, 1))}
    assert "table.jidoteate-r6" not in {v.key for v in scheme.unconfirmed(on=date(2025, 3, 31))}


@pytest.mark.parametrize("scheme_id", CATALOGUE)
def test_require_confirmed_refuses_until_every_value_is_confirmed(scheme_id):
    scheme = load_scheme(scheme_id)
    keys = frozenset(v.key for v in scheme.unconfirmed())
    require_confirmed(scheme, keys)
    missing = sorted(keys)[0]
    with pytest.raises(UnconfirmedRules) as caught:
        require_confirmed(scheme, keys - {missing})
    assert [v.key for v in caught.value.values] == [missing]
    assert "未確認の規則が1件" in str(caught.value)
    assert unknown_confirmations(scheme, keys | {"nonsense"}) == ["nonsense"]


def test_covered_since_follows_a_band_back_without_gaps():
    scheme = load_scheme("kawasaki-shoni")
    since = covered_since(scheme, scheme.version[-1])
    assert since["junior_high"] == date(2017, 4, 1)
    assert since["high_school"] == date(2026, 9, 1)


def test_income_year_on():
    kodomo, kawasaki = load_scheme("sapporo-kodomo").version[-1], load_scheme("kawasaki-hitorioya").version[-1]
    assert [income_year_on(kodomo, date(2025, m, d)) for m, d in ((7, 31), (8, 1))] == [2023, 2024]
    assert [income_year_on(kawasaki, date(2025, m, d)) for m, d in ((1, 1), (12, 31))] == [2023, 2023]
    assert income_year_on(made.scheme(income="").version[0], date(2025, 1, 1)) is None


def test_every_fault_at_once_with_file_key_and_reason():
    text = (
        made.toml()
        .replace("limits = [1_000_000, 1_380_000]", 'limits = ["百万", 1.5]')
        .replace('roles = ["child"]', 'roles = ["kid"]\nrole = "child"')
        .replace('rule = "lt"', "")
        .replace("month = 8", "month = 13")
        .replace("valid_from = 2020-04-01", 'valid_from = "来年"')
        .replace("law = ", 'laws = "x"\nlaw = ')
    )
    scheme, problems = parse_scheme(text.encode(), "made.toml")
    assert scheme is None
    assert {p.file for p in problems} == {"made.toml"}
    told = {p.field: p.message for p in problems}
    assert told["table.limit.limits.1"] == "整数で書きます"
    assert told["laws"] == "この項目は書けません(つづりの誤りか、別の表の項目です)"
    version = "version.来年"
    assert told[f"{version}.valid_from"] == "日付(2025-04-01 の形)で書きます"
    assert told[f"{version}.income.year_switch.month"] == "12 以下で書きます"
    assert told[f"{version}.income.comparison.rule"] == "必須の項目がありません"
    assert told[f"{version}.who.role"].startswith("この項目は書けません")
    assert told[f"{version}.who.roles.1"] == "書ける値は 'child', 'parent', 'caregiver' か 'self' です"
    assert len(problems) >= 8


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (('source = "A"', 'source = "Z"'), "table.limit.source", "出典「Z」が [sources] にありません"),
        (('table = "limit"', 'table = "none"'), "version.2020-04-01.income.subject.breadwinner.table", "「none」が"),
        (
            ('deductions = "flat"', 'deductions = "x"'),
            "version.2020-04-01.income.deductions",
            "控除表「x」がありません",
        ),
        (('unknown = "standard"', 'unknown = "x"'), "version.2020-04-01.copay_class", "unknown の区分 x がありません"),
        (('roles = ["child"]', 'roles = ["child", "parent"]'), "version.2020-04-01.who.guardians", "一致していません"),
        (
            ('rule = "application_date"', 'rule = "event_date"\nwithin_days = 3'),
            "version.2020-04-01.who.start.all",
            "組で",
        ),
        (('law = "', 'law = "x\n'), None, "TOML として読めません"),
    ],
)
def test_fault_is_told_with_key_and_reason(change, field, message):
    scheme, problems = parse_scheme(made.toml().replace(*change, 1).encode(), "made.toml")
    assert scheme is None
    assert [(p.field, message in p.message) for p in problems] == [(field, True)]


def test_unconfirmed_without_note_is_a_fault():
    text = made.toml().replace('title = "医療証"', 'title = "医療証"\nunconfirmed = true')
    _, problems = parse_scheme(text.encode(), "made.toml")
    assert [p.field for p in problems] == ["version.2020-04-01.certificate"]
    assert "note" in problems[0].message


def test_based_on_an_unknown_version_is_a_fault():
    more = '[[version]]\nvalid_from = 2021-04-01\nbased_on = 2019-04-01\nlabel = "次"\nsource = "A"\n'
    _, problems = parse_scheme(made.toml(more=more).encode(), "made.toml")
    assert ("version.2021-04-01.based_on", "もとになる版 2019-04-01 が、この版より前にありません") in [
        (p.field, p.message) for p in problems
    ]


def test_file_in_another_encoding_is_a_fault():
    scheme, problems = parse_scheme(made.toml().encode("cp932"), "made.toml")
    assert scheme is None
    assert "UTF-8 として読めません" in problems[0].message
