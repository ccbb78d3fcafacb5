"""Permitted use only: by two people, for a time, for named items, of persons in range; and a record that stands."""

from datetime import date, timedelta
from importlib.resources import files

import pytest
from django.db import IntegrityError, transaction
from tests.systems.subsidy.conftest import NOW
from tests.systems.subsidy.sharing.conftest import (
    APPLICANT,
    FORMER,
    PROTECTED,
    RECIPIENT,
    RULE,
    SIBLING,
    STRANGER,
    TODAY,
    UNKNOWN,
    moved,
    permitted,
    widened,
)

from tasuke.contracts.sharing import ITEM_LABELS
from tasuke.core.shared_items import SharedItem
from tasuke.deploy.chain.grants import GRANTS
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access import Scope
from tasuke.schemes.profile import SharingRule, parse_profile
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.sharing.models import (
    SharedPersonRecord,
    SharingAgreement,
    SharingPermit,
    SharingRecord,
)
from tasuke.systems.subsidy.sharing.services.apply_permit import CannotApply, apply_permit
from tasuke.systems.subsidy.sharing.services.decide_agreement import CannotAgree, decide_agreement
from tasuke.systems.subsidy.sharing.services.decide_permit import CannotDecide, decide_permit
from tasuke.systems.subsidy.sharing.services.end_permit import CannotEnd, end_permit
from tasuke.systems.subsidy.sharing.services.share_persons import DAYS_AGREED, ItemsNotPermitted, NotPermitted

pytestmark = pytest.mark.django_db(databases=["subsidy"])


def applied(**changes):
    facts = {
        "applicant": "課 試験", "purpose": "併給の確認", "items": ["name"], "first": TODAY, "last": TODAY,
        "by": "head-1", "at": NOW,
    }  # fmt: skip
    return apply_permit(using="subsidy", rule=active_profile().sharing_rule(RULE), **(facts | changes))


def decided(permit, *, by="head-2", permit_it=True, note="確認"):
    return decide_permit(using="subsidy", permit_id=permit.pk, permit=permit_it, note=note, by=by, at=NOW)


def outcomes(done):
    return {person.atena_no: person.outcome for person in done.persons}


def agreed(number, *, by="head-2", agree=True, at=NOW):
    waiting = SharingAgreement.objects.get(atena_no=number, state="waiting")
    return decide_agreement(using="subsidy", agreement_id=waiting.pk, agree=agree, note="確認", by=by, at=at)


def test_every_item_has_its_word():
    assert tuple(ITEM_LABELS) == SharedItem.__args__


def test_every_department_of_a_profile_may_call_and_sapporo_moves_nothing():
    systems = SharingRule.model_fields["system"].annotation.__args__
    assert {consumer for provider, consumer in GRANTS if provider == "subsidy"} == set(systems)
    assert open_profile("sapporo").sharing == []
    rules = open_profile("kawasaki").sharing
    assert [("33の項" in r.use, "35の項" in r.use) for r in rules] == [(True, False), (False, True)]
    assert all("第3条第2項" in r.legal_basis and r.frequency == "必要に応じて都度" for r in rules)


def test_nothing_goes_over_without_a_permit_in_force(town):
    with pytest.raises(NotPermitted):
        moved(RECIPIENT)
    made = applied(last=TODAY + timedelta(days=9))
    with pytest.raises(NotPermitted):
        moved(RECIPIENT)
    decided(made)
    assert outcomes(moved(RECIPIENT)) == {RECIPIENT: "given"}
    with pytest.raises(NotPermitted):
        moved(RECIPIENT, on=TODAY + timedelta(days=10))
    with pytest.raises(NotPermitted):
        moved(RECIPIENT, on=TODAY - timedelta(days=1))
    with pytest.raises(NotPermitted):
        moved(RECIPIENT, rule="child-medical")
    end_permit(using="subsidy", permit_id=made.pk, reason="用済み", by="head-1", at=NOW)
    with pytest.raises(NotPermitted):
        moved(RECIPIENT)
    assert SharingRecord.objects.count() == 1


def test_the_second_person_is_another_one_and_says_what_was_checked(town):
    made = applied()
    with pytest.raises(CannotDecide, match="別の人"):
        decided(made, by="head-1")
    with pytest.raises(CannotDecide, match="確認した内容"):
        decided(made, note=" ")
    decided(made)
    with pytest.raises(CannotDecide, match="許可"):
        decided(made)
    with pytest.raises(CannotDecide, match="重なる"):
        decided(applied())
    end_permit(using="subsidy", permit_id=made.pk, reason="差替え", by="head-1", at=NOW)
    decided(applied())
    with pytest.raises(CannotEnd):
        end_permit(using="subsidy", permit_id=made.pk, reason="二度", by="head-1", at=NOW)
    assert decided(applied(), permit_it=False, note="目的が足りない").state == "refused"
    waiting = applied()
    assert end_permit(using="subsidy", permit_id=waiting.pk, reason="誤り", by="head-1", at=NOW).state == "withdrawn"


@pytest.mark.parametrize(
    "changes",
    [
        {"items": []},
        {"items": ["name", "account"]},  # not what the city allows
        {"items": ["my_number"]},  # not in the list at all
        {"purpose": " "},
        {"last": TODAY - timedelta(days=1)},
        {"last": TODAY + timedelta(days=366 * 3)},
    ],
)
def test_an_application_that_asks_too_much_is_not_taken(town, changes):
    with pytest.raises(CannotApply):
        applied(**changes)


def test_nobody_permits_while_the_items_are_unconfirmed(town):
    widened("name", confirmed=False)
    made = applied()
    with pytest.raises(CannotDecide, match="未確認"):
        decided(made)
    widened("name")
    decided(made)
    assert outcomes(moved(RECIPIENT)) == {RECIPIENT: "given"}
    widened("name", confirmed=False)  # the city has taken it back
    with pytest.raises(NotPermitted):
        moved(RECIPIENT)


def test_only_who_applied_or_is_or_was_a_recipient(town):
    permitted()
    done = moved(RECIPIENT, APPLICANT, FORMER, STRANGER, UNKNOWN, RECIPIENT)
    assert outcomes(done) == {
        RECIPIENT: "given", APPLICANT: "given", FORMER: "given", STRANGER: "out_of_range", UNKNOWN: "out_of_range",
    }  # fmt: skip
    known, unknown = (p.model_dump(exclude={"atena_no"}) for p in done.persons[3:])
    assert known == unknown
    assert (done.record.given, done.record.out_of_range, done.record.held) == (3, 2, 0)


def test_only_what_is_permitted_and_asked_for(town):
    permitted()
    told = moved(RECIPIENT, FORMER, APPLICANT).persons
    facts = told[0].facts.model_dump(exclude_none=True)
    assert facts == {
        "name": "試験 1001", "ward_code": "141313", "recipient_no": "0000018", "valid_from": date(2026, 4, 1),
        "last_day": date(2026, 12, 31), "application_on": date(2026, 3, 20), "application_state": "決定済み",
    }  # fmt: skip
    assert (told[1].facts.last_day, told[1].facts.application_on) == (date(2021, 12, 31), None)
    assert (told[2].facts.recipient_no, told[2].facts.application_state) == (None, "決定済み")
    fewer = moved(RECIPIENT, items=("recipient_no",)).persons[0].facts
    assert fewer.model_dump(exclude_none=True) == {"recipient_no": "0000018"}
    for beyond in ("address", "account", "birth_date"):
        with pytest.raises(ItemsNotPermitted, match=ITEM_LABELS[beyond]):
            moved(RECIPIENT, items=("name", beyond))
    widened("name")  # the city allows less than when it was permitted
    assert moved(RECIPIENT).items == ("name",)


def test_a_protected_person_is_held_until_somebody_else_agrees_and_never_located(town):
    widened("name", "ward", "address", "account")
    town.account(PROTECTED)
    town.account(SIBLING)
    permitted(items=("name", "ward", "address", "account"))
    done = moved(PROTECTED, SIBLING)
    assert outcomes(done) == {PROTECTED: "held", SIBLING: "given"}
    held, near = done.persons
    assert (held.facts, held.protected) == (None, True)
    hidden = ("ward", "address", "account")  # whoever lives with a protected person gives the place away as well
    assert (near.protected, near.withheld) == (False, hidden)
    assert near.facts.model_dump(exclude_none=True) == {"name": "試験 1006"}
    moved(PROTECTED)
    assert SharingAgreement.objects.count() == 1  # asked for once
    with pytest.raises(CannotAgree, match="別の人"):
        agreed(PROTECTED, by="head-1")
    agreed(PROTECTED)
    given = moved(PROTECTED).persons[0]
    assert (given.outcome, given.protected, given.withheld) == ("given", True, hidden)
    assert given.facts.model_dump(exclude_none=True) == {"name": "試験 1005"}
    late = NOW + timedelta(days=DAYS_AGREED)
    assert moved(PROTECTED, at=late, on=late.date()).persons[0].outcome == "held"
    agreed(PROTECTED, agree=False, at=late)
    assert moved(PROTECTED, at=late, on=late.date()).persons[0].outcome == "held"


def test_limits_of_ward_and_scheme(town):
    permitted()
    one_ward = Scope.of([(frozenset({"141313"}), None)])
    assert outcomes(moved(RECIPIENT, FORMER, scope=one_ward)) == {RECIPIENT: "given", FORMER: "out_of_range"}
    other_scheme = Scope.of([(None, frozenset({"kawasaki-shoni"}))])
    assert outcomes(moved(RECIPIENT, scope=other_scheme)) == {RECIPIENT: "out_of_range"}


def test_the_record_says_everything_and_stands(town):
    permit = permitted()
    record = moved(RECIPIENT, UNKNOWN, means="file").record
    row = SharingRecord.objects.get(pk=record.pk)
    assert (row.by, row.means, row.recipient, row.legal_basis) == (
        "head-1",
        "file",
        permit.recipient,
        permit.legal_basis,
    )
    assert (row.permit_id, row.purpose, row.items[0], row.given) == (permit.pk, "申請の審査", "name", 1)
    assert dict(row.persons.values_list("atena_no", "outcome")) == {RECIPIENT: "given", UNKNOWN: "out_of_range"}
    for change in (
        lambda: SharingRecord.objects.update(given=0),
        lambda: SharedPersonRecord.objects.update(outcome="held"),
        lambda: SharedPersonRecord.objects.all()._raw_delete("subsidy"),
        lambda: SharingRecord.objects.all()._raw_delete("subsidy"),
        lambda: SharingPermit.objects.all()._raw_delete("subsidy"),
        lambda: SharingPermit.objects.update(items=["account"]),
        lambda: SharingPermit.objects.update(valid=(TODAY, date(2090, 1, 1))),
        lambda: SharingPermit.objects.update(decided_by="someone"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic("subsidy"):
            change()


def test_an_ended_permit_does_not_come_back(town):
    permit = permitted()
    end_permit(using="subsidy", permit_id=permit.pk, reason="用済み", by="head-1", at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic("subsidy"):
        SharingPermit.objects.update(state="permitted", ended_at=None, ended_by="", end_reason="")


def test_a_decided_agreement_stands(town):
    permitted()
    moved(PROTECTED)
    agreed(PROTECTED, agree=False)
    for change in ({"state": "agreed"}, {"atena_no": RECIPIENT}):
        with pytest.raises(IntegrityError), transaction.atomic("subsidy"):
            SharingAgreement.objects.update(**change)


def test_many_persons_cost_no_more_statements(town, django_assert_max_num_queries):
    permitted()
    with django_assert_max_num_queries(20, using="subsidy"):
        moved(*(str(number) for number in range(1001, 1501)))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('key = "child-medical"', 'key = "severe-disability"', "重なっています"),
        ('use = "同条例別表第2 35', 'surplus = "同条例別表第2 35', "この項目は書けません"),
        ('system = "child_medical"', 'system = "payments"', "書ける値は"),
        ('items = ["name", ', 'items = ["my_number", ', "書ける値は"),
    ],
)
def test_a_profile_says_what_is_wrong_with_its_rules(before, after, told):
    text = (files("tasuke.deploy.profiles") / "kawasaki.toml").read_text("utf-8")
    profile, problems = parse_profile(text.replace(before, after).encode(), file="p.toml")
    assert profile is None
    assert told in " ".join(p.message for p in problems)


def test_a_profile_moves_only_what_the_city_runs():
    text = (files("tasuke.deploy.profiles") / "kawasaki.toml").read_text("utf-8")
    head, mark, rules = text.partition("[[sharing]]")
    foreign = head + mark + rules.replace('scheme = "kawasaki-hitorioya"', 'scheme = "sapporo-kodomo"')
    profile, [problem] = parse_profile(foreign.encode(), file="p.toml")
    assert (profile, "この市の制度にありません" in problem.message) == (None, True)
