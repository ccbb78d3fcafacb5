"""Run by `test_processes` in a process of its own: one step of one system. The last line of its output is JSON."""

import json
import sys
import time
from datetime import date

from tasuke.deploy.setup import configure

configure()

import polars as pl  # noqa: E402 the settings stand first

from tasuke.core.numbers import synthetic_my_number  # noqa: E402
from tasuke.deploy.chain.opening import open_chain  # noqa: E402
from tasuke.deploy.clock import now  # noqa: E402
from tasuke.deploy.profiles import open_profile  # noqa: E402

PERSON, NUMBER, OTARU = "000000010000017", synthetic_my_number("00000000001"), "B012033"


def residents() -> dict[str, object]:
    from tasuke.formats import my_number_feed, resident_feed
    from tasuke.systems.resident.services.receive_numbers import receive_numbers
    from tasuke.systems.resident.services.receive_states import receive_states

    facts = {
        "atena_no": PERSON,
        "household_no": "45678",
        "resident_type": "1",
        "resident_status": "1",
        "name": "髙橋　太郎",
        "sex": "1",
        "birth_date": date(1988, 5, 1),
        "relationship_code": "02",
        "municipality_code": "011002",
        "ward_code": "011011",
        "address": "札幌市中央区北一条西二丁目１番地",
        "event_code": "01",
        "event_date": date(2026, 6, 1),
        "protection": False,
        "line": 2,
    }
    schema = {f.name: f.dtype for f in resident_feed.LAYOUT.fields if f.name != "seq"}
    rows = pl.DataFrame([facts], schema={**schema, "line": pl.Int64})
    states = receive_states(using="resident", rows=rows, at=now(), file_id=None, tell_gateway=True)
    number = {"seq": 1, "atena_no": PERSON, "my_number": NUMBER, "event": "1", "valid_from": date(2026, 6, 1)}
    numbers = pl.DataFrame([number], schema={f.name: f.dtype for f in my_number_feed.LAYOUT.fields})
    sent = receive_numbers(using="resident", rows=numbers, at=now(), source="test")
    time.sleep(6)  # the server's turns carry both to 団体内統合宛名
    return {"added": states["added"], "sent": sent["sent"]}


def neighbour() -> dict[str, object]:
    from tasuke.deploy.chain.handover import contact_of
    from tasuke.deploy.chain.neighbour import Person, move_in
    from tasuke.platform.transport.http_client import HttpLink
    from tasuke.platform.transport.links import bind

    for provider, consumer in (("midserver", "gateway"), ("nis", "unified_id")):
        contact = contact_of(provider=provider, consumer=consumer, body=OTARU)
        assert contact is not None
        bind(provider, f"{consumer}:{OTARU}", HttpLink(contact.base, provider, contact.credentials, now))
    tax = {"tax_year": 2026, "status_code": "3", "total_income": 3_120_000, "dependents": 2}
    return {"replicas": move_in(body=OTARU, people=[Person("77001", NUMBER, (tax,))], at=now())}


def ask() -> dict[str, object]:
    from tasuke.systems.subsidy.inquiries.choices import Question, choices_on
    from tasuke.systems.subsidy.inquiries.rounds import exchange
    from tasuke.systems.subsidy.inquiries.services.ask_inquiries import ask_inquiries

    question = Question(PERSON, "JT00000000000901", "TM00000000000002", OTARU, 2026)
    end = time.monotonic() + 180
    while not choices_on(now().date()).bodies and time.monotonic() < end:
        time.sleep(1)  # the gateway has not taken the master yet
    answer: dict[str, object] = {}
    while time.monotonic() < end:  # until the business number and both 符号 are there, the answer is a refusal
        (inquiry,) = ask_inquiries(
            using="subsidy",
            questions=[question],
            about={},
            scheme="sapporo-kodomo",
            ward_code="011011",
            choices=choices_on(now().date()),
            by="S0001",
            department="0101",
            at=now(),
        ).inquiries
        while inquiry.state in ("waiting", "sent") and time.monotonic() < end:
            time.sleep(0.5)
            exchange(using="subsidy", at=now())
            inquiry.refresh_from_db()
        answer = {"state": inquiry.state, "outcome": inquiry.outcome, "reason": inquiry.reason}
        if inquiry.outcome == "found":
            return {**answer, "total_income": inquiry.items[0]["total_income"]}
        time.sleep(3)
    return answer


open_chain(profile=open_profile("sapporo"), clock=now)
print(json.dumps({"residents": residents, "neighbour": neighbour, "ask": ask}[sys.argv[1]]()))
