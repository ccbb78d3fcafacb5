"""What goes wrong on the way: killed rounds, changed letters, old keys. Nothing is lost, nothing doubles."""

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from tests.systems.midserver.conftest import KAWASAKI, OTARU, SAPPORO, inquiry, unified
from tests.systems.midserver.test_walk import records, register, results, states, troubles

from tasuke.contracts import interface as i
from tasuke.contracts.kit import Unreachable
from tasuke.contracts.mediation import CONFIRM_MAIL, FETCH, SEND, Fetch, Mail, PublicKey
from tasuke.platform.transport.links import bind, link_to
from tasuke.systems.midserver import rounds
from tasuke.systems.midserver.directory import forget_loaded, store_keys
from tasuke.systems.midserver.master import PermissionList
from tasuke.systems.midserver.models import DeletionRecord, DirectoryKey, RoundState
from tasuke.systems.midserver.services.announce import change_setting
from tasuke.systems.midserver.services.delete_expired import delete_expired
from tasuke.systems.midserver.services.rotate_keys import rotate_keys
from tasuke.systems.midserver.tenancy import as_owner, inside
from tasuke.systems.nis.directory import revoke
from tasuke.systems.nis.models import IssuedPermit, Received, Refusal

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])


class Killed(BaseException):
    """The process ends here, as by SIGKILL: no handler of ours sees it."""


class Way:
    """The real link of a municipality to the national side, with a fault at one operation."""

    def __init__(self, body, operation, *, before=None, after=None, instead=None):
        self.name, self.real = f"midserver:{body}", link_to("nis", consumer=f"midserver:{body}")
        self.operation, self.before, self.after, self.instead = operation, before, after, instead

    def __enter__(self):
        bind("nis", self.name, self)
        return self

    def __exit__(self, *_):
        bind("nis", self.name, self.real)

    def call(self, operation, request, *, key=""):
        if operation != self.operation:
            return self.real.call(operation, request, key=key)
        if self.instead:
            return self.instead
        if self.before:
            request = self.before(request) or request
        reply = self.real.call(operation, request, key=key)
        return (self.after(reply) or reply) if self.after else reply


def kill(_):
    raise Killed


def killed(world, name):
    """Run a round that is killed; what it had not committed is gone."""
    with pytest.raises(Killed):
        rounds.ROUNDS[f"midserver.{name}"](world.now, 10_000)


def refusals(body):
    with inside(body) as room:
        return [tuple(row) for row in room.rows("SELECT what, code FROM refusal ORDER BY id")]


def failures(body, name):
    return RoundState.objects.using("midserver").get(tenant=body, name=name).failures


@pytest.mark.parametrize("operation", [SEND, FETCH, CONFIRM_MAIL])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("body", [SAPPORO, OTARU])
def test_a_round_that_is_killed_is_run_again_and_nothing_is_lost_or_doubled(asked, operation, place, body):
    register(asked, *(inquiry(n, unified(17), year=2020 + n) for n in range(8)))
    with Way(body, operation, **{place: kill}):
        for name in ("send-mail", "fetch-mail") * 2:
            try:
                asked.run(name)
            except Killed:
                asked.later(seconds=1)
    for _ in range(4):
        asked.walk()
    assert troubles() == []
    assert len(results(asked)) == 8
    assert len(records(asked, SAPPORO)) == len(records(asked, OTARU)) == 8
    assert IssuedPermit.objects.using("nis").count() == 8
    assert Received.objects.using("nis").filter(sender=SAPPORO, kind="ask").count() == 1
    assert Received.objects.using("nis").filter(sender=OTARU, kind="provided").count() == 1


def test_a_letter_that_arrived_but_was_not_noted_is_sent_again_as_the_same_letter(asked):
    register(asked, inquiry(1, unified(17)))
    with Way(SAPPORO, SEND, after=kill):
        killed(asked, "send-mail")
    asked.later(days=9)  # longer than any envelope lives
    asked.run("send-mail")
    assert troubles() == []
    with inside(SAPPORO) as room:
        assert room.rows("SELECT message_id, state, attempts FROM outbox") == [(f"{SAPPORO}-0000000000001", "sent", 2)]
    assert Received.objects.using("nis").filter(sender=SAPPORO).count() == 1


def test_a_letter_half_applied_is_not_applied_at_all(asked, monkeypatch):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail")
    monkeypatch.setattr("tasuke.systems.midserver.mail.providing.record", kill_many)
    killed(asked, "fetch-mail")
    monkeypatch.undo()
    with inside(OTARU) as room:
        assert room.value("SELECT count(*) FROM provision") == 0
        assert room.value("SELECT count(*) FROM outbox") == 0
    asked.walk()
    assert len(results(asked)) == 1


def kill_many(*_, **__):
    raise Killed


def test_the_national_side_away_for_a_day_then_all_is_delivered(asked):
    register(asked, inquiry(1, unified(17)))

    def away(_):
        raise Unreachable("停止中")

    with Way(SAPPORO, SEND, before=away):
        for _ in range(3):
            asked.run("send-mail")
            asked.later(hours=8)
    assert failures(SAPPORO, "send_mail") == 3
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]
    assert troubles() == []


def changed(**facts):
    def change(mail):
        first = mail.envelopes[0]
        return Mail(envelopes=(first.model_copy(update=facts), *mail.envelopes[1:]), more=mail.more)

    return change


def other_token(mail):
    token = mail.envelopes[0].token
    middle = len(token) // 2
    return changed(token=token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :])(mail)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (other_token, "tampered"),
        (changed(message_id="N00"), "tampered"),
        (changed(sequence=9), "tampered"),
        (changed(sender=KAWASAKI), "wrong-sender"),
        (changed(receiver=KAWASAKI), "wrong-sender"),
    ],
)
def test_a_changed_letter_is_refused_recorded_and_the_true_one_is_taken_afterwards(asked, fault, code):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail")
    with Way(OTARU, FETCH, after=fault):
        asked.run("fetch-mail")
    assert refusals(OTARU) == [("envelope", code)]
    assert failures(OTARU, "fetch_mail") == 1
    with inside(OTARU) as room:
        assert room.value("SELECT count(*) FROM provision") == 0
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]


def test_letters_out_of_order_replayed_or_for_another_are_refused(asked):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail")
    register(asked, inquiry(2, unified(17), year=2025))
    asked.run("send-mail")
    seen = []
    with Way(OTARU, FETCH, after=lambda mail: seen.append(mail) or Mail(envelopes=mail.envelopes[1:], more=False)):
        asked.run("fetch-mail")
    assert refusals(OTARU) == [("envelope", "out-of-order")]
    asked.walk()
    with Way(OTARU, FETCH, instead=seen[0]):  # the same two letters once more: known, nothing is done
        asked.run("fetch-mail")
    with Way(KAWASAKI, FETCH, instead=seen[0]):
        asked.run("fetch-mail")
    assert refusals(KAWASAKI) == [("envelope", "unknown-key")]
    asked.walk()
    assert len(results(asked)) == len(records(asked, OTARU)) == 2


def test_an_expired_letter_and_one_of_a_revoked_key_are_refused(asked):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail")
    old = link_to("nis", consumer=f"midserver:{OTARU}").call(FETCH, Fetch(after=1))
    asked.later(hours=1)
    revoke(using="nis", kid=DirectoryKey.objects.using("midserver").get(body="CORE", use="sig").kid, at=asked.now)
    asked.run("refresh")
    with Way(OTARU, FETCH, instead=old):
        asked.run("fetch-mail")
        asked.later(days=2)
        DirectoryKey.objects.using("midserver").update(revoked_at=None)
        forget_loaded()
        asked.run("fetch-mail")
    assert refusals(OTARU) == [("envelope", "revoked-key"), ("envelope", "expired")]


def test_a_key_whose_certificate_is_not_the_authoritys_is_not_taken(asked):
    with inside(KAWASAKI) as room:
        kid, _ = room.signing_keys.public_jwks()[0]
    true = DirectoryKey.objects.using("midserver").get(kid=kid)
    other = DirectoryKey.objects.using("midserver").get(body=SAPPORO, use="sig")
    facts = {"use": "sig", "valid_from": true.valid_from, "valid_to": true.valid_to}
    wrong = [
        PublicKey(body=SAPPORO, kid=kid, jwk=true.jwk, certificate=true.certificate, **facts),
        PublicKey(body=KAWASAKI, kid=kid, jwk=other.jwk, certificate=true.certificate, **facts),
        PublicKey(body=KAWASAKI, kid="new", jwk=true.jwk, certificate="", **facts),
    ]
    taken, refused = store_keys(version=99, keys=wrong, at=asked.now)
    assert (taken, refused) == (0, [kid, kid, "new"])


def test_a_permit_is_used_once_also_at_the_provider(asked):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    with inside(OTARU) as room:
        room.cursor.execute("UPDATE counter SET value = value WHERE name = 'inbox'")
        assert room.value("SELECT count(*) FROM provision") == 1
        with pytest.raises(Exception, match="provision_permit_id_key"), transaction.atomic("midserver"):
            room.cursor.execute(
                "INSERT INTO provision (permit_id, sealed, requester, procedure_code, information_code, asked_at,"
                " expires_at, received_at, undisclosed, state) SELECT permit_id, sealed, requester, procedure_code,"
                " information_code, asked_at, expires_at, received_at, undisclosed, 'expired' FROM provision"
            )


def test_the_providers_own_list_is_asked_too(asked, monkeypatch):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail")
    monkeypatch.setattr(PermissionList, "why_not", lambda *_, **__: "照会許可用照合リストにない組合せです")
    asked.run("fetch-mail")
    monkeypatch.undo()
    assert refusals(OTARU) == [("permit", "permit")]
    asked.walk()
    assert results(asked) == ()
    assert records(asked, OTARU) == ()


def test_new_keys_are_published_and_letters_on_the_way_still_open(asked):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail", "fetch-mail")  # the answer lies in Otaru's outbox, sealed to Sapporo's old key
    with inside(SAPPORO) as room:
        signing, sealing = rotate_keys(room)
    asked.run("publish-keys", "refresh")
    assert set(
        DirectoryKey.objects.using("midserver").filter(kid__in=(signing, sealing)).values_list("use", flat=True)
    ) == {"sig", "enc"}
    register(asked, inquiry(2, unified(17), year=2025))
    asked.walk()
    assert troubles() == []
    assert len(results(asked)) == 2
    assert not Refusal.objects.using("nis").exists()


def test_before_its_new_key_is_known_a_municipality_signs_with_the_old_one(asked):
    with inside(SAPPORO) as room:
        rotate_keys(room)
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]


def test_keys_are_renewed_a_month_before_they_end(asked):
    asked.later(days=340)
    done = asked.run("publish-keys", "publish-keys")
    assert done["publish-keys"] == {"keys_published": 6}  # known after the next refresh: published again is refused
    asked.run("refresh")
    assert asked.run("publish-keys")["publish-keys"] == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE provision_record SET outcome = 'none'",
        "DELETE FROM provision_record",
        "TRUNCATE provision_record",
        "DROP TABLE provision_record",
        "ALTER TABLE provision_record DISABLE TRIGGER ALL",
        "DELETE FROM refusal",
        "DELETE FROM deletion",
        "DELETE FROM inquiry",
    ],
)
def test_records_only_grow_for_the_municipalitys_role(asked, statement):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), inside(SAPPORO) as room:
        room.cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE provision_record SET outcome = 'none'", "DELETE FROM provision_record"])
def test_not_even_the_owner_changes_a_record_before_its_time(asked, statement):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    with pytest.raises(ProgrammingError, match=r"only grows|permission denied"), as_owner(SAPPORO) as owner:
        owner.cursor.execute(statement)


def test_what_has_expired_is_deleted_and_the_deletion_is_on_record(asked):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    asked.later(days=89)
    assert delete_expired(body=SAPPORO, by="test", at=asked.now) == {}
    asked.later(days=2)
    gone = delete_expired(body=SAPPORO, by="test", at=asked.now)
    assert gone == {"inquiries": 1, "inbox": 2, "outbox": 1}
    assert len(records(asked, SAPPORO)) == 1
    on_record = DeletionRecord.objects.using("midserver").filter(tenant=SAPPORO)
    assert dict(on_record.values_list("what", "rows")) == gone
    with inside(SAPPORO) as room:
        assert room.value("SELECT sum(rows) FROM deletion") == 4


def test_tidying_up_is_done_once_a_day(asked):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    asked.run("tidy")
    asked.later(days=91)
    assert asked.run("tidy", "tidy")["tidy"] == {}
    assert RoundState.objects.using("midserver").get(tenant=SAPPORO, name="tidy").counts["deleted_inquiries"] == 1


def test_after_deletion_an_old_letter_is_still_no_new_one(asked):
    register(asked, inquiry(1, unified(17)))
    asked.run("send-mail")
    old = link_to("nis", consumer=f"midserver:{OTARU}").call(FETCH, Fetch(after=1))
    asked.walk()
    with as_owner(OTARU) as owner:
        owner.cursor.execute("DELETE FROM inbox")
    with Way(OTARU, FETCH, instead=old):
        asked.run("fetch-mail")
    assert refusals(OTARU) == [("envelope", "replayed")]


def test_the_time_of_records_follows_the_setting_of_the_day_on_which_they_were_made(asked):
    change_setting(name="record_years", value=10, source="試験", by="op", at=asked.now)
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    with inside(SAPPORO) as room:
        assert room.value("SELECT keep_until FROM provision_record").isoformat() == "2036-06-10"


def test_a_code_that_two_numbers_would_share_is_not_stored_twice(asked):
    asked.codes(SAPPORO, {unified(99): 1})  # the same person behind another unified number
    progress = asked.call(SAPPORO, i.CODE_STATES, i.CodeStateRequest(processing_nos=("P0000000000002",))).progress
    assert progress[0].state == "failed"
    assert "二重付番" in progress[0].error


def test_who_leaves_loses_the_code_and_may_come_back(asked):
    asked.call(SAPPORO, i.REMOVE_NUMBERS, i.Removal(unified_nos=(unified(17),)))
    asked.run("send-mail")
    assert register(asked, inquiry(1, unified(17))).errors[0].code == "E0101"
    again = asked.call(SAPPORO, i.REQUEST_CODES, i.CodeRequest(unified_nos=(unified(17), unified(17))))
    assert {one.processing_no for one in again.progress} == {"P0000000000002"}
    asked.codes(SAPPORO, {unified(17): 1})
    assert register(asked, inquiry(1, unified(17))).accepted == 1
    asked.walk()
    assert states(asked, "900-2026-00000001") == ["answered"]
