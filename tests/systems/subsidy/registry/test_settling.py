"""A change that was not taken is settled by a later one of the same matter, or by a person with a reason."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from tests.systems.subsidy.registry.test_changes_in import wired  # noqa: F401
from tests.systems.welfare.conftest import event
from tests.systems.welfare.test_changes import tax
from tests.systems.welfare.test_persons import ACCOUNT

from tasuke.systems.subsidy.registry.models import ChangeProblem
from tasuke.systems.subsidy.registry.rounds import receive_changes
from tasuke.systems.subsidy.registry.services.settle_change_problem import settle_change_problem
from tasuke.systems.welfare.models import Change
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.services.set_payee import set_account
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare", "subsidy", "resident"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
S, W = "subsidy", "welfare"


def take(*events):
    take_events(using=W, events=events, last=events[-1].sequence, at=NOW)
    receive_changes(using=S, at=NOW)


def publish(kind, on, **items):
    with publishing(using=W, at=NOW):
        Change.objects.using(W).create(kind=kind, atena_no="1", valid_from=on, recorded_at=NOW, items=items)
    receive_changes(using=S, at=NOW)


def problems(**which):
    rows = ChangeProblem.objects.using(S).filter(**which).order_by("id")
    return [(row.sequence, row.settled_by, row.settled_reason) for row in rows]


def test_the_same_state_sent_right_settles_it():
    take(event(1, sex="9"))
    assert problems() == [(1, "", "")]
    take(event(2, "2"))  # somebody else
    assert problems() == [(1, "", "")]
    take(event(3))
    assert problems() == [(1, W, "連番3の変更を反映したため")]
    assert ChangeProblem.objects.using(S).get().settled_at == NOW


def test_a_state_of_a_later_day_leaves_the_days_before_to_a_person():
    take(event(1, sex="9"))
    take(event(2, on=date(2026, 5, 1), code="03"))
    assert problems() == [(1, "", "")]
    take(event(3, on=date(2026, 3, 1)))
    assert problems()[0][1] == W


def test_what_is_wrong_again_settles_nothing():
    take(event(1, sex="9"))
    take(event(2, sex="9"))
    assert problems() == [(1, "", ""), (2, "", "")]
    take(event(3))
    assert {by for _, by, _ in problems()} == {W}


def test_a_wrong_and_a_right_one_in_one_page():
    take(event(1, sex="9"), event(2, code="03"))
    assert [row[1] for row in problems(taken=False)] in ([], [W])  # welfare tells the last word of a day alone


def test_tax_is_settled_by_the_same_year_alone_and_by_no_other_matter():
    take(event(1))
    publish("tax", date(2025, 6, 1), tax_year=2025, status_code="X")
    take(event(2, on=date(2025, 1, 1), code="03"))
    tax({"atena_no": "1", "total_income": 100, "income_levy": 1})
    receive_changes(using=S, at=NOW)
    assert {by for _, by, _ in problems(kind="tax")} == {""}
    year = Change.objects.using(W).filter(kind="tax").order_by("-id").first().items["tax_year"]
    assert year != 2025
    publish("tax", date(2024, 6, 1), tax_year=year, status_code="X")
    tax({"atena_no": "1", "total_income": 90, "corrected": True, "corrected_on": date(2026, 8, 1), "income_levy": 1})
    receive_changes(using=S, at=NOW)
    by_year = dict(ChangeProblem.objects.using(S).filter(kind="tax").values_list("tax_year", "settled_by"))
    assert by_year == {"2025": "", str(year): W}


def test_an_account_is_settled_by_an_account():
    take(event(1))
    publish("account", date(2026, 4, 1), **{**ACCOUNT, "bank_code": "1"})
    assert problems()[0][1] == ""
    set_account(using=W, atena_no="1", start=date(2026, 4, 1), facts=ACCOUNT, by="S", at=NOW)
    receive_changes(using=S, at=NOW)
    assert problems()[0][1] == W


def test_a_warning_waits_for_a_person_whatever_comes():
    ChangeProblem.objects.using(S).create(
        provider=W, sequence=1, kind="person", atena_no="1", taken=True, code="protection_flag_off", message="x",
        at=NOW, valid_from=date(2026, 6, 1),
    )  # fmt: skip
    take(event(1))
    assert problems()[0][1] == ""


def test_a_person_settles_all_that_was_told_of_one_change_once():
    take(event(1, sex="9", birth_date="2026-13-40"), event(2, "2", sex="9"))
    first = ChangeProblem.objects.using(S).order_by("id").first()
    given = {"using": S, "problem_id": first.pk, "reason": "住民記録で確認", "by": "K0001", "at": NOW}
    assert settle_change_problem(**given).sequence == 1
    assert (
        problems(sequence=1)
        == [(1, "K0001", "住民記録で確認")] * ChangeProblem.objects.using(S).filter(sequence=1).count()
    )
    assert problems(sequence=2) == [(2, "", "")]
    assert settle_change_problem(**given) is None


def test_a_warning_that_came_again_and_again_is_settled_with_the_last_one():
    given = {"provider": W, "kind": "person", "taken": True, "code": "protection_flag_off", "message": "x", "at": NOW}
    for sequence, atena_no in ((1, "1"), (2, "1"), (3, "2")):
        last = ChangeProblem.objects.using(S).create(**given, sequence=sequence, atena_no=atena_no)
    again = ChangeProblem.objects.using(S).create(**given, sequence=4, atena_no="1")
    settle_change_problem(using=S, problem_id=again.pk, reason="解除した", by="K0001", at=NOW)
    assert list(ChangeProblem.objects.using(S).filter(settled_at__isnull=True)) == [last]


@pytest.mark.parametrize(
    "half", [{"settled_at": NOW}, {"settled_by": "K"}, {"settled_at": NOW, "settled_by": "K"}, {"settled_reason": "r"}]
)
def test_settled_is_who_when_and_why_or_nothing(half):
    given = {"provider": W, "sequence": 1, "kind": "tax", "atena_no": "1", "taken": False, "code": "x", "message": "x"}
    with pytest.raises(IntegrityError, match="settled_pair"), transaction.atomic(using=S):
        ChangeProblem.objects.using(S).create(**given, at=NOW, **half)
