"""From the register to the two frames that an assessment reads. Whole columns: a few queries for any number of cases.

A case is a person who is judged for a scheme on a day: columns id (unique text), atena_no, role, on d,
application_date d?, event?, event_date d?. Everything is read as we know it now, for the case's own day.
"""

from dataclasses import dataclass

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.schemes.catalogue_loader import load_all
from tasuke.schemes.definition import Scheme
from tasuke.schemes.frames import INCOME_COLUMNS, PERSON_COLUMNS, normalise_incomes, normalise_persons
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.registry.histories import RESIDENTS
from tasuke.systems.subsidy.registry.models import RelationKind
from tasuke.systems.subsidy.registry.queries import (
    incomes_frame,
    insurance_frame,
    residence_of,
    single_parent_frame,
    welfare_frame,
)
from tasuke.systems.subsidy.registry.tables import people_table, select_current

CASE_COLUMNS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "atena_no": pl.String(),
    "role": pl.String(),
    "on": pl.Date(),
    "application_date": pl.Date(),
    "event": pl.String(),
    "event_date": pl.Date(),
}
# from either side: whom somebody names, who names them as a child, and of these the family that they live in as well
_RELATIONS = """
WITH near AS (
  SELECT r.id FROM subsidy_relation r JOIN {0} p ON p.atena_no = r.atena_no
  WHERE r.recorded_to IS NULL AND r.scheme = %(scheme)s
  UNION
  SELECT r.id FROM subsidy_relation r
  JOIN (SELECT DISTINCT c.atena_no FROM subsidy_relation c JOIN {0} p ON p.atena_no = c.other_atena_no
        WHERE c.recorded_to IS NULL AND c.kind = 'child' AND c.scheme = %(scheme)s) g ON g.atena_no = r.atena_no
  WHERE r.recorded_to IS NULL AND r.scheme = %(scheme)s
)
SELECT r.atena_no, r.scheme, r.kind, r.other_atena_no, lower(r.valid), upper(r.valid),
       EXISTS (SELECT 1 FROM subsidy_application a
               WHERE a.atena_no = r.atena_no AND a.scheme = r.scheme AND a.role = '3')
FROM near JOIN subsidy_relation r USING (id)
"""
_RELATION_COLUMNS = {
    "atena_no": pl.String(),
    "scheme": pl.String(),
    "kind": pl.String(),
    "other_atena_no": pl.String(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
    "caregiver": pl.Boolean(),
}
_GUARDIANS = ("parent", "caregiver")
_PUBLIC_ASSISTANCE, _INSTITUTION, _FOSTER = "10", "20", "21"
_PHYSICAL, _INTELLECTUAL, _MENTAL = "30", "31", "32"
_DISABILITY, _SCHOOL, _DEPENDENT = "50", "60", "70"


@dataclass(frozen=True, slots=True)
class Register:
    """What the register says of everybody who matters to some cases, as histories (valid_from, valid_to)."""

    relations: pl.DataFrame  # of the scheme, from either side
    births: pl.DataFrame  # atena_no, birth_date
    residence: pl.DataFrame
    insurance: pl.DataFrame  # as fed, and `since`, `until` of the unbroken time under any insurer
    welfare: pl.DataFrame
    single_parents: pl.DataFrame
    held: pl.DataFrame  # entitlements of other schemes: atena_no, valid_from, valid_to, kind, coverage
    incomes: pl.DataFrame
    caregivers: pl.Series  # who applied as 養育者 and not as a parent


def build_facts(*, using: str, scheme: Scheme, cases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The persons frame (with `on`, in the order of `cases`) and the incomes frame of `schemes.assess`."""
    register = read_for_cases(using=using, scheme=scheme, cases=cases)
    return facts_of(register=register, scheme=scheme, cases=cases)


def read_for_cases(*, using: str, scheme: Scheme, cases: pl.DataFrame) -> Register:
    """Read everything that some cases need."""
    years = cases.select(first=pl.col("on").min().dt.year(), last=pl.col("on").max().dt.year()).row(0)
    return read_register(using=using, scheme=scheme, people=cases["atena_no"], years=(years[0] or 0, years[1] or 0))


def read_register(*, using: str, scheme: Scheme, people: pl.Series, years: tuple[int, int]) -> Register:
    """Read what some persons need who are judged within some years; the number of queries does not grow with them."""
    people = people.unique()
    relations, caregivers = _relations(using, scheme.id, people)
    everybody = pl.concat([people, relations["atena_no"], relations["other_atena_no"]]).unique()
    residents = select_current(using=using, table=RESIDENTS, atena_nos=everybody)
    return Register(
        relations=relations,
        births=_births(residents),
        residence=residence_of(residents),
        insurance=_insurance_spells(insurance_frame(using=using, atena_nos=people)),
        welfare=welfare_frame(using=using, atena_nos=everybody),
        single_parents=single_parent_frame(using=using, atena_nos=everybody),
        held=_held(using, scheme, people),
        # no scheme asks for an income more than three years old
        incomes=incomes_frame(using=using, atena_nos=everybody, tax_years=(years[0] - 3, years[1])),
        caregivers=caregivers,
    )


def facts_of(*, register: Register, scheme: Scheme, cases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two frames from what was read. Pure."""
    children = _youngest_children(register, cases)
    persons = cases.join(register.births, on="atena_no", how="left", maintain_order="left")
    for part in (
        _on_day(register.residence, cases).select(
            "id", pl.col("valid_from").alias("resident_from"), pl.col("valid_to").alias("resident_to")
        ),
        _on_day(register.insurance, cases).select(
            "id", pl.col("since").alias("insured_from"), pl.col("until").alias("insured_to"), "insurance_kind"
        ),
        _welfare_columns(register, cases, children),
        _single_parent_columns(register, cases),
        _held_columns(register, cases),
        children.select("id", "child_birth_date", pl.lit(value=True).alias("has_child")),
    ):
        persons = persons.join(part.unique("id", keep="last"), on="id", how="left", maintain_order="left")
    persons = persons.with_columns(pl.col("held_kinds").fill_null([]))
    wanted = [*(c for c in PERSON_COLUMNS if c in persons.columns), "on"]
    return normalise_persons(persons.select(wanted)), _incomes(register, scheme, cases)


def _relations(using: str, scheme: str, people: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """The relations of these persons within a scheme, and who of those that have them applied as 養育者."""
    with people_table(using=using, atena_nos=people) as name:
        rows = copy_out(connections[using], _RELATIONS.format(name), {"scheme": scheme}, schema=_RELATION_COLUMNS)
    return rows.drop("caregiver"), rows.filter("caregiver")["atena_no"].unique()


def _births(residents: pl.DataFrame) -> pl.DataFrame:
    """atena_no, birth_date: the newest state knows best, a birth date may have been put right."""
    newest = residents.sort("atena_no", "start", nulls_last=True).unique("atena_no", keep="last")
    return newest.select("atena_no", "birth_date")


def _insurance_spells(rows: pl.DataFrame) -> pl.DataFrame:
    """Memberships with `since` and `until`: the unbroken time under whatever insurer (a change of insurer is none)."""
    ordered = rows.sort("atena_no", "valid_from")
    broken = (pl.col("valid_to").shift(1).over("atena_no") != pl.col("valid_from")).fill_null(value=True)
    spell = broken.cum_sum()
    return ordered.with_columns(spell.alias("spell")).with_columns(
        pl.col("valid_from").first().over("spell").alias("since"),
        pl.col("valid_to").last().over("spell").alias("until"),
    )


def _held(using: str, scheme: Scheme, people: pl.Series) -> pl.DataFrame:
    kinds = {s.id: str(s.kind) for s in load_all() if s.id != scheme.id}
    rows = entitlements_frame(using=using, atena_nos=people).filter(pl.col("scheme").is_in(list(kinds)))
    return rows.select(
        "atena_no",
        "valid_from",
        "valid_to",
        pl.col("scheme").replace_strict(kinds, return_dtype=pl.String).alias("kind"),
        "coverage",
    )


def _on_day(history: pl.DataFrame, cases: pl.DataFrame, key: str = "atena_no") -> pl.DataFrame:
    """Rows of a history that hold on each case's day, with the case's id."""
    joined = cases.select("id", "on", pl.col(key).alias("atena_no")).join(history, on="atena_no", how="inner")
    begun = pl.col("valid_from") <= pl.col("on")
    return joined.filter(begun & (pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("on"))))


def _youngest_children(register: Register, cases: pl.DataFrame) -> pl.DataFrame:
    """The youngest child that each parent or caregiver raises on the day and who lives here: id, child, birth."""
    guardians = cases.filter(pl.col("role").is_in(list(_GUARDIANS)))
    raised = register.relations.filter(pl.col("kind") == RelationKind.CHILD)
    named = _on_day(raised, guardians).select("id", "on", pl.col("other_atena_no").alias("atena_no"))
    resident = _on_day(register.residence, named.with_columns(pl.format("{} {}", "id", "atena_no").alias("id")))
    here = resident.select(pl.col("id").str.split(" ").list.first().alias("id"), "atena_no", "on").unique()
    return (
        here.join(register.births, on="atena_no", how="left")
        .sort("id", "birth_date", "atena_no")
        .unique("id", keep="last", maintain_order=True)
        .select("id", "on", pl.col("atena_no").alias("child"), pl.col("birth_date").alias("child_birth_date"))
    )


def _welfare_columns(register: Register, cases: pl.DataFrame, children: pl.DataFrame) -> pl.DataFrame:
    """Facts of the person. What extends the age is a fact of the youngest child where a parent is judged."""
    code, grade = pl.col("fact_code"), pl.col("grade")
    level = grade.str.extract(r"^(\d)").cast(pl.Int64, strict=False)
    own = (
        _on_day(register.welfare, cases)
        .group_by("id")
        .agg(
            (code == _PUBLIC_ASSISTANCE).any().alias("public_assistance"),
            pl.when((code == _INSTITUTION).any())
            .then(pl.lit("institution"))
            .when((code == _FOSTER).any())
            .then(pl.lit("foster"))
            .alias("facility"),
            level.filter(code == _PHYSICAL).min().alias("physical_grade"),
            grade.filter(code == _PHYSICAL).str.ends_with("N").any().alias("physical_internal"),
            grade.filter(code == _INTELLECTUAL).min().alias("intellectual"),
            level.filter(code == _MENTAL).min().alias("mental_grade"),
        )
    )
    guardian = pl.col("role").is_in(list(_GUARDIANS))
    whose = cases.join(children.select("id", "child"), on="id", how="left").with_columns(
        pl.when(guardian).then("child").otherwise("atena_no").alias("whose")
    )
    extending = (
        _on_day(register.welfare, whose, "whose")
        .group_by("id")
        .agg(
            (code == _DISABILITY).any().alias("disability_middle"),
            (code == _SCHOOL).any().alias("in_school"),
            (code == _DEPENDENT).any().alias("dependent"),
        )
    )
    return own.join(extending, on="id", how="full", coalesce=True)


def _single_parent_columns(register: Register, cases: pl.DataFrame) -> pl.DataFrame:
    """A child is in a household with a 事実婚 when the person who raises it is."""
    own = _on_day(register.single_parents, cases).select(
        "id",
        pl.col("reason").cast(pl.Int64, strict=False).alias("single_parent_reason"),
        pl.coalesce("since", "valid_from").alias("single_parent_from"),
        "de_facto_spouse",
    )
    raised_by = _parents(register, cases).with_columns(pl.col("subject_id").alias("atena_no"))
    partner = _on_day(register.single_parents, raised_by).filter("de_facto_spouse").select("id").unique()
    return own.with_columns(
        (pl.col("de_facto_spouse") | pl.col("id").is_in(partner["id"].implode())).alias("de_facto_spouse")
    )


def _held_columns(register: Register, cases: pl.DataFrame) -> pl.DataFrame:
    """Kinds of other schemes in force. 重度 that covers outpatient care only is held by a mental handbook alone."""
    judo = pl.col("kind") == "judo"
    return (
        _on_day(register.held, cases)
        .group_by("id")
        .agg(
            pl.col("kind").unique().sort().alias("held_kinds"),
            (judo.any() & (pl.col("coverage").filter(judo) == "outpatient_only").all()).alias("judo_mental_only"),
        )
    )


def _incomes(register: Register, scheme: Scheme, cases: pl.DataFrame) -> pl.DataFrame:
    """Rows of those whose income counts, of the year that is asked for; without tax data a row of nulls."""
    subjects = _subjects(register, cases).with_columns(_income_year(scheme).alias("wanted_year"))
    support = _single_parent_support(register, cases)
    money = register.incomes.rename({"atena_no": "subject_id"}).with_columns(
        pl.col("status_code").cast(pl.Int64), pl.col("income_year").alias("wanted_year")
    )
    joined = subjects.join(money, on=["subject_id", "wanted_year"], how="left", maintain_order="left").join(
        support, on="id", how="left", maintain_order="left"
    )
    return normalise_incomes(
        joined.rename({"id": "person_id"}).select([c for c in INCOME_COLUMNS if c in {*joined.columns, "person_id"}])
    )


def _subjects(register: Register, cases: pl.DataFrame) -> pl.DataFrame:
    """Whose income may count: id, on, subject, subject_id. The scheme picks the kinds that it looks at."""
    direct = _on_day(register.relations, cases)
    named = [
        direct.filter(pl.col("kind") == kind).select(
            "id", "on", pl.lit(kind.value).alias("subject"), pl.col("other_atena_no").alias("subject_id")
        )
        for kind in (RelationKind.BREADWINNER, RelationKind.SPOUSE, RelationKind.SUPPORTER)
    ]
    themselves = cases.select("id", "on", pl.col("role").alias("subject"), pl.col("atena_no").alias("subject_id"))
    found = pl.concat([*named, themselves.filter(pl.col("subject") != "child"), _parents(register, cases)])
    return found.unique(maintain_order=True).sort("id", "subject", "subject_id")


def _parents(register: Register, cases: pl.DataFrame) -> pl.DataFrame:
    """The parents (or caregivers) of children who are judged: who names them, else the breadwinner named for them."""
    children = cases.filter(pl.col("role") == "child")
    upward = register.relations.filter(pl.col("kind") == RelationKind.CHILD).select(
        pl.col("other_atena_no").alias("atena_no"), pl.col("atena_no").alias("parent"), "valid_from", "valid_to"
    )
    by_parent = _on_day(upward, children).select("id", "on", pl.col("parent").alias("subject_id"))
    breadwinner = _on_day(register.relations, children).filter(pl.col("kind") == RelationKind.BREADWINNER)
    otherwise = breadwinner.select("id", "on", pl.col("other_atena_no").alias("subject_id")).join(
        by_parent, on="id", how="anti"
    )
    caregiver = pl.col("subject_id").is_in(register.caregivers.implode())
    subject = pl.when(caregiver).then(pl.lit("caregiver")).otherwise(pl.lit("parent")).alias("subject")
    return pl.concat([by_parent, otherwise]).select("id", "on", subject, "subject_id")


def _single_parent_support(register: Register, cases: pl.DataFrame) -> pl.DataFrame:
    return _on_day(register.single_parents, cases).select("id", "child_support").unique("id", keep="last")


def _income_year(scheme: Scheme) -> pl.Expr:
    """判定年度 by the version in force on the day (of the first version for earlier days, null without income test)."""
    year = pl.lit(None, dtype=pl.Int64)
    for version in scheme.version:
        if version.income is None:
            asked = pl.lit(None, dtype=pl.Int64)
        else:
            switch = version.income.year_switch
            early = (pl.col("on").dt.month() < switch.month).cast(pl.Int64)
            asked = pl.col("on").dt.year().cast(pl.Int64) - switch.years_back - early
        year = pl.when(pl.col("on") >= version.valid_from).then(asked).otherwise(year)
    return year
