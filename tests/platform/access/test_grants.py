"""Grants: two people, a period, exclusions; the table refuses what the services refuse."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, transaction

from tasuke.deploy.clock import TOKYO
from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.queries import grants_in_force
from tasuke.platform.access.services.apply_personnel_feed import apply_personnel_feed
from tasuke.platform.access.services.decide_grant import GrantDecisionRefused, decide_grant
from tasuke.platform.access.services.request_grant import GrantRequestRefused, request_grant
from tasuke.platform.access.services.revoke_grant import NothingToRevoke, revoke_grant
from tasuke.platform.access.testing import make_grant, make_user
from tasuke.platform.accounts.models import User

pytestmark = [pytest.mark.django_db(databases=["accounts"])]
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=TOKYO)
TODAY = NOW.date()


@pytest.fixture
def user():
    return make_user("k-00123", at=NOW, name="試験 花子", office="141313")


def ask(role="clerk", by="admin-1", **more):
    given = {"offices": ["141313"], "schemes": None, "start": TODAY, "end": date(2027, 4, 1), "reason": "配属", **more}
    return request_grant(personal_id="k-00123", role=role, by=by, at=NOW, **given)


def approve(grant, by="admin-2"):
    return decide_grant(grant_id=grant.pk, approve=True, by=by, at=NOW)


def in_force(on=TODAY):
    return [g.role for g in grants_in_force(personal_id="k-00123", on=on)]


def test_a_request_opens_nothing_until_another_person_approved_it(user):
    grant = ask()
    assert in_force() == []
    approve(grant)
    assert in_force() == ["clerk"]
    assert in_force(date(2027, 3, 31)) == ["clerk"]
    assert in_force(date(2027, 4, 1)) == []
    assert in_force(date(2026, 11, 19)) == []


@pytest.mark.parametrize("by", ["admin-1", "k-00123"])
def test_neither_who_asked_nor_who_gets_it_decides(user, by):
    grant = ask()
    with pytest.raises(GrantDecisionRefused):
        approve(grant, by=by)
    assert in_force() == []


@pytest.mark.parametrize("by", ["admin-1", "k-00123"])
def test_the_table_refuses_one_person_for_both(user, by):
    grant = ask()
    change = {"state": GrantState.APPROVED, "decided_by": by, "decided_at": NOW}
    with pytest.raises(IntegrityError, match="access_grant_two_people"), transaction.atomic(using="accounts"):
        Grant.objects.using("accounts").filter(pk=grant.pk).update(**change)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": GrantState.APPROVED}, "access_grant_decided_pair"),
        ({"state": GrantState.REVOKED, "decided_by": "admin-2", "decided_at": NOW}, "access_grant_revoked_pair"),
        ({"valid": (TODAY, TODAY)}, "access_grant_valid_not_empty"),
        ({"offices": []}, "access_grant_limits_not_empty"),
    ],
)
def test_the_table_refuses_half_truths(user, change, constraint):
    grant = ask()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(using="accounts"):
        Grant.objects.using("accounts").filter(pk=grant.pk).update(**change)


def test_a_request_is_decided_once(user):
    grant = ask()
    decide_grant(grant_id=grant.pk, approve=False, by="admin-2", at=NOW)
    with pytest.raises(GrantDecisionRefused, match="却下"):
        approve(grant)


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "emperor"},
        {"end": TODAY},
        {"end": date(2029, 1, 1)},
        {"start": date(2019, 1, 1), "end": date(2019, 2, 1)},
    ],
)
def test_what_cannot_be_asked_for(user, wrong):
    User.objects.using("accounts").update(active=("2020-01-01", "2026-11-20"))
    with pytest.raises(GrantRequestRefused):
        ask(**wrong)


def test_duties_that_must_be_apart_are_not_approved_for_one_person(user):
    approve(ask(role="payment_drafter"))
    with pytest.raises(GrantDecisionRefused, match="支払起案"):
        approve(ask(role="payment_approver"))
    later = ask(role="payment_approver", start=date(2027, 4, 1), end=date(2028, 3, 1))
    assert approve(later).state == GrantState.APPROVED


def test_a_revocation_holds_at_once_and_happens_once(user):
    grant = approve(ask())
    revoke_grant(grant_id=grant.pk, reason="担当替え", by="admin-1", at=NOW)
    assert in_force() == []
    with pytest.raises(NothingToRevoke):
        revoke_grant(grant_id=grant.pk, reason="担当替え", by="admin-1", at=NOW)


HEAD = "連番,職員ID,区分,発令日,異動先\r\n"


def feed(*lines):
    return apply_personnel_feed(data=(HEAD + "".join(f"{n}\r\n" for n in lines)).encode(), by="admin-1", at=NOW)


def test_a_transfer_ends_the_grants_of_the_old_desk_on_its_day(user):
    approve(ask())
    waiting = ask(role="reviewer")
    new_desk = approve(ask(role="reviewer", start=date(2027, 1, 1), offices=["141321"]))
    result = feed("1,k-00123,1,2027-01-01,141321")
    assert (result.people, result.grants, result.problems) == (1, 2, [])
    assert in_force(date(2026, 12, 31)) == ["clerk"]
    assert in_force(date(2027, 1, 1)) == ["reviewer"]
    waiting.refresh_from_db(using="accounts")
    assert (waiting.state, waiting.revoke_reason) == (GrantState.REVOKED, "異動 2027-01-01")
    assert new_desk.pk != waiting.pk
    again = feed("1,k-00123,1,2027-01-01,141321")
    assert (again.people, again.grants) == (1, 0)


def test_the_new_desk_counts_from_its_day(user):
    feed("1,k-00123,1,2027-01-01,141321")
    assert User.objects.using("accounts").get().office == "141313"
    feed("1,k-00123,1,2026-11-20,141321")
    assert User.objects.using("accounts").get().office == "141321"


def test_a_retirement_ends_everything_even_what_has_not_begun(user):
    approve(ask())
    approve(ask(role="reviewer", start=date(2027, 2, 1)))
    result = feed("1,k-00123,2,2027-01-01,")
    assert result.grants == 2
    assert in_force(date(2027, 2, 1)) == []
    assert not User.objects.using("accounts").get().works_on(date(2027, 1, 1))


def test_bad_rows_are_told_and_good_rows_are_taken(user):
    make_grant(user, "clerk", at=NOW)
    result = feed("1,k-99999,2,2027-01-01,", "2,k-00123,9,2027-01-01,", "3,k-00123,2,2027-01-01,")
    assert result.grants == 1
    assert sorted((p.line, p.field) for p in result.problems) == [(2, "職員ID"), (3, "区分")]
