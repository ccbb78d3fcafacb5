"""The demo's questions about incomes, for three families instead of a city: only what the master allows is asked."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from tests.deploy.chain.conftest import CHAIN, stand

from tasuke.demo import chain as step
from tasuke.demo.movers import Moved, write_movers
from tasuke.demo.office import Office
from tasuke.deploy.profiles import open_profile
from tasuke.formats import application_feed
from tasuke.platform.transport.links import unbind_all
from tasuke.systems.subsidy.inquiries.choices import NotLawful, Question, choices_of, choices_on, procedure_of
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.subsidy.inquiries.needed import incomes_needed
from tasuke.systems.subsidy.inquiries.services.ask_inquiries import ask_inquiries
from tasuke.systems.subsidy.registry.models import WelfareFact

pytestmark = pytest.mark.django_db(databases=CHAIN)
JUDO, HITORIOYA = "sapporo-judo", "sapporo-hitorioya"
FIRST_DAY, LAST_DAY = date(2026, 4, 1), date(2026, 6, 30)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The chain stands, with the master of the combinations at the gateway; nobody is in the register."""
    monkeypatch.setenv("TASUKE_HANDOVER", str(tmp_path / "handover"))
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    stand(*CHAIN)
    yield Office(Console(quiet=True), LAST_DAY)
    unbind_all()


def with_a_disabled_child(moved: Moved) -> Moved:
    """The first family applies for 重度 too: the child has a handbook of the first grade."""
    family = moved.families[0]
    papers, problems = application_feed.parse(moved.applications.read_bytes())
    assert not problems
    of_child = papers.filter(pl.col("person_atena_no") == family.child_no).drop("line")
    judo = of_child.with_columns(
        application_no=pl.lit(f"A{moved.received_on.year}-9000009"),
        scheme=pl.lit(JUDO),
        role=pl.lit("4"),
        single_parent_reason=pl.lit(None, pl.String),
        single_parent_since=pl.lit(None, pl.Date),
    )
    path = moved.applications.with_name("apply_with_judo.csv")
    path.write_bytes(application_feed.render(pl.concat([papers.drop("line"), judo])))
    WelfareFact.objects.using("subsidy").create(
        atena_no=family.child_no,
        valid=(date(2020, 1, 1), None),
        fact_code="30",
        grade="1",
        recorded_from=f"{moved.received_on}T09:00+09:00",
    )
    return replace(moved, applications=path)


def test_a_scheme_without_a_combination_for_tax_is_left_to_paper_and_the_others_are_asked(office, tmp_path):
    profile = open_profile("sapporo")
    moved = write_movers(profile=profile, last_day=LAST_DAY, folder=tmp_path)
    assert moved is not None
    step._receive(office, with_a_disabled_child(moved), profile, FIRST_DAY)
    at = office.now()

    needed = incomes_needed(using="subsidy")
    first, second, protected = moved.families
    cases = {(one.atena_no, one.about, one.scheme) for one in needed}
    assert cases == {(no, first.child_no, JUDO) for no in (first.mother_no, first.child_no)} | {
        (family.mother_no, family.child_no, HITORIOYA) for family in moved.families
    }
    # what this test is about: the service would refuse the first one, which once ended the demo
    choices = choices_on(at.date())
    assert step.TAX not in {choice.information_code for choice in choices_of(JUDO, choices)}
    question = Question(first.mother_no, procedure_of(JUDO), step.TAX, step.NEIGHBOURS[0].code, 2025)
    with pytest.raises(NotLawful):
        ask_inquiries(
            using="subsidy", questions=[question], about={}, scheme=JUDO, ward_code="", choices=choices,
            by="demo-reviewer", department="0001", at=at,
        )  # fmt: skip

    asked = step._ask(needed, at)

    made = Inquiry.objects.using("subsidy").order_by("atena_no")
    assert [(one.atena_no, one.scheme) for one in made] == [(family.mother_no, HITORIOYA) for family in (first, second)]
    assert asked == 2
    assert protected.mother_no not in {one.atena_no for one in made}
    assert step._ask(needed, at) == 0
