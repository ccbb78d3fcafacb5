"""Judge cases: facts from the register, the scheme's rules, and what a decision keeps so that it can be re-run."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.confirmation import require_confirmed
from tasuke.schemes.definition import Scheme
from tasuke.schemes.frames import INCOME_COLUMNS, PERSON_COLUMNS
from tasuke.schemes.profile import PayerNumber, Profile
from tasuke.systems.subsidy.entitlements.facts import CASE_COLUMNS, Register, facts_of, read_for_cases
from tasuke.systems.subsidy.profile import active_profile

REASONS = {"1": "birth", "2": "move_in", "3": "insurance", "4": "law_change", "5": "single_parent", "6": "disability"}
ROLES = {"1": "child", "2": "parent", "3": "caregiver", "4": "self"}


@dataclass(frozen=True, slots=True)
class Rules:
    """A scheme as this city applies it."""

    scheme: Scheme
    profile: Profile

    @property
    def confirmed(self) -> frozenset[str]:
        """Keys of the 未確認 values that the city has confirmed."""
        return self.profile.confirmed_keys(self.scheme.id)


class SchemeNotOurs(LookupError):
    """The city does not have this scheme."""


def rules_of(scheme_id: str) -> Rules:
    """A scheme of the active profile. Raises SchemeNotOurs."""
    profile = active_profile()
    if scheme_id not in profile.schemes:
        raise SchemeNotOurs(f"{profile.name}の制度ではありません: {scheme_id}")
    return Rules(scheme=load_scheme(scheme_id), profile=profile)


def refuse_unconfirmed(rules: Rules, on: date) -> None:
    """Decisions may not rest on a 未確認 value that the city has not confirmed. Raises UnconfirmedRules with all."""
    require_confirmed(rules.scheme, rules.confirmed, on=max(on, rules.scheme.version[0].valid_from))


def judge_cases(*, using: str, rules: Rules, cases: pl.DataFrame, register: Register | None = None) -> pl.DataFrame:
    """The cases with the columns of `assess`, and `facts` (JSON), `payer_no`; in the cases' order.

    cases: facts.CASE_COLUMNS and whatever else the caller wants back; no day before the scheme's first version.
    register: what was read before for these cases.
    """
    if cases.is_empty():
        cases = cases.with_columns([pl.lit(None, dtype=t).alias(c) for c, t in CASE_COLUMNS.items() if c not in cases])
    known = register or read_for_cases(using=using, scheme=rules.scheme, cases=cases)
    persons, incomes = facts_of(register=known, scheme=rules.scheme, cases=cases)
    latest = cases["on"].max()
    result = assess(rules.scheme, persons, incomes, latest if isinstance(latest, date) else date.max, rules.confirmed)
    return cases.hstack(result.drop("id")).with_columns(
        facts=facts_json(persons, incomes, cases["atena_no"]),
        payer_no=payer_number_expr(rules),
    )


def payer_number_expr(rules: Rules) -> pl.Expr:
    """公費負担者番号 by the profile: the most particular row that fits on the first day; else the scheme's last row.

    An unknown funding part fits no row that names one: such a person goes under the city's own number, the last.
    """
    rows = [r for r in rules.profile.payer_numbers if r.scheme == rules.scheme.id]
    if not rows:
        return pl.lit("")
    ranked = sorted(rows, key=lambda r: (_particular(r), r.valid_from), reverse=True)
    day = pl.coalesce("start", "on")
    number = pl.lit(rows[-1].payer_no)
    for row in reversed(ranked):
        tests = [day >= row.valid_from]
        tests += [pl.col(c) == v for c in ("band", "copay_class", "funding") if (v := getattr(row, c)) is not None]
        number = pl.when(pl.all_horizontal(tests).fill_null(value=False)).then(pl.lit(row.payer_no)).otherwise(number)
    return number


def _particular(row: PayerNumber) -> int:
    return sum(value is not None for value in (row.band, row.copay_class, row.funding))


def facts_json(persons: pl.DataFrame, incomes: pl.DataFrame, atena_nos: pl.Series) -> pl.Series:
    """One JSON text per person, in the form of `schemes.facts.Facts`, without what is not known. id: the 宛名番号."""
    named = persons.with_columns(pl.col("id").alias("case"), atena_nos.alias("id"))
    person = named.select("case", pl.struct(list(PERSON_COLUMNS)).struct.json_encode().alias("person"))
    rows = incomes.select(
        pl.col("person_id").alias("case"),
        pl.struct([c for c in INCOME_COLUMNS if c != "person_id"]).struct.json_encode().alias("row"),
    )
    lists = rows.group_by("case", maintain_order=True).agg(pl.col("row").str.join(","))
    whole = person.join(lists, on="case", how="left", maintain_order="left").select(
        pl.concat_str(
            pl.lit('{"person":'), "person", pl.lit(',"incomes":['), pl.col("row").fill_null(""), pl.lit("]}")
        ).alias("facts")
    )["facts"]
    return whole.str.replace_all(r'"[a-z0-9_]+":null,?', "").str.replace_all(",}", "}", literal=True)
