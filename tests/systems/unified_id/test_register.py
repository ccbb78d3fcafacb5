"""付番: through the real handler, on the real tables."""

import itertools
import json
import logging
from collections import Counter

import pytest
from tests.systems.unified_id.conftest import AT, Unified, my_number

from tasuke.contracts.kit import Refused
from tasuke.contracts.unified import (
    MATCH_MY_NUMBER,
    PENDING_CODES,
    PUT_CODE_PROGRESS,
    SHOW_MY_NUMBER,
    TO_ATENA,
    TO_UNIFIED,
    CodeProgress,
    CodeProgressRequest,
    MatchRequest,
    MyNumberRequest,
    PendingCodesRequest,
    ToAtenaRequest,
    ToUnifiedRequest,
)
from tasuke.core.numbers import my_number_check_digit
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.crypto.sealed import keypair_of, open_with
from tasuke.systems.unified_id.models import BusinessNumber, NumberRow, Person, RowFault, Traffic
from tasuke.systems.unified_id.my_number import open_at_rest, vault
from tasuke.systems.unified_id.policy import set_policy
from tasuke.systems.unified_id.services.permit_my_number import approve_permit, request_permit
from tasuke.systems.unified_id.services.rotate_keys import reseal, rotate_keys

pytestmark = [pytest.mark.django_db(databases=["unified_id"])]


def people():
    return Person.objects.using("unified_id")


def to_unified(unified, *atena_nos, business="001"):
    return unified.link.call(TO_UNIFIED, ToUnifiedRequest(business_id=business, atena_nos=atena_nos)).numbers


def test_a_new_number_makes_a_person_and_the_same_number_is_the_same_person(unified):
    assert unified.register(unified.row("1", my_number(1))).linked == 1
    reply = unified.register(unified.row("77", my_number(1)), business="900")
    assert (reply.linked, reply.errors) == (1, ())
    assert people().count() == 1
    assert to_unified(unified, "1") == to_unified(unified, "77", business="900")


def test_the_same_again_changes_nothing(unified):
    rows = [unified.row(str(n), my_number(n)) for n in range(1, 20)]
    assert unified.register(*rows).linked == 19
    again = unified.register(*[unified.row(str(n), my_number(n)) for n in range(1, 20)])
    assert (again.linked, again.unchanged) == (0, 19)
    assert people().count() == 19


def test_one_sealed_batch_gives_what_single_seals_give(unified):
    numbers = [my_number(n) if n % 3 else None for n in range(1, 31)]
    rows = [unified.row(str(n)) for n in range(1, 31)]
    reply = unified.register(*rows, batch_sealed=unified.sealed(json.dumps(numbers)))
    assert reply.linked == 20
    assert {e.code for e in reply.errors} == {"E0101"}
    assert unified.register(*[unified.row(str(n), my_number(n)) for n in range(1, 31) if n % 3]).unchanged == 20


@pytest.mark.parametrize("payload", ["[]", "no json", '["1", 2]', '{"a": 1}'])
def test_a_batch_that_does_not_fit_its_rows_is_refused_whole(unified, payload):
    with pytest.raises(Refused):
        unified.register(unified.row("1"), unified.row("2"), batch_sealed=unified.sealed(payload))
    assert not people().exists()


def test_bad_rows_are_named_and_good_rows_go_on(unified):
    broken = unified.sealed(my_number(2))[:-8] + "AAAAAAAA"
    reply = unified.register(
        unified.row("1", my_number(1)),
        unified.row("2", my_number_sealed=broken),
        unified.row("3", "123456789012"),
        unified.row("4"),
        unified.row("5", my_number(5), name="長" * 101),
        unified.row("6", my_number(6)),
    )
    assert reply.linked == 2
    assert [(e.row, e.code) for e in reply.errors] == [(2, "E0002"), (3, "E0002"), (4, "E0101"), (5, "E0003")]
    assert RowFault.objects.using("unified_id").filter(settled_at__isnull=True).count() == 4
    unified.register(unified.row("4", my_number(4)))  # mended: the fault is settled
    assert RowFault.objects.using("unified_id").get(atena_no="4").settled_at == AT
    assert Traffic.objects.using("unified_id").count() == 2


def real(body="12345678901"):
    return f"{body}{my_number_check_digit(body)}"


def test_a_fictitious_city_refuses_a_real_number_and_a_real_city_a_fictitious_one(unified):
    assert [e.code for e in unified.register(unified.row("1", real())).errors] == ["E0002"]
    set_policy(accept="real")
    assert [e.code for e in unified.register(unified.row("1", my_number(1))).errors] == ["E0002"]
    assert [e.code for e in unified.register(unified.row("1", "12345678901")).errors] == ["E0002"]
    assert unified.register(unified.row("1", real())).linked == 1


def test_no_digit_of_a_number_is_stored_or_logged_in_the_clear(unified, caplog):
    from django.db import connections

    numbers = [my_number(n) for n in range(1, 6)]
    with caplog.at_level(logging.DEBUG):
        unified.register(*[unified.row(str(n), no) for n, no in enumerate(numbers, start=1)], unified.row("9", real()))
        unified.link.call(MATCH_MY_NUMBER, MatchRequest(atena_no="1", my_number_sealed=unified.sealed(numbers[0])))
    with connections["unified_id"].cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        text = ""
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            text += "".join(row for (row,) in cursor.fetchall())
    hexed = [no.encode().hex() for no in numbers]
    assert not [no for no in [*numbers, *hexed, real()] if no in text or no in caplog.text]


def test_equal_numbers_are_found_by_index_and_sealed_differently(unified):
    unified.register(unified.row("1", my_number(1)))
    unified.register(unified.row("1", removed=True))
    unified.register(unified.row("1", my_number(1)))
    assert people().count() == 1
    rows = NumberRow.objects.using("unified_id")
    assert Counter(bytes(r.keyed_index) for r in rows).most_common(1)[0][1] == 1
    assert my_number(1).encode() not in bytes(rows.get().sealed)


def test_the_order_of_issue_is_not_that_of_the_numbers(unified):
    numbers = sorted(my_number(n) for n in range(1, 60))
    unified.register(*[unified.row(str(n), no) for n, no in enumerate(numbers, start=1)])
    issued = to_unified(unified, *[str(n) for n in range(1, 60)])
    assert sorted(issued) != list(issued)
    rising = sum(a < b for a, b in itertools.pairwise(issued))
    assert 15 < rising < 44  # 29 in the mean; far outside would be an order


def test_a_changed_number_keeps_the_unified_number_and_the_old_one_is_kept_closed(unified):
    unified.register(unified.row("1", my_number(1)))
    before = to_unified(unified, "1")
    assert unified.register(unified.row("1", my_number(2))).linked == 1
    assert to_unified(unified, "1") == before
    assert NumberRow.objects.using("unified_id").filter(ended_at__isnull=False).count() == 1
    # the number that ended may come with somebody else: it is nobody's any more
    assert unified.register(unified.row("5", my_number(1))).linked == 1
    assert people().count() == 2


def test_the_last_business_takes_the_number_out_of_use_and_it_comes_back_as_the_same(unified):
    unified.register(unified.row("1", my_number(1)))
    unified.register(unified.row("1"), business="900")
    no = to_unified(unified, "1")[0]
    unified.register(unified.row("1", removed=True))
    assert people().get(pk=no).state == "in_use"
    assert not people().get(pk=no).resident
    unified.register(unified.row("1", removed=True), business="900")
    assert people().get(pk=no).state == "removed"
    assert unified.link.call(TO_ATENA, ToAtenaRequest(business_id="900", unified_nos=(no,))).numbers == (None,)
    unified.register(unified.row("1", my_number(1)))
    assert people().get().state == "in_use"
    assert BusinessNumber.objects.using("unified_id").filter(unlinked_at__isnull=True).count() == 1


def test_conversion_answers_in_the_order_asked_and_leaves_strangers_out(unified):
    unified.register(*[unified.row(str(n), my_number(n)) for n in (1, 2, 3)])
    numbers = to_unified(unified, "3", "9", "1", "3")
    assert numbers[0] == numbers[3] != numbers[2]
    assert numbers[1] is None
    asked = ToAtenaRequest(business_id="001", unified_nos=(numbers[2], "000000000000000", numbers[0]))
    assert unified.link.call(TO_ATENA, asked).numbers == ("1", None, "3")
    assert to_unified(unified, "1", business="900") == (None,)


def test_matching_says_yes_or_no(unified):
    unified.register(unified.row("1", my_number(1)))

    def match(atena_no, number):
        reply = unified.link.call(
            MATCH_MY_NUMBER, MatchRequest(atena_no=atena_no, my_number_sealed=unified.sealed(number))
        )
        return reply.known, reply.matches

    assert match("1", my_number(1)) == (True, True)
    assert match("1", my_number(2)) == (True, False)
    assert match("2", my_number(1)) == (False, False)


def permit(business="900"):
    asked = request_permit(
        using="unified_id", business_id=business, personal_id="S0001", legal_basis="番号法9条2項", by="chief",
        start=AT.date(), end=AT.date().replace(year=2027), at=AT,
    )  # fmt: skip
    approve_permit(using="unified_id", permit_id=asked.pk, by="head", at=AT)


def show(unified, key, business="900", jwk=None):
    request = MyNumberRequest(
        atena_no="1", business_id=business, personal_id="S0001", purpose="申請の審査", reply_jwk=jwk
    )
    return unified.link.call(SHOW_MY_NUMBER, request, key=key)


def test_a_number_is_shown_to_who_is_permitted_for_the_business_and_each_look_is_on_record(unified):
    unified.register(unified.row("1", my_number(1)))
    unified.register(unified.row("1"), business="900")
    mine = keypair_of("subsidy")
    _, jwk = mine.public_jwks()[0]
    refused = show(unified, "show-1", jwk=jwk)
    assert (refused.my_number_sealed, bool(refused.refused)) == (None, True)
    permit()
    reply = show(unified, "show-2", jwk=jwk)
    assert open_with(mine, reply.my_number_sealed, context="my_number").decode() == my_number(1)
    assert show(unified, "show-3", business="001", jwk=jwk).my_number_sealed is None  # another business
    events = list(AuditEvent.objects.using("unified_id").order_by("id").values_list("kind", "personal_id", "purpose"))
    assert events == [("refused", "S0001", ""), ("read", "S0001", "申請の審査"), ("refused", "S0001", "")]
    assert my_number(1) not in str(list(AuditEvent.objects.using("unified_id").values()))


def test_a_permit_takes_two_people(unified):
    from tasuke.systems.unified_id.services.permit_my_number import PermitRefused, end_permit

    asked = request_permit(
        using="unified_id", business_id="900", personal_id="S0001", legal_basis="条例", by="chief",
        start=AT.date(), end=AT.date().replace(year=2027), at=AT,
    )  # fmt: skip
    for nobody in ("chief", "S0001"):
        with pytest.raises(PermitRefused):
            approve_permit(using="unified_id", permit_id=asked.pk, by=nobody, at=AT)
    approve_permit(using="unified_id", permit_id=asked.pk, by="head", at=AT)
    with pytest.raises(PermitRefused):
        approve_permit(using="unified_id", permit_id=asked.pk, by="head", at=AT)
    unified.register(unified.row("1", my_number(1)), business="900")
    end_permit(using="unified_id", permit_id=asked.pk, on=AT.date())
    assert show(unified, "show-1").refused


def test_the_same_number_for_two_residents_ties_nobody_to_a_stranger(unified):
    unified.register(unified.row("1", my_number(1)))
    reply = unified.register(unified.row("2", my_number(1), birth_date="2020-06-06"))
    assert [e.code for e in reply.errors] == ["E0004"]
    assert to_unified(unified, "1", "2")[1] is None
    assert RowFault.objects.using("unified_id").get(atena_no="2").settled_at is None
    unified.register(unified.row("2", my_number(2), birth_date="2020-06-06"))  # the right one comes
    assert people().count() == 2
    assert RowFault.objects.using("unified_id").get(atena_no="2").settled_at == AT


def test_a_typing_mistake_of_a_business_gives_way_to_the_register_and_is_shown(unified):
    unified.register(unified.row("77", my_number(1), birth_date="1985-03-02", resident=False), business="900")
    assert unified.register(unified.row("1", my_number(1))).errors == ()
    assert to_unified(unified, "1") != to_unified(unified, "77", business="900")
    assert NumberRow.objects.using("unified_id").filter(ended_at__isnull=True).count() == 1
    assert RowFault.objects.using("unified_id").get(atena_no="77").settled_at is None
    # the stranger's own number mends it
    unified.register(unified.row("77", my_number(7), birth_date="1985-03-02", resident=False), business="900")
    assert RowFault.objects.using("unified_id").get(atena_no="77").settled_at == AT


def test_two_mixed_up_numbers_change_places(unified):
    unified.register(unified.row("1", my_number(1)), unified.row("2", my_number(2)))
    reply = unified.register(unified.row("1", my_number(2)), unified.row("2", my_number(1)))
    assert (reply.linked, reply.errors) == (2, ())
    sealed = [unified.sealed(my_number(n)) for n in (2, 1)]
    asked = [MatchRequest(atena_no=a, my_number_sealed=one) for a, one in zip("12", sealed, strict=True)]
    assert all(unified.link.call(MATCH_MY_NUMBER, one).matches for one in asked)


def test_with_another_number_the_old_code_is_taken_out_before_a_new_one_is_asked_for(unified):
    """A 符号 of a wrong number would bring a stranger's income: it is never used again."""

    def pending():
        return unified.link.call(PENDING_CODES, PendingCodesRequest())

    def progress(key, *states, removed=()):
        changed = tuple(CodeProgress(unified_no=no, processing_no="P1", state=state) for state in states)
        request = CodeProgressRequest(changed=changed, removed=removed)
        unified.link.call(PUT_CODE_PROGRESS, request, key=key)

    unified.register(unified.row("1", my_number(1)))
    no = to_unified(unified, "1")[0]
    progress("a", "requested", "acquired")
    assert people().get().linkage_state == "acquired"
    unified.register(unified.row("1", my_number(2)))
    asked = ToUnifiedRequest(business_id="001", atena_nos=("1",))
    assert unified.link.call(TO_UNIFIED, asked).code_states == ("none",)
    assert (pending().unified_nos, pending().removed) == ((), (no,))
    progress("b", "requested", "acquired")  # told late, of the old request
    assert people().get().linkage_state == "none"
    progress("c", removed=(no,))
    assert (pending().unified_nos, pending().removed) == ((no,), ())


def test_numbers_open_and_match_after_both_keys_were_changed(unified):
    unified.register(unified.row("1", my_number(1)), unified.row("2", my_number(2)))
    old_seal = unified.sealed(my_number(3))
    done = rotate_keys(using="unified_id", by="K0001", why="年次の更新", at=AT)
    assert (done.data_key, done.resealed) == (2, 2)
    assert unified.register(unified.row("3", my_number_sealed=old_seal)).errors == ()  # on its way since before
    again = Unified(unified.link)
    again.calls = unified.calls
    assert again.jwk["kid"] == done.sealing_kid != unified.jwk["kid"]
    assert again.register(again.row("1", my_number(1))).unchanged == 1
    blobs = [bytes(row.sealed) for row in NumberRow.objects.using("unified_id").order_by("person__links__atena_no")]
    assert [number.reveal() for number in open_at_rest(blobs)] == [my_number(n) for n in (1, 2, 3)]
    assert {vault().key_of(blob) for blob in blobs} == {2}  # nothing lies under the old key any more
    assert reseal(using="unified_id", data_key=2) == 0
    event = AuditEvent.objects.using("unified_id").get(kind="setting-changed")
    assert (event.personal_id, "年次の更新" in str(event.detail)) == ("K0001", True)


def test_a_resident_whom_a_business_took_for_another_is_not_tied_to_that_other(unified):
    unified.register(unified.row("1", my_number(1)))
    unified.register(unified.row("5", my_number(1)), business="900")  # twins: the number of the other one
    reply = unified.register(unified.row("5", my_number(5)))
    assert [e.code for e in reply.errors] == ["E0004"]
    assert to_unified(unified, "5") == (None,)
    assert unified.link.call(
        MATCH_MY_NUMBER, MatchRequest(atena_no="1", my_number_sealed=unified.sealed(my_number(1)))
    ).matches
    unified.register(unified.row("5", removed=True), business="900")
    assert unified.register(unified.row("5", my_number(5))).errors == ()
    assert to_unified(unified, "5") != to_unified(unified, "1")
