"""Roles as data: every action is somebody's, and the duties that must be apart are apart."""

import pytest

from tasuke.platform.access import Action, Kind
from tasuke.platform.access.roles import role_label, roles, roles_with


def test_every_action_but_ones_own_account_belongs_to_some_role():
    held = {action for role in roles().values() for action in role.actions}
    assert set(Action) - held == {Action.OWN_ACCOUNT}


def test_every_action_has_a_label_of_its_own():
    assert len({action.label for action in Action}) == len(Action)


def test_who_manages_rights_or_runs_jobs_sees_no_resident():
    for role in ("administrator", "operator", "auditor"):
        assert [a for a in roles()[role].actions if a.kind is Kind.PERSON] == []


def test_who_drafts_payments_does_not_approve_them():
    assert Action.APPROVE_PAYMENT not in roles()["payment_drafter"].actions
    assert Action.DRAFT_PAYMENT not in roles()["payment_approver"].actions
    assert "payment_approver" in roles()["payment_drafter"].excludes


def test_exclusions_name_roles_that_exist():
    assert {other for role in roles().values() for other in role.excludes} <= roles().keys()


def test_only_one_office_role_sees_addresses_under_protection():
    assert roles_with(Action.VIEW_PROTECTED) == {"head_office"}


@pytest.mark.parametrize(("role", "label"), [("clerk", "窓口"), ("gone", "gone")])
def test_labels(role, label):
    assert role_label(role) == label
