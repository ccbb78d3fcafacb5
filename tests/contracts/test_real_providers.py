"""The real systems answer each example of their contracts, and answer it alike by every transport."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.db import transaction
from tests.systems.resident.test_distribution import application, approve, receive, row
from tests.systems.unified_id.conftest import my_number
from tests.systems.welfare.conftest import event, subscribe
from tests.systems.welfare.test_changes import tax

from tasuke.contracts.distribution import DISTRIBUTION, PUSH, REGISTER_EVENTS, RESIDENT_EVENTS
from tasuke.contracts.keys import KEYS
from tasuke.contracts.kit import Refused
from tasuke.contracts.unified import UNIFIED
from tasuke.contracts.welfare import WELFARE
from tasuke.core.numbers import NumberKind, check_number
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.testing import TRANSPORTS, link_by
from tasuke.systems.resident.api import HANDLERS as RESIDENT
from tasuke.systems.unified_id.api import HANDLERS as UNIFIED_ID
from tasuke.systems.unified_id.my_number import keypair
from tasuke.systems.unified_id.policy import set_policy
from tasuke.systems.welfare.api import HANDLERS as REGISTRY
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["resident", "welfare", "unified_id"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
PERSON = "000000010234561"
# contract, provider, its handlers, who calls
OFFERS = [
    (REGISTER_EVENTS, "resident", RESIDENT, "register"),
    (DISTRIBUTION, "resident", RESIDENT, "welfare"),
    (RESIDENT_EVENTS, "welfare", REGISTRY, "resident"),
    (RESIDENT_EVENTS, "unified_id", UNIFIED_ID, "resident"),
    (WELFARE, "welfare", REGISTRY, "subsidy"),
    (UNIFIED, "unified_id", UNIFIED_ID, "subsidy"),
    (KEYS, "unified_id", UNIFIED_ID, "subsidy"),
]
CASES = [(c, o, provider, handlers, caller) for c, provider, handlers, caller in OFFERS for o in c.operations]


@pytest.fixture
def systems(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path / "home"))
    set_policy(accept="synthetic", body="B011002")
    approve(application())
    receive(row(PERSON))
    subscribe()
    take_events(using="welfare", events=[event(1, PERSON)], last=1, at=NOW)
    tax({"atena_no": PERSON, "total_income": 3_120_000})


def request_of(contract, operation):
    """The example, with seals that open."""
    facts = json.loads(json.dumps(contract.examples[operation.name]["request"]))
    kid, jwk = keypair().public_jwks()[0]
    sealed = seal_for({**jwk, "kid": kid}, my_number(1).encode(), context="my_number")
    text = re.sub(r"eyJ[^\"]*example", sealed, json.dumps(facts, ensure_ascii=False))
    if operation is PUSH:  # the stream goes on after what was taken above
        text = text.replace('"sequence": 1', '"sequence": 2').replace('"last": 1', '"last": 2')
    return operation.request.model_validate_json(text)


@pytest.mark.parametrize(
    ("contract", "operation", "provider", "handlers", "caller"),
    CASES,
    ids=[f"{provider}:{c.id}.{o.name}" for c, o, provider, _, _ in CASES],
)
def test_the_example_is_answered_alike_by_every_transport(
    systems, tmp_path, contract, operation, provider, handlers, caller
):
    request, answers = request_of(contract, operation), []
    for transport in TRANSPORTS:
        with (
            transaction.atomic(using=provider),
            link_by(
                transport, provider=provider, handlers=handlers, system=caller, clock=lambda: NOW,
                folder=tmp_path / transport,
            ) as link,
        ):  # fmt: skip
            answers.append(link.call(operation, request, key="k" if operation.writes else ""))
            transaction.set_rollback(True, using=provider)
    assert answers[0] == answers[1] == answers[2]
    assert set(answers[0].model_dump()) == set(operation.reply.model_fields)


def test_nobody_else_speaks_for_the_distribution(systems, tmp_path):
    for provider, handlers in (("welfare", REGISTRY), ("unified_id", UNIFIED_ID)):
        with link_by(
            "local", provider=provider, handlers=handlers, system="subsidy", clock=lambda: NOW, folder=tmp_path
        ) as link:
            with pytest.raises(Refused) as refused:
                link.call(PUSH, request_of(RESIDENT_EVENTS, PUSH), key="k")
            assert refused.value.status == 403


def test_the_number_of_the_example_is_one_that_the_rule_gives():
    example = WELFARE.examples["jutogaishaatenabangofuban"]["reply"]["atenabango"]
    assert check_number(NumberKind.ATENA, example).problems == ()
