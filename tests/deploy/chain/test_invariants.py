"""What must hold of the whole chain after an inquiry has walked: who never sees which number, and who is refused."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker
from tests.deploy.chain.conftest import (
    CHAIN,
    CHILD,
    CHILDREN,
    FATHER,
    MOTHER,
    OTARU,
    RECORD,
    TAX,
    Chain,
    resident,
    stand,
)
from tests.deploy.chain.searching import Overheard, ask_as, files_holding, overhearing, tables_holding

from tasuke.contracts import interface as i
from tasuke.contracts.inquiry import ASK, InquiriesRequest, InquiryItem
from tasuke.contracts.mediation import FETCH, GET_KEYS, SEND, Ask, AskBatch, Envelope, Fetch, KeysRequest, Send
from tasuke.core.numbers import synthetic_my_number
from tasuke.deploy.chain.grants import AS_A_BODY, GRANTS
from tasuke.deploy.chain.neighbour import Person, move_in, unified_no
from tasuke.platform.crypto.envelopes import Claims, make
from tasuke.platform.database.embedded import data_folder
from tasuke.platform.transport.links import unbind_all
from tasuke.systems.gateway.models import Inquiry as GatewayInquiry
from tasuke.systems.midserver.tenancy import inside
from tasuke.systems.nis.codes import code_context
from tasuke.systems.nis.models import Body, Code, IssuedPermit
from tasuke.systems.nis.models import Record as NationalRecord
from tasuke.systems.nis.settings_holder import vault as national_vault
from tasuke.systems.subsidy.desk.links import find_by_my_number, match_my_number
from tasuke.systems.subsidy.desk.typed_number import TypedNumber
from tasuke.systems.unified_id.models import Person as UnifiedPerson

SYSTEMS = tuple(CHAIN)
CITY = ("subsidy", "resident", "welfare", "unified_id", "gateway")
SAPPORO = "B011002"
# long digits of their own: those of the other tests would also stand inside a 統合宛名番号
MY_NUMBERS = {no: synthetic_my_number(body) for no, body in
              zip((FATHER, MOTHER, CHILD), ("73615280941", "48209173556", "91527364088"), strict=True)}  # fmt: skip
pytestmark = pytest.mark.django_db(databases=[*SYSTEMS, "accounts"])


@dataclass
class Walked:
    """A family that moved in, whose parents were asked about, and everything that was heard meanwhile."""

    chain: Chain
    heard: Overheard
    handover: Path


@pytest.fixture(scope="module")
def walked(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walked]:
    """One walk for all tests of this file: standing the chain takes seconds. Each test is rolled back to it."""
    folder = tmp_path_factory.mktemp("handover")
    with ExitStack() as held:
        patch = held.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("TASUKE_HANDOVER", str(folder))
        held.enter_context(django_db_blocker.unblock())
        for system in (*SYSTEMS, "accounts"):
            held.enter_context(transaction.atomic(using=system))
            held.callback(transaction.set_rollback, True, using=system)
        held.callback(unbind_all)
        with overhearing() as heard:
            chain = stand(*SYSTEMS)
            _walk(chain)
        yield Walked(chain, heard, folder)


def _walk(chain: Chain) -> None:
    chain.residents(resident(FATHER), resident(MOTHER), resident(CHILD, birth_date=date(2020, 5, 1)))
    chain.settle()
    chain.numbers(MY_NUMBERS)
    chain.settle()
    chain.later(minutes=2)  # business numbers that came before the 個人番号 are told again
    people = [
        Person("77001", MY_NUMBERS[FATHER], ({**RECORD},)),
        Person("77002", MY_NUMBERS[MOTHER], ({**RECORD, "income_levy": 0},), protected=True),
    ]
    move_in(body=OTARU, people=people, at=chain.clock())
    chain.settle()
    asked = chain.ask(FATHER, CHILD)
    chain.settle()
    for inquiry in asked:
        inquiry.refresh_from_db()
    assert [inquiry.outcome for inquiry in asked] == ["found", "none"]
    _show_cards()


def _show_cards() -> None:
    """At the counter the father shows his card, somebody else's is typed for the mother, and one is searched by."""
    card, who = TypedNumber(MY_NUMBERS[FATHER]), {"personal_id": "S0001", "purpose": "窓口・電話での相談"}
    assert match_my_number(atena_no=FATHER, number=card, **who).matches
    wrong = match_my_number(atena_no=MOTHER, number=card, **who)
    assert (wrong.known, wrong.matches) == (True, False)
    assert find_by_my_number(number=card, **who).atena_nos == (FATHER,)


def codes() -> list[str]:
    """Every 符号 that was issued, in clear: what must stand nowhere."""
    found = [
        national_vault().open(bytes(row.code_sealed), context=code_context(row.body)).decode()
        for row in Code.objects.using("nis").all()
    ]
    assert len(found) == 5  # three at home, two of them also where they lived
    return found


def unified_numbers() -> list[str]:
    own = list(UnifiedPerson.objects.using("unified_id").values_list("unified_no", flat=True))
    assert len(own) == 3
    return [*own, unified_no("77001"), unified_no("77002")]


def test_no_code_stands_in_clear_in_any_table(walked: Walked) -> None:
    assert tables_holding(codes(), *SYSTEMS, "accounts") == []


def test_a_code_is_kept_by_nobody_but_midserver_and_the_national_side_also_sealed(walked: Walked) -> None:
    """The blobs under which the two keep it are not copied to anybody either."""
    blobs = [bytes(row.code_sealed).hex() for row in Code.objects.using("nis").all()]
    for body in (SAPPORO, OTARU):
        with inside(body) as room:
            blobs += [bytes(row[0]).hex() for row in room.rows("SELECT code_sealed FROM linkage_code")]
    assert len(blobs) == 10
    assert {name.split()[0] for name in tables_holding(blobs, *SYSTEMS)} == {"nis", SAPPORO, OTARU}


def test_no_code_is_said_logged_or_written_to_a_file(walked: Walked) -> None:
    assert walked.heard.holding(codes()) == []
    assert files_holding(codes(), walked.handover, data_folder() / "keys", data_folder() / "handover") == []


def test_what_is_searched_for_would_be_found(walked: Walked) -> None:
    """The search itself: 宛名番号 stand in tables and messages, and bytes in hex."""
    assert any(name.startswith("subsidy") for name in tables_holding([FATHER], "subsidy"))
    assert walked.heard.holding([FATHER])
    blob = NationalRecord.objects.using("nis").values_list("permit_id", flat=True).exclude(permit_id="").first()
    assert blob is not None
    assert any(name.startswith(SAPPORO) for name in tables_holding([blob], "midserver"))
    assert len(walked.heard.said) > 100
    with overhearing() as heard:
        logging.getLogger("tasuke.somewhere").debug("done", extra={"person": FATHER})
    assert heard.holding([FATHER])


def test_no_my_number_stands_anywhere_but_inside_seals(walked: Walked) -> None:
    numbers = list(MY_NUMBERS.values())
    assert tables_holding(numbers, *SYSTEMS, "accounts") == []
    assert walked.heard.holding(numbers) == []
    assert files_holding(numbers, walked.handover, data_folder() / "keys", data_folder() / "handover") == []


def test_no_my_number_is_hashed_without_a_key(walked: Walked) -> None:
    """Twelve digits are found behind a plain hash in seconds."""
    plain = [number.encode() for number in MY_NUMBERS.values()]
    hashes = [hashed(data).hexdigest() for data in plain for hashed in (sha256, sha1, md5)]
    assert tables_holding(hashes, *SYSTEMS, "accounts") == []
    assert walked.heard.holding(hashes) == []


def test_a_unified_number_is_in_no_table_and_no_message_of_subsidy_resident_and_welfare(walked: Walked) -> None:
    numbers = unified_numbers()
    outside = ("subsidy", "resident", "welfare")
    assert tables_holding(numbers, *outside, "accounts") == []
    assert walked.heard.holding(numbers, consumers=outside) == []
    assert files_holding(numbers, walked.handover) == []
    # the national side knows neither them nor 宛名番号: it knows codes
    assert tables_holding([*numbers, FATHER, MOTHER, CHILD], "nis") == []


def question(**changes: object) -> InquiryItem:
    facts = {
        "record_id": "900-outside-the-list", "atena_no": FATHER, "procedure_code": CHILDREN, "information_code": TAX,
        "provider": OTARU, "year": 2026, "department": "0101", "personal_id": "S0001",
    }  # fmt: skip
    return InquiryItem.model_validate(facts | changes)


UNLAWFUL = [
    {"procedure_code": "JT00000000000999"},
    {"information_code": "TM00000000000777"},
    {"provider": "B999999"},
    {"year": None},
]


@pytest.mark.parametrize("change", UNLAWFUL)
def test_the_gateway_refuses_what_is_not_on_the_list(walked: Walked, change: dict[str, object]) -> None:
    before = GatewayInquiry.objects.using("gateway").count()
    request = InquiriesRequest(business_id="900", items=(question(**change),))
    reply = ask_as("gateway", "subsidy", ASK, request, key="unlawful")
    assert (reply.accepted, [error.code for error in reply.errors]) == (0, ["E0004"])
    assert GatewayInquiry.objects.using("gateway").count() == before


@pytest.mark.parametrize("change", UNLAWFUL)
def test_midserver_refuses_what_a_gateway_let_through(walked: Walked, change: dict[str, object]) -> None:
    item = question(**change)
    person = UnifiedPerson.objects.using("unified_id").earliest("unified_no")
    inquiry = i.MidInquiry(
        record_id="900-let-through", unified_no=person.unified_no, procedure_code=item.procedure_code,
        information_code=item.information_code, provider=item.provider, year=item.year, department="0101",
        personal_id="S0001",
    )  # fmt: skip
    reply = ask_as("midserver", "gateway", i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry,)), key="let-through")
    assert (reply.accepted, [error.code for error in reply.errors]) == (0, ["E0102"])
    with inside(SAPPORO) as room:
        assert room.value("SELECT count(*) FROM inquiry WHERE record_id = '900-let-through'") == 0


@pytest.mark.parametrize("change", UNLAWFUL)
def test_the_national_side_refuses_what_a_rogue_midserver_signs_with_real_keys(
    walked: Walked, change: dict[str, object]
) -> None:
    permits = IssuedPermit.objects.using("nis").count()
    with inside(SAPPORO) as room:
        code = room.vault.open(bytes(room.value("SELECT code_sealed FROM linkage_code")), context="midserver.code")
    facts = {"procedure_code": CHILDREN, "information_code": TAX, "provider": OTARU, "year": 2026} | change
    ask = Ask.model_validate(facts | {"request_id": "rogue", "code": code.decode(), "condition_sealed": ""})
    assert (
        _signed_and_sent(walked.chain, AskBatch(asks=(ask,))) == "taken"
    )  # the letter is in order, what it asks is not
    assert IssuedPermit.objects.using("nis").count() == permits
    refused = NationalRecord.objects.using("nis").latest("id")
    assert (refused.event, refused.requester, refused.permit_id) == ("refused", SAPPORO, "")
    assert refused.reason


def _signed_and_sent(chain: Chain, content: AskBatch) -> str:
    core = [key for key in ask_as("nis", f"midserver:{SAPPORO}", GET_KEYS, KeysRequest(known=0)).keys
            if key.body == "CORE" and key.use == "enc"]  # fmt: skip
    number = Body.objects.using("nis").get(code=SAPPORO).last_in + 1
    claims = Claims(
        issuer=SAPPORO, audience="CORE", message_id="rogue-letter", sequence=number, issued_at=chain.clock(),
        expires_at=chain.clock().replace(hour=23), kind=content.kind,
    )  # fmt: skip
    with inside(SAPPORO) as room:
        signer = room.signing_keys.current()
    token = make(content.model_dump_json().encode(), signer=signer, recipient=core[-1], claims=claims)
    letter = Envelope(
        message_id=claims.message_id, sequence=number, sender=SAPPORO, receiver="CORE", token=token
    )  # fmt: skip
    reply = ask_as("nis", f"midserver:{SAPPORO}", SEND, Send(envelopes=(letter,)), key="rogue")
    verdict: str = reply.verdicts[0].verdict
    return verdict


def test_the_other_city_learns_nothing_of_ours_by_any_call(walked: Walked) -> None:
    ours = list(UnifiedPerson.objects.using("unified_id").values_list("unified_no", flat=True))
    records = list(GatewayInquiry.objects.using("gateway").values_list("mid_record_id", flat=True))
    processing = list(UnifiedPerson.objects.using("unified_id").values_list("processing_no", flat=True))
    as_otaru = f"gateway:{OTARU}"
    june = i.RecordsRequest(date_from=date(2026, 6, 1), date_to=date(2026, 7, 1))
    of_each = [june.model_copy(update={"unified_no": no}) for no in ours]
    said = [
        ask_as("midserver", as_otaru, i.INQUIRY_RESULTS, i.MidResultsRequest(after=0)),
        ask_as("midserver", as_otaru, i.INQUIRY_STATES, i.MidStatesRequest(record_ids=tuple(records))),
        ask_as("midserver", as_otaru, i.CODE_STATES, i.CodeStateRequest(processing_nos=tuple(processing))),
        ask_as("midserver", as_otaru, i.PROVISIONS, i.ProvisionRequests(after=0)),
        ask_as("midserver", as_otaru, i.PROVISION_RECORDS, june),
        *(ask_as("midserver", as_otaru, i.PROVISION_RECORDS, june_of) for june_of in of_each),
        ask_as("nis", f"midserver:{OTARU}", FETCH, Fetch(after=0)),
    ]  # fmt: skip
    text = "\n".join(one.model_dump_json() for one in said)
    assert not [value for value in (*ours, *records, FATHER, MOTHER, CHILD) if value in text]
    assert (said[0].results, said[1].states) == ((), ())
    assert all(record.side == "provider" for record in said[4].records)


def test_an_answer_is_opened_by_nobody_on_its_way(walked: Walked) -> None:
    """Core and the mailboxes carry the income without being able to read it: it stands in no table in clear."""
    assert tables_holding(["3120000"], "nis", "midserver", "gateway", "unified_id") == []
    assert not [one for one in walked.heard.holding(["3120000"]) if one.startswith("nis")]


def test_nobody_outside_the_city_may_call_a_system_of_it() -> None:
    # 住民記録 and the departments that a permit lets read (庁内移転) are the city's own
    inside = {*CITY, "register", "severe_disability", "child_medical"}
    inward = [(provider, consumer) for provider, consumer in GRANTS if provider in CITY and consumer not in inside]
    assert inward == []
    assert {provider for provider, consumer in GRANTS if consumer not in (*SYSTEMS, "register")} == {"subsidy"}
    assert {consumer for provider, consumer in GRANTS if provider == "gateway"} == {"subsidy", "resident"}
    assert {provider for provider, consumer in GRANTS if consumer in ("gateway", "unified_id") and (
        provider, consumer) in AS_A_BODY} == {"midserver", "nis"}  # fmt: skip


_ADDRESSES = """
from tasuke.deploy.setup import configure
configure()
from django.urls import get_resolver
from tasuke.platform.transport.http_server import api_urls
def walk(patterns, before=""):
    for one in patterns:
        here = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from walk(one.url_patterns, here)
        else:
            yield here
print("\\n".join(walk(get_resolver().url_patterns)))
"""


@pytest.mark.slow
def test_a_process_of_the_city_has_no_address_for_the_national_side() -> None:
    systems = ",".join((*CITY, "accounts"))
    done = subprocess.run(
        [sys.executable, "-c", _ADDRESSES], env={**os.environ, "TASUKE_SYSTEMS": systems}, capture_output=True,
        text=True, check=True, timeout=120,
    )  # fmt: skip
    addresses = done.stdout.splitlines()
    assert any(address.startswith("gateway/") for address in addresses)
    assert not [address for address in addresses if address.startswith(("midserver/", "nis/"))]
    outside = {op.contract for (provider, _), ops in GRANTS.items() if provider in ("midserver", "nis") for op in ops}
    shared = {op.contract for (provider, _), ops in GRANTS.items() if provider in CITY for op in ops}
    offered = [a for a in addresses if any(f"/{contract}/" in f"/{a}" for contract in outside - shared)]
    assert offered == []
