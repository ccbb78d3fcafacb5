"""Core: codes that differ, the list by date, permits used once and in time, records that nobody changes."""

from datetime import date, timedelta

import pytest
from django.db import connections, transaction
from django.db.utils import IntegrityError, ProgrammingError
from tests.systems.nis.stations import NUMBER, OTHER_NUMBER, TAX, TAX_OF_CHILD

from tasuke.contracts.kit import Refused
from tasuke.contracts.mediation import CONFIRM_MAIL, WANT_CODES, CodesRemoved, CodesWanted, CodeWanted, Confirm
from tasuke.core.numbers import my_number_check_digit
from tasuke.platform.transport.links import link_to
from tasuke.systems.nis.models import Body, Code, IssuedPermit, Mail, Permission, Person, Record, Refusal
from tasuke.systems.nis.rounds import close_permits

pytestmark = pytest.mark.django_db(databases=["nis"])


def outcomes(station):
    """(request, outcome, reason) of what came back."""
    return [(i["outcome"], i["reason"]) for content in station.fetch() for i in content["items"]]


def records():
    return list(Record.objects.using("nis").order_by("pk").values_list("event", "outcome", "reason"))


def pieces(code):
    """All pieces of eight characters, without the letter that every code begins with."""
    return {code[start : start + 8] for start in range(1, len(code) - 7)}


# --- codes ------------------------------------------------------------------------------------------------------------
def test_one_person_has_another_code_at_each_body(sapporo, otaru):
    assert sapporo.code_of(NUMBER) != otaru.code_of(NUMBER)
    assert Person.objects.using("nis").count() == 1


def test_two_bodies_cannot_tell_that_they_mean_the_same_person(sapporo, otaru):
    """Nothing that a body gets is common to both, and a code of one is nobody's at the other."""
    mine, theirs = sapporo.code_of(NUMBER), otaru.code_of(NUMBER)
    assert not {mine[i : i + 6] for i in range(1, len(mine) - 5)} & {
        theirs[i : i + 6] for i in range(1, len(theirs) - 5)
    }
    sapporo.send_asks(sapporo.ask(otaru, code=theirs))
    assert outcomes(sapporo) == [("refused", "unknown-code")]


def test_a_person_keeps_the_code_until_the_body_gives_it_back(sapporo):
    sapporo.want(NUMBER, NUMBER)
    first, again = (item["code"] for item in sapporo.fetch()[0]["items"])
    assert first == again
    sapporo.send(sapporo.envelope(CodesRemoved(codes=(first,))))
    sapporo.want(NUMBER)
    assert sapporo.fetch()[0]["items"][0]["code"] != first
    assert Code.objects.using("nis").count() == 2


def test_a_body_cannot_give_back_the_code_of_another(sapporo, otaru):
    code = otaru.code_of()
    sapporo.send(sapporo.envelope(CodesRemoved(codes=(code,))))
    assert Code.objects.using("nis").get().removed_at is None


def test_a_processing_number_counts_once(sapporo):
    first, second = sapporo.want(NUMBER, nos=["P1"]), sapporo.want(OTHER_NUMBER, nos=["P1"])
    assert (first.taken, first.known, second.taken, second.known) == (1, 0, 0, 1)
    assert len(sapporo.fetch()) == 1


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (f"12345678901{my_number_check_digit('12345678901')}", "number-not-accepted"),
        ("123456789012", "number-not-accepted"),
        ("12345", "bad-number"),
    ],
)
def test_a_fictitious_city_takes_only_numbers_that_can_be_nobodys(sapporo, number, error):
    sapporo.want(number)
    assert [(i["code"], i["error"]) for i in sapporo.fetch()[0]["items"]] == [(None, error)]
    assert Person.objects.using("nis").count() == 0


def test_a_real_city_takes_no_synthetic_number(sapporo):
    from tasuke.systems.nis.settings_holder import set_policy

    set_policy(accept="real")
    sapporo.want(NUMBER)
    assert sapporo.fetch()[0]["items"][0]["error"] == "number-not-accepted"


def test_a_number_sealed_to_somebody_else_gets_no_code_and_the_others_do(sapporo):
    from tasuke.platform.crypto.keyrings import keypair_of
    from tasuke.platform.crypto.sealed import seal_for

    elsewhere = seal_for(keypair_of("test/else").public_jwks()[0][1], NUMBER.encode(), context="my_number")
    items = (
        CodeWanted(body=sapporo.code, processing_no="P1", my_number_sealed=elsewhere),
        CodeWanted(body=sapporo.code, processing_no="P2", my_number_sealed=sapporo.seal_number(NUMBER)),
    )
    link_to("nis", consumer="unified_id:B011002").call(WANT_CODES, CodesWanted(items=items), key="w")
    assert [i["error"] for i in sapporo.fetch()[0]["items"]] == ["cannot-open", ""]


def test_codes_for_another_body_are_refused(sapporo, otaru):
    items = (CodeWanted(body=otaru.code, processing_no="P1", my_number_sealed=sapporo.seal_number(NUMBER)),)
    with pytest.raises(Refused) as refused:
        link_to("nis", consumer="unified_id:B011002").call(WANT_CODES, CodesWanted(items=items), key="w")
    assert refused.value.status == 403


# --- the list ---------------------------------------------------------------------------------------------------------
def test_an_inquiry_on_the_list_goes_to_the_provider_under_its_own_code(sapporo, otaru):
    theirs = otaru.code_of()
    ask = sapporo.ask(otaru, condition_sealed="sealed-condition", undisclosed=True)
    sapporo.send_asks(ask)
    (item,) = otaru.fetch()[0]["items"]
    assert (item["code"], item["year"], item["condition_sealed"]) == (theirs, 2026, "sealed-condition")
    assert item["undisclosed"] is True
    assert (item["permit"]["requester"], item["permit"]["provider"]) == (sapporo.code, otaru.code)
    assert sapporo.fetch() == []
    assert records() == [("asked", "", "")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"procedure_code": "JT00000000000999"}, "not-permitted"),
        ({"information_code": "TM00000000000904"}, "not-permitted"),
        ({"information_code": "TM00000000000902"}, "not-permitted"),
        ({"provider": "B999999"}, "unknown-body"),
        ({"provider": "B011002"}, "own-body"),
        ({"provider": "CORE"}, "unknown-body"),
        ({"year": None}, "year-missing"),
        ({"information_code": "TM00000000000903", "procedure_code": "JT00000000000902"}, "year-not-asked"),
        ({"request_id": "R\x00"}, "bad-request-id"),
    ],
)
def test_a_combination_outside_the_list_is_refused_and_on_record(sapporo, otaru, change, reason):
    otaru.code_of()
    sapporo.send_asks(sapporo.ask(otaru, **change), sapporo.ask(otaru))
    assert outcomes(sapporo) == [("refused", reason)]
    assert len(otaru.fetch()[0]["items"]) == 1  # the good one passes
    assert records() == [("refused", "refused", reason), ("asked", "", "")]


def test_the_list_counts_by_the_day_in_japan(sapporo, otaru, clock):
    otaru.code_of()
    row = Permission.objects.using("nis").get(procedure_code=TAX_OF_CHILD, information_code=TAX)
    row.valid_to = date(2026, 6, 2)
    row.save(using="nis")
    clock.now = clock.now.replace(hour=14, minute=59)  # 23:59 of 1 June in Japan
    sapporo.send_asks(sapporo.ask(otaru))
    clock.forward(minutes=1)
    sapporo.send_asks(sapporo.ask(otaru))
    assert outcomes(sapporo) == [("refused", "not-permitted")]
    assert IssuedPermit.objects.using("nis").count() == 1


def test_a_body_takes_part_only_in_its_period(sapporo, otaru, clock):
    otaru.code_of()
    Body.objects.using("nis").filter(code=otaru.code).update(valid_to=date(2026, 6, 2))
    clock.forward(days=1)
    sapporo.send_asks(sapporo.ask(otaru))
    assert outcomes(sapporo) == [("refused", "unknown-body")]


def test_a_person_without_a_code_at_the_provider_has_no_data_there(sapporo, otaru):
    sapporo.send_asks(sapporo.ask(otaru))
    assert outcomes(sapporo) == [("none", "no-code-at-provider")]


def test_a_request_id_gets_one_permit(sapporo, otaru):
    otaru.code_of()
    ask = sapporo.ask(otaru)
    sapporo.send_asks(ask, ask)
    sapporo.send_asks(ask)
    assert IssuedPermit.objects.using("nis").count() == 1
    assert list(Refusal.objects.using("nis").values_list("code", flat=True)) == ["duplicate-request"] * 2


# --- permits and answers ----------------------------------------------------------------------------------------------
@pytest.fixture
def permit(sapporo, otaru):
    otaru.code_of()
    sapporo.send_asks(sapporo.ask(otaru))
    return otaru.fetch()[0]["items"][0]["permit"]["permit_id"]


def test_an_answer_goes_back_to_who_asked(sapporo, otaru, permit):
    otaru.send_answers(otaru.answer(permit))
    (item,) = sapporo.fetch()[0]["items"]
    assert (item["outcome"], item["permit_id"], item["answer_sealed"]) == ("found", permit, "sealed-answer")
    assert item["item_names"] == ["total_income"]
    record = Record.objects.using("nis").get(event="provided")
    assert (record.requester, record.provider, record.items) == (sapporo.code, otaru.code, ["total_income"])
    assert record.stand_in


def refused_codes():
    return list(Refusal.objects.using("nis").order_by("pk").values_list("code", flat=True))


def test_a_permit_is_used_once(sapporo, otaru, permit):
    otaru.send_answers(otaru.answer(permit), otaru.answer(permit, outcome="none", answer_sealed=""))
    otaru.send_answers(otaru.answer(permit))
    assert refused_codes() == ["permit-used", "permit-used"]
    assert outcomes(sapporo) == [("found", "")]


def test_a_permit_of_another_provider_is_worth_nothing(sapporo, kawasaki, permit):
    kawasaki.send_answers(kawasaki.answer(permit), kawasaki.answer("K-nobody's"))
    assert refused_codes() == ["permit-unknown", "permit-unknown"]
    assert sapporo.fetch() == []


def test_an_expired_permit_is_refused_and_the_asker_is_told(sapporo, otaru, clock, permit):
    clock.forward(days=7)
    otaru.send_answers(otaru.answer(permit))
    assert refused_codes() == ["permit-expired"]
    assert close_permits(clock.now) == {"expired": 1}
    assert close_permits(clock.now) == {"expired": 0}
    assert outcomes(sapporo) == [("refused", "permit-expired")]
    otaru.send_answers(otaru.answer(permit))
    assert refused_codes() == ["permit-expired"] * 2
    assert [event for event, *_ in records()] == ["asked", "expired"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"answer_sealed": ""}, "empty-answer"),
        ({"item_names": ("a\x00b",)}, "bad-answer"),
        ({"permit_id": "K" * 50}, "bad-answer"),
    ],
)
def test_an_answer_that_cannot_stand_is_refused_and_the_permit_stays_open(otaru, permit, change, code):
    otaru.send_answers(otaru.answer(permit).model_copy(update=change))
    assert refused_codes() == [code]
    assert IssuedPermit.objects.using("nis").get().state == "open"


# --- mailbox ----------------------------------------------------------------------------------------------------------
def test_mail_stays_until_it_is_confirmed(sapporo, clock):
    sapporo.want(NUMBER)
    first = sapporo.fetch(confirm=False)
    clock.forward(days=30)  # and goes out in an envelope that is in force
    assert sapporo.fetch(confirm=False) == first
    assert sapporo.fetch() == first
    assert sapporo.fetch() == []
    assert Mail.objects.using("nis").count() == 0


def test_mail_comes_in_pieces_in_order(sapporo):
    for _ in range(3):
        sapporo.want(NUMBER)
    assert [len(sapporo.fetch(limit=2)) for _ in range(3)] == [2, 1, 0]


def test_what_was_never_sent_cannot_be_confirmed(sapporo):
    with pytest.raises(Refused):
        sapporo.link.call(CONFIRM_MAIL, Confirm(upto=1), key="c")


def test_nobody_gets_the_mail_of_another(sapporo, otaru):
    sapporo.want(NUMBER)
    assert otaru.fetch() == []


# --- records ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "statement", ["UPDATE nis_record SET outcome = 'none'", "DELETE FROM nis_record", "TRUNCATE nis_record"]
)
def test_the_database_refuses_to_change_records(permit, statement):
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic(using="nis"):
        connections["nis"].cursor().execute(statement)
    assert Record.objects.using("nis").count() == 1


def test_records_name_nobody(permit):
    columns = {field.name for field in Record._meta.fields}
    assert not columns & {"name", "code", "address", "my_number"}


def test_what_was_kept_long_enough_is_deleted_with_a_note(permit, clock):
    from tasuke.systems.nis.models import Removal
    from tasuke.systems.nis.records import RecordRow, add_records
    from tasuke.systems.nis.rounds import tidy

    old = clock.now.replace(year=2015)
    row = RecordRow("K-old", None, "B1", "B2", "JT1", "TM1", old, None, "", "", (), False)
    add_records([row], event="asked", at=old, using="nis")
    assert tidy(clock.now)["records"] == 1
    assert tidy(clock.now)["records"] == 0
    assert Record.objects.using("nis").get().permit_id != "K-old"
    assert Removal.objects.using("nis").get(what="records").rows == 1
    assert Record.objects.using("nis").get().keep_until - clock.now > timedelta(days=6 * 365)
