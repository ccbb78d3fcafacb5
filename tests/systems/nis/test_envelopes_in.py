"""The interface system: what is not right is refused with a code and on record, and does nothing."""

import pytest
from tests.systems.nis.stations import NUMBER

from tasuke.contracts.kit import Refused
from tasuke.contracts.mediation import SEND, AskBatch, CodesRemoved, OutcomeBatch, Send
from tasuke.systems.nis.models import Body, IssuedPermit, Mail, Received, Refusal
from tasuke.systems.nis.services.publish_key import revoke_key

pytestmark = pytest.mark.django_db(databases=["nis"])
NOTHING = CodesRemoved(codes=())


def refusals():
    return list(Refusal.objects.using("nis").order_by("pk").values_list("code", flat=True))


def flipped(token, place=-30):
    letters = list(token)
    letters[place] = "A" if letters[place] != "A" else "B"
    return "".join(letters)


def test_a_right_envelope_is_taken_and_uses_its_number_up(sapporo):
    assert sapporo.send(sapporo.envelope(NOTHING)) == [("taken", "")]
    assert Body.objects.using("nis").get(code="B011002").last_in == 1
    assert refusals() == []


@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_a_tampered_envelope_is_refused_and_on_record(sapporo, part):
    good = sapporo.envelope(NOTHING)
    parts = good.token.split(".")
    parts[part] = flipped(parts[part], -2) if parts[part] else "AAAA"
    bad = good.model_copy(update={"token": ".".join(parts)})
    assert sapporo.send(bad) == [("refused", "tampered")]
    assert refusals() == ["tampered"]
    assert sapporo.send(good) == [("taken", "")]  # the refused copy used nothing up


@pytest.mark.parametrize("change", [{"message_id": "M-other"}, {"sequence": 2}, {"receiver": "B012033"}])
def test_what_stands_on_an_envelope_must_be_what_was_signed(sapporo, change):
    assert sapporo.send(sapporo.envelope(NOTHING, outer=change)) == [("refused", "tampered")]


def test_the_same_envelope_twice_is_known_and_does_nothing_twice(sapporo, otaru):
    otaru.code_of()
    envelope = sapporo.envelope(AskBatch(asks=(sapporo.ask(otaru),)))
    assert sapporo.send(envelope) == [("taken", "")]
    assert sapporo.send(envelope) == [("known", "")]
    assert IssuedPermit.objects.using("nis").count() == 1


def test_one_call_twice_with_one_key_gives_the_same_answer(sapporo):
    envelope = sapporo.envelope(NOTHING)
    assert sapporo.send(envelope, key="k1") == sapporo.send(envelope, key="k1") == [("taken", "")]
    assert Received.objects.using("nis").count() == 1


def test_a_known_envelope_stays_known_after_it_has_expired(sapporo, clock):
    envelope = sapporo.envelope(NOTHING)
    sapporo.send(envelope)
    clock.forward(days=3)
    assert sapporo.send(envelope) == [("known", "")]


def test_the_same_message_sealed_anew_is_known(sapporo):
    sapporo.send(sapporo.envelope(NOTHING, message_id="M1", sequence=1))
    assert sapporo.send(sapporo.envelope(NOTHING, message_id="M1", sequence=1)) == [("known", "")]


def test_another_content_under_a_used_id_is_a_replay(sapporo):
    sapporo.send(sapporo.envelope(NOTHING, message_id="M1"))
    other = CodesRemoved(codes=("F1",))
    assert sapporo.send(sapporo.envelope(other, message_id="M1", sequence=2)) == [("refused", "replayed")]
    assert sapporo.send(sapporo.envelope(other, message_id="M2", sequence=1)) == [("refused", "replayed")]
    assert refusals() == ["replayed", "replayed"]


def test_envelopes_out_of_order_wait_for_the_one_before(sapporo):
    first, second = (sapporo.envelope(NOTHING, sequence=n) for n in (1, 2))
    assert sapporo.send(second, first) == [("refused", "out-of-order"), ("taken", "")]
    assert sapporo.send(second) == [("taken", "")]
    assert refusals() == ["out-of-order"]


def test_an_expired_envelope_is_refused_and_its_number_stays_free(sapporo, clock):
    late = sapporo.envelope(NOTHING)
    clock.forward(days=1)
    assert sapporo.send(late) == [("refused", "expired")]
    assert sapporo.send(sapporo.envelope(NOTHING)) == [("taken", "")]


def test_an_envelope_from_the_future_is_refused(sapporo, clock):
    clock.forward(hours=2)
    early = sapporo.envelope(NOTHING)
    clock.forward(hours=-2)
    assert sapporo.send(early) == [("refused", "not-yet-valid")]


def test_who_signs_with_the_key_of_nobody_is_refused(sapporo, network):
    from tasuke.platform.crypto.keyrings import signing_of

    stranger = signing_of("test/stranger").current()
    assert sapporo.send(sapporo.envelope(NOTHING, signer=stranger)) == [("refused", "unknown-key")]


def test_who_signs_with_the_key_of_another_body_is_refused(sapporo, otaru):
    assert sapporo.send(sapporo.envelope(NOTHING, signer=otaru.signing.current())) == [("refused", "wrong-sender")]
    pretended = sapporo.envelope(NOTHING, signer=otaru.signing.current(), issuer=otaru.code)
    assert sapporo.send(pretended) == [("refused", "wrong-sender")]


def test_an_envelope_of_one_body_through_the_client_of_another_is_refused(sapporo, otaru):
    stolen = sapporo.envelope(NOTHING)
    assert otaru.send(stolen) == [("refused", "wrong-sender")]
    relabelled = stolen.model_copy(update={"sender": otaru.code})
    assert otaru.send(relabelled) == [("refused", "wrong-sender")]
    assert set(Refusal.objects.using("nis").values_list("body", flat=True)) == {otaru.code}
    assert sapporo.send(stolen) == [("taken", "")]


def test_an_envelope_for_somebody_else_is_refused(sapporo):
    envelope = sapporo.envelope(NOTHING, audience="B012033", outer={"receiver": "CORE"})
    assert sapporo.send(envelope) == [("refused", "wrong-audience")]


def test_after_a_revocation_nothing_signed_with_the_key_is_taken(sapporo, clock):
    envelope = sapporo.envelope(NOTHING)
    revoke_key(kid=sapporo.signing.current().kid, at=clock.now)
    assert sapporo.send(envelope) == [("refused", "revoked-key")]


def test_a_key_counts_within_its_period_only(sapporo, clock):
    clock.forward(days=366)
    sapporo_key_of_core = sapporo.core_key()
    assert sapporo_key_of_core.valid_to < clock.now
    assert sapporo.send(sapporo.envelope(NOTHING)) == [("refused", "expired-key")]


@pytest.mark.parametrize("content", [b"{}", b"\xff", b'{"kind":"ask"}', OutcomeBatch(items=())])
def test_content_that_a_body_cannot_send_is_refused_without_a_word_of_it(sapporo, content):
    assert sapporo.send(sapporo.envelope(content)) == [("refused", "bad-content")]
    assert Refusal.objects.using("nis").get().detail in ("内容の形が約束と違います", "機関から送れる種類ではありません")


def test_a_body_that_takes_no_part_is_refused(sapporo):
    from tasuke.platform.transport.links import link_to

    with pytest.raises(Refused) as refused:
        link_to("nis", consumer="midserver:C000001").call(SEND, Send(envelopes=()), key="k")
    assert refused.value.status == 403


def test_nothing_of_a_refused_payload_is_kept(sapporo, otaru):
    from django.apps import apps

    code = sapporo.code_of()
    sapporo.send(sapporo.envelope(AskBatch(asks=(sapporo.ask(otaru, procedure_code="JT-SECRET-WORD"),)), sequence=9))
    for model in apps.get_app_config("nis").get_models():
        for row in model.objects.using("nis").values():
            text = " ".join(map(str, row.values()))
            assert "JT-SECRET-WORD" not in text
            assert code not in text
            assert NUMBER not in text
    assert Mail.objects.using("nis").count() == 0
