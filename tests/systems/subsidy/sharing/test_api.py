"""The contract: a department's system asks for persons, by every transport alike, and no further than its permit."""

from datetime import UTC, datetime

import pytest
from django.db import connections, transaction
from pydantic import ValidationError
from tests.systems.subsidy.sharing.conftest import APPLICANT, PROTECTED, RECIPIENT, RULE, STRANGER, UNKNOWN, permitted

from tasuke.contracts.kit import Refused
from tasuke.contracts.sharing import SHARE, ShareRequest
from tasuke.deploy.chain.founding import found
from tasuke.deploy.chain.handover import contact_of
from tasuke.deploy.profiles import open_profile
from tasuke.platform.transport.models import Answered, Client
from tasuke.platform.transport.rejections import words_of
from tasuke.platform.transport.testing import TRANSPORTS, link_by
from tasuke.systems.subsidy.sharing.api import HANDLERS
from tasuke.systems.subsidy.sharing.models import SharingRecord

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def ask(town, tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path / "home"))

    def call(*numbers, transport="local", system="severe_disability", rule=RULE, items=(), scopes=None, at=NOW):
        request = ShareRequest(rule=rule, purpose="申請の審査", staff="J0001", atena_nos=numbers, items=items)
        with link_by(
            transport, provider="subsidy", handlers=HANDLERS, system=system, clock=lambda: at, scopes=scopes,
            folder=tmp_path / transport,
        ) as link:  # fmt: skip
            return link.call(SHARE, request)

    return call


def refused(call):
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


def test_alike_by_every_transport(ask):
    permitted()
    answers = []
    for transport in TRANSPORTS:
        with transaction.atomic("subsidy"):
            answer = ask(RECIPIENT, UNKNOWN, STRANGER, PROTECTED, transport=transport, items=("name", "period"))
            answers.append(answer.model_dump(exclude={"record_no"}))
            transaction.set_rollback(True, using="subsidy")
    assert answers[0] == answers[1] == answers[2]
    told = answers[0]
    assert (told["items"], told["legal_basis"][-7:]) == (("name", "period"), "例第3条第2項"[-7:])
    assert [p["outcome"] for p in told["persons"]] == ["given", "out_of_range", "out_of_range", "held"]
    assert (told["persons"][0]["facts"]["name"], told["persons"][0]["facts"]["recipient_no"]) == ("試験 1001", None)
    assert {p["protected"] for p in told["persons"][:3]} == {False}


def test_each_answer_is_on_record_with_everybody_in_it(ask):
    permitted()
    reply = ask(RECIPIENT, APPLICANT, UNKNOWN)
    record = SharingRecord.objects.get(pk=reply.record_no)
    assert (record.by, record.means, record.given) == ("severe_disability:J0001", "api", 2)
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT atena_no, screen FROM audit_event WHERE kind = 'exported' ORDER BY id")
        assert cursor.fetchall() == [(n, "api:severe_disability") for n in (RECIPIENT, APPLICANT)]
    assert not Answered.objects.using("subsidy").exists()  # what was told is kept nowhere else


def test_no_further_than_the_permit(ask):
    assert "許可がない" in refused(lambda: ask(RECIPIENT)).title
    permitted()
    assert ask(RECIPIENT).persons[0].outcome == "given"
    beyond = refused(lambda: ask(RECIPIENT, items=("name", "account")))
    assert (beyond.status, beyond.errors[0].field) == (403, "items")
    assert "期間" in refused(lambda: ask(RECIPIENT, at=datetime(2027, 4, 1, tzinfo=UTC))).title
    # another department's permit, and one that nobody has, look alike
    other = refused(lambda: ask(RECIPIENT, system="child_medical"))
    assert other.title == refused(lambda: ask(RECIPIENT, rule="none")).title
    assert "許可がない" in refused(lambda: ask(RECIPIENT, system="child_medical", rule="child-medical")).title
    assert refused(lambda: ask(RECIPIENT, scopes=frozenset({"sharing:other/v1:Read"}))).status == 403
    assert SharingRecord.objects.count() == 1
    with connections["subsidy"].cursor() as cursor:  # who was turned away, and why, is counted
        cursor.execute("SELECT DISTINCT code FROM transport_rejection")
        codes = {code for (code,) in cursor.fetchall()}
    assert codes == {"no-permit", "items", "no-rule", "scope"}
    assert codes.isdisjoint(map(words_of, codes))  # the operator reads each in Japanese


@pytest.mark.parametrize(
    "changes",
    [
        {"staff": "K\x00"}, {"staff": "課長:J0001"}, {"purpose": "審査\x00"}, {"purpose": ""}, {"atena_nos": []},
        {"atena_nos": ["'; DROP TABLE"]}, {"atena_nos": ["1"] * 1001}, {"items": ["my_number"]}, {"scope": "all"},
    ],
)  # fmt: skip
def test_what_the_form_does_not_allow_never_arrives(changes):
    facts = {"rule": RULE, "purpose": "審査", "staff": "J0001", "atena_nos": ["1"]}
    ShareRequest.model_validate(facts)
    with pytest.raises(ValidationError):
        ShareRequest.model_validate(facts | changes)


def test_the_day_is_that_of_japan(ask):
    permitted()
    last_evening = datetime(2027, 3, 31, 14, 59, tzinfo=UTC)
    assert ask(RECIPIENT, at=last_evening).persons[0].outcome == "given"
    refused(lambda: ask(RECIPIENT, at=datetime(2027, 3, 31, 15, 0, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("city_name", "consumers"), [("kawasaki", ["child_medical", "severe_disability"]), ("sapporo", [])]
)
def test_only_departments_of_the_profile_get_a_way_in(tmp_path, monkeypatch, city_name, consumers):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    found(profile=open_profile(city_name), at=NOW, systems=("subsidy",))
    found(profile=open_profile(city_name), at=NOW, systems=("subsidy",))  # again changes nothing
    clients = Client.objects.using("subsidy").order_by("system")
    assert [(client.system, client.scopes) for client in clients] == [(name, [SHARE.scope]) for name in consumers]
    assert all(contact_of(provider="subsidy", consumer=name, body="") for name in consumers)
