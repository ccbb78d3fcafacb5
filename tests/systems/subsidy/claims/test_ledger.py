"""What persons decide on claims, and what the database never lets happen to the ledger."""

from datetime import date

import pytest
from django.db import transaction
from django.db.utils import DatabaseError, IntegrityError

from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, ClaimFinding, ClaimKohi
from tasuke.systems.subsidy.claims.queries import (
    claim_state,
    earlier_frame,
    findings_of_claim,
    in_kind_frame,
    ledger_frame,
    prior_frame,
    states_frame,
)
from tasuke.systems.subsidy.claims.reasons import ClaimReason
from tasuke.systems.subsidy.claims.services.decide_query import NotAQuery, NotPayable, decide_query
from tasuke.systems.subsidy.claims.services.return_claim import NotAccepted, return_claim

pytestmark = pytest.mark.django_db(databases=["subsidy"])
MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
def query(town, desk):
    """A claim whose window took 500 yen where nothing was due."""
    town.run(town.write([desk.claim()], [desk.kohi(copay=500)]))
    return Claim.objects.get()


@pytest.fixture
def accepted(town, desk):
    town.run(town.write([desk.claim()], [desk.kohi()]))
    return Claim.objects.get()


def decide(town, claim, outcome="accept", **options):
    return decide_query(
        using="subsidy", claim_id=claim.pk, outcome=outcome, note="医療機関に確認", by="係長", now=town.NOW, **options
    )


def give_back(town, claim):
    return return_claim(
        using="subsidy", claim_id=claim.pk, reason=ClaimReason.AFTER_MOVE_OUT, note="遡及喪失", by="係長", now=town.NOW
    )


def total(months=None):
    ledger = ledger_frame(using="subsidy", months=months)
    return int(ledger["subsidy"].sum()), int(ledger["count"].sum())


def test_an_accepted_query_pays_what_the_window_left(town, query):
    assert total() == (0, 0)
    assert [f.ours for f in findings_of_claim(using="subsidy", claim_id=query.pk)] == ["0円"]
    assert list(Claim.objects.open_queries()) == [query]
    entry = decide(town, query)
    assert (entry.subsidy, entry.burden, entry.reason, entry.booked_month) == (2500, 500, "COPAY_TOO_HIGH", JULY)
    assert total() == (2500, 1)
    assert (total([JUNE]), total([JULY])) == ((0, 0), (2500, 1))
    assert claim_state(using="subsidy", claim_id=query.pk) == "accepted"
    assert not Claim.objects.open_queries().exists()


def test_a_person_may_settle_on_another_burden_within_the_cost(town, query):
    assert decide(town, query, burden=0).subsidy == 3000


@pytest.mark.parametrize("burden", [-1, 3001])
def test_a_burden_outside_the_cost_is_refused(town, query, burden):
    with pytest.raises(NotPayable):
        decide(town, query, burden=burden)
    assert not ClaimEntry.objects.exists()


def test_a_query_can_be_sent_back_and_pays_nothing(town, query):
    decide(town, query, outcome="return")
    assert total() == (0, 0)
    assert claim_state(using="subsidy", claim_id=query.pk) == "return"


@pytest.mark.parametrize("first", ["accept", "return"])
def test_a_query_is_decided_once(town, query, first):
    decide(town, query, outcome=first)
    with pytest.raises(NotAQuery):
        decide(town, query)
    assert ClaimEntry.objects.count() == 1


def test_what_is_no_query_is_not_decided(town, accepted):
    with pytest.raises(NotAQuery):
        decide(town, accepted)


def test_a_query_without_an_entitlement_cannot_be_paid(town, desk):
    town.run(town.write([desk.claim()], [desk.kohi(payer_no="12140123", recipient_no="1234566")]))
    claim = Claim.objects.get()
    assert claim.state == "return"
    with pytest.raises(NotAQuery):
        decide(town, claim)


def test_a_returned_claim_leaves_a_negative_row_and_the_old_one(town, accepted):
    give_back(town, accepted)
    ledger = ledger_frame(using="subsidy")
    assert ledger.select("billed_month", "count", "cost", "days", "subsidy").rows() == [
        (JUNE, 1, 10_000, 2, 3000),
        (JULY, -1, -10_000, -2, -3000),
    ]
    assert total() == (0, 0)
    assert total([JUNE]) == (3000, 1)
    assert states_frame(using="subsidy").select("state", "claims").rows() == [("return", 1)]


def test_an_accepted_query_can_be_returned_later_by_its_own_amount(town, query):
    decide(town, query)
    assert give_back(town, query).subsidy == -2500
    assert total() == (0, 0)


def test_a_claim_is_returned_once_and_only_when_paid(town, accepted):
    give_back(town, accepted)
    with pytest.raises(NotAccepted):
        give_back(town, accepted)


def test_an_open_query_is_not_returned_as_paid(town, query):
    with pytest.raises(NotAccepted):
        give_back(town, query)


def test_a_returned_claim_no_longer_counts_against_others(town, accepted):
    assert earlier_frame(using="subsidy", months=[MAY], cares=["medical"], file_id=None).height == 1
    assert earlier_frame(using="subsidy", months=[MAY], cares=["medical"], file_id=accepted.file_id).is_empty()
    assert in_kind_frame(using="subsidy", atena_nos=[accepted.atena_no], months=[MAY]).height == 1
    prior = {"using": "subsidy", "scheme": accepted.scheme, "first": MAY, "last": JUNE}
    assert prior_frame(**prior, file_id=None)["burden"].to_list() == [0]
    assert prior_frame(**prior, file_id=accepted.file_id).is_empty()
    give_back(town, accepted)
    assert earlier_frame(using="subsidy", months=[MAY], cares=["medical"], file_id=None).is_empty()
    assert in_kind_frame(using="subsidy", atena_nos=[accepted.atena_no], months=[MAY]).is_empty()
    assert prior_frame(**prior, file_id=None).is_empty()


def refused(constraint, work):
    with pytest.raises((IntegrityError, DatabaseError), match=constraint), transaction.atomic(using="subsidy"):
        work()


@pytest.mark.parametrize("model", [Claim, ClaimKohi, ClaimFinding, ClaimEntry])
def test_nothing_of_the_ledger_is_changed_or_deleted(town, query, model):
    refused("append-only", lambda: model.objects.update(**{_any_field(model): "x"}))
    refused("append-only", lambda: model.objects.all()._raw_delete("subsidy"))


def _any_field(model):
    return {Claim: "name", ClaimKohi: "payer_no", ClaimFinding: "billed", ClaimEntry: "note"}[model]


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"id": 5}, "subsidy_claim_id_is_file_and_line"),
        ({"subsidy": 1}, "subsidy_claim_paid_only_if_accepted"),
        ({"state": "query", "reasons": ["COST_MISSING"]}, "subsidy_claim_paid_only_if_accepted"),
        ({"atena_no": ""}, "subsidy_claim_accepted_is_matched"),
        ({"entitlement_id": None}, "subsidy_claim_accepted_is_matched"),
        ({"state": "return", "subsidy": 0, "meals_subsidy": 0}, "subsidy_claim_has_a_reason"),
        ({"burden_low": 1}, "subsidy_claim_amounts"),
        ({"burden": -1, "burden_low": -1}, "subsidy_claim_amounts"),
        ({"basis": -1}, "subsidy_claim_amounts"),
    ],
)
def test_the_constraints_of_a_claim_hold(town, accepted, changes, constraint):
    row = {f.attname: getattr(accepted, f.attname) for f in Claim._meta.concrete_fields}
    row |= {"line": 99, "id": accepted.file_id * 2**32 + 99} | changes
    refused(constraint, lambda: Claim.objects.create(**row))


def test_a_line_of_a_file_is_one_claim(town, accepted):
    row = {f.attname: getattr(accepted, f.attname) for f in Claim._meta.concrete_fields}
    refused("subsidy_claim_pkey", lambda: Claim.objects.bulk_create([Claim(**row)]))


ENTRY = {"kind": "accept", "sign": 1, "burden": 0, "subsidy": 1, "meals_subsidy": 0, "note": "x", "decided_by": "x"}


@pytest.mark.parametrize(
    "changes",
    [
        {"sign": -1},
        {"subsidy": -1},
        {"kind": "refuse"},
        {"kind": "refuse", "sign": 0},
        {"kind": "return", "sign": -1},
        {"kind": "other"},
        {"note": ""},
        {"decided_by": ""},
    ],
)
def test_the_constraints_of_an_entry_hold(town, query, changes):
    row = {**ENTRY, "claim": query, "booked_month": JULY, "decided_at": town.NOW} | changes
    refused("subsidy_claim_entry", lambda: ClaimEntry.objects.create(**row))


@pytest.mark.parametrize(
    ("kinds", "constraint"),
    [
        (("accept", "refuse"), "decided_once"),
        (("refuse", "return"), "returned_once"),
        (("return", "return"), "returned_once"),
    ],
)
def test_no_step_is_taken_twice_even_without_the_services(town, query, kinds, constraint):
    def add(kind):
        sign = {"accept": 1, "refuse": 0, "return": -1}[kind]
        row = {**ENTRY, "kind": kind, "sign": sign, "subsidy": sign, "claim": query, "booked_month": JULY}
        ClaimEntry.objects.create(**row, decided_at=town.NOW)

    add(kinds[0])
    refused(constraint, lambda: add(kinds[1]))
