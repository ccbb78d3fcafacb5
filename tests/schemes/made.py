"""A small made-up scheme in TOML whose parts a test replaces."""

from datetime import date

import polars as pl

from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import parse_scheme
from tasuke.schemes.frames import INCOME_COLUMNS

START = """
[[version.who.start]]
key = "all"
rule = "application_date"
source = "A"
"""
INCOME = """
[version.income]
whose = "highest"
deductions = "flat"
source = "A"
[[version.income.subject]]
subject = "breadwinner"
table = "limit"
source = "A"
[version.income.comparison]
rule = "lt"
source = "A"
[version.income.year_switch]
month = 8
source = "A"
"""
CLASSES = """
[version.copay_class]
unknown = "standard"
source = "A"
[[version.copay_class.rule]]
key = "standard"
label = "区分なし"
when = "otherwise"
source = "A"
"""
FUNDING = """
[version.funding]
source = "A"
"""
BANDS = """
[[version.who.band]]
key = "child"
label = "児童"
until = { age = 15, switch = "april" }
source = "A"
"""


def toml(*, start=START, income=INCOME, classes=CLASSES, funding=FUNDING, bands=BANDS, more="", head=""):
    return f"""
id = "made"
name = "試しの市 子ども医療費助成"
kind = "kodomo"
municipality = "試しの市"
law = "試しの条例"
{head}
[sources]
A = {{ title = "試しの条例" }}
[table.limit]
limits = [1_000_000, 1_380_000]
per_additional = 380_000
basis = "after_flat"
source = "A"
[table.middle]
limits = [500_000]
per_additional = 0
basis = "after_flat"
source = "A"
[deductions.flat]
source = "A"
[[deductions.flat.item]]
kind = "flat"
label = "一律"
amount = 80_000
source = "A"
[[version]]
valid_from = 2020-04-01
label = "初めの版"
source = "A"
[version.who]
roles = ["child"]
source = "A"
{bands}
[version.who.residence]
source = "A"
[version.who.insurance]
source = "A"
{start}
{income}
{classes}
{funding}
[version.certificate]
title = "医療証"
source = "A"
[version.deadline]
source = "A"
{more}
"""


def scheme(**parts):
    found, problems = parse_scheme(toml(**parts).encode(), "made.toml")
    assert problems == []
    return found


def judged(made, incomes=(), on=date(2025, 6, 15), **person):
    """The result row of one child of five, resident and insured since birth."""
    base = {"id": "1", "role": "child", "birth_date": date(2020, 1, 10)}
    known = {"resident_from": date(2020, 1, 10), "insured_from": date(2020, 1, 10)}
    rows = [
        {"person_id": "1", "subject": "breadwinner", "income_year": 2023, "status_code": 3} | dict(i) for i in incomes
    ]
    persons = pl.DataFrame([base | known | person])
    return assess(made, persons, pl.DataFrame(rows, schema=dict(INCOME_COLUMNS)), on).row(0, named=True)
