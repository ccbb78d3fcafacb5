"""An installation of before is brought up to date by the founding; what a person applied for is left to a person."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasuke.deploy.chain.founding import found
from tasuke.deploy.chain.grants import scopes_of
from tasuke.deploy.chain.subscriptions import FOUNDER, KINDS, approve_consumers, approve_subscriber, behind
from tasuke.deploy.profiles import open_profile
from tasuke.platform.transport.models import Client
from tasuke.systems.resident.models import UsageApplication
from tasuke.systems.subsidy.registry.rounds import _TAKEN
from tasuke.systems.welfare.models import Change, Delivery, Subscriber
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.services.subscribe import apply_for_changes, decide_subscription

W = "welfare"
pytestmark = pytest.mark.django_db(databases=[W, "resident", "unified_id"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)


def subscribe(*kinds: str, by: str) -> None:
    made = apply_for_changes(
        using=W, system="subsidy", name="医療費助成", business_id="900", kinds=kinds, legal_basis="条例",
        purpose="審査", by=by, at=NOW,
    )  # fmt: skip
    decide_subscription(using=W, subscriber_id=made.pk, approve=True, by="other", at=NOW)


def publish(kind: str) -> None:
    with publishing(using=W, at=NOW):
        Change.objects.using(W).create(kind=kind, atena_no="1", valid_from=NOW.date(), recorded_at=NOW, items={})


def numbered() -> list[tuple[int, str]]:
    return list(Delivery.objects.using(W).order_by("sequence").values_list("sequence", "change__kind"))


def test_what_is_approved_is_what_the_registry_takes() -> None:
    assert set(KINDS) == set(_TAKEN)


def test_kinds_that_were_added_are_approved_and_numbered_from_their_beginning() -> None:
    subscribe("person", "tax", by=FOUNDER)
    publish("person")
    publish("merge")
    assert numbered() == [(1, "person")]
    assert "住登外者、名寄せ、口座、送付先" in behind((W, "resident"))[0]
    assert approve_subscriber(NOW) == []
    assert behind((W, "resident")) == []
    known = Subscriber.objects.using(W).get()
    assert (known.state, set(known.kinds)) == ("approved", set(KINDS))
    assert known.requested_by != known.decided_by
    assert numbered() == [(1, "person"), (2, "merge")]
    before = Subscriber.objects.using(W).values().get()
    assert approve_subscriber(NOW.replace(year=2027)) == []
    assert Subscriber.objects.using(W).values().get() == before


def test_what_a_person_applied_for_is_named_and_not_touched() -> None:
    subscribe("person", "tax", by="K0001")
    (task,) = approve_subscriber(NOW)
    assert "名寄せ" in task
    assert "宛名、" not in task
    assert set(Subscriber.objects.using(W).get().kinds) == {"person", "tax"}


def test_what_was_ended_stays_ended() -> None:
    subscribe("person", by=FOUNDER)
    Subscriber.objects.using(W).update(state="ended", ended_by="K0001", ended_at=NOW)
    assert approve_subscriber(NOW) == []
    assert Subscriber.objects.using(W).get().state == "ended"


def test_items_that_were_added_are_approved_from_today_on() -> None:
    assert approve_consumers(NOW) == []
    mine = UsageApplication.objects.using("resident").filter(consumer__system=W)
    mine.update(items=["name"])
    assert "社会保障宛名に要る項目" in behind(("resident",))[0]
    assert approve_consumers(NOW) == []
    old, new = mine.order_by("id")
    assert (old.state, old.valid.upper) == ("approved", new.valid.lower)
    assert new.valid.lower == NOW.date()
    assert {"name", "birth_date"} <= set(new.items)
    assert approve_consumers(NOW) == []
    assert mine.count() == 2
    mine.update(items=["name"], requested_by="K0001")
    assert "生年月日" in approve_consumers(NOW)[0]


def test_a_client_of_before_gets_the_scopes_that_are_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    monkeypatch.setenv("TASUKE_HANDOVER", str(tmp_path / "handover"))
    profile = open_profile("sapporo")
    found(profile=profile, at=NOW, systems=("unified_id",))
    client = Client.objects.using("unified_id").get(system=W)
    Client.objects.using("unified_id").filter(pk=client.pk).update(scopes=["unified:register"])
    found(profile=profile, at=NOW, systems=("unified_id",))
    again = Client.objects.using("unified_id").get(system=W)
    assert scopes_of("unified_id", W) <= set(again.scopes)
    assert again.client_id == client.client_id
