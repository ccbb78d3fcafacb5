"""Reading the books of those whom a file can concern decides as reading everybody's does."""

from dataclasses import replace
from datetime import date
from random import Random

import polars as pl
import pytest
from django.db import transaction

from tasuke.systems.subsidy.claims.decision import decide
from tasuke.systems.subsidy.claims.frames import (
    CLAIM_SCHEMA,
    ENTITLEMENT_SCHEMA,
    INSURANCE_SCHEMA,
    KOHI_SCHEMA,
    PERSON_SCHEMA,
    typed,
)
from tasuke.systems.subsidy.claims.loading import load_register
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import insurance_frame, persons_frame

pytestmark = pytest.mark.django_db(databases=["subsidy"])

PEOPLE = (
    {"name": "髙橋　花子", "birth_date": date(2015, 6, 1)},
    {"name": "佐藤　一郎", "birth_date": date(2012, 2, 3)},
    {"name": "田中　次郎", "birth_date": date(2022, 8, 9)},
    {"name": "無関係　三郎", "birth_date": date(2022, 8, 9)},
    {"name": "髙橋　花子", "birth_date": date(1999, 1, 1)},
    {"name": "佐藤　一郎", "birth_date": None},
)


def draw(desk, seed):
    """Forty claims: names, birth dates, numbers and payers at random, some without any 公費."""
    rng = Random(seed)
    payers = [*desk.PAYER.values(), "81149999", "54149999", None]
    numbers = [desk.NUMBER[1], desk.NUMBER[2], desk.NUMBER[5], "9999999", "12", None]
    claims, kohi = [], []
    for line in range(2, 42):
        claims.append(desk.claim(line=line, institution_code=f"14{line:08}", **rng.choice(PEOPLE)))
        for order in range(1, rng.randrange(3) + 1):
            own = {"payer_no": rng.choice(payers), "recipient_no": rng.choice(numbers)}
            kohi.append(desk.kohi(line=line, order=order, kohi_line=line, **own))
    return pl.DataFrame(claims, schema_overrides=only(CLAIM_SCHEMA, claims)), pl.DataFrame(
        kohi, schema_overrides=only(KOHI_SCHEMA, kohi)
    )


def only(schema, rows):
    return {name: kind for name, kind in schema.items() if name in rows[0]}


@pytest.mark.parametrize("seed", range(6))
def test_the_books_of_the_concerned_decide_as_everybodys(town, desk, schemes, seed):
    claims, kohi = draw(desk, seed)
    with transaction.atomic(using="subsidy"):
        books = load_register(
            using="subsidy", profile=active_profile(), schemes=schemes, claims=claims, kohi=kohi, file_id=None
        )
    everybody = replace(
        books,
        entitlements=typed(entitlements_frame(using="subsidy"), ENTITLEMENT_SCHEMA),
        persons=typed(persons_frame(using="subsidy", on=date(2026, 6, 1)), PERSON_SCHEMA),
        insurance=typed(insurance_frame(using="subsidy"), INSURANCE_SCHEMA),
    )

    few, all_ = (decide(claims, kohi, register, schemes) for register in (books, everybody))

    assert few.claims.equals(all_.claims)
    assert few.findings.equals(all_.findings)
    assert few.claims["reasons"].list.len().sum() > 0


def test_a_file_reads_only_the_persons_it_names(town, desk, schemes):
    claims, kohi = (
        pl.DataFrame([desk.claim()], schema_overrides=only(CLAIM_SCHEMA, [desk.claim()])),
        pl.DataFrame([desk.kohi()], schema_overrides=only(KOHI_SCHEMA, [desk.kohi()])),
    )
    with transaction.atomic(using="subsidy"):
        books = load_register(
            using="subsidy", profile=active_profile(), schemes=schemes, claims=claims, kohi=kohi, file_id=None
        )

    assert books.persons["atena_no"].to_list() == ["000000000000001"]
    assert books.entitlements.height == books.insurance.height == 1
    assert books.holders.height == 3
