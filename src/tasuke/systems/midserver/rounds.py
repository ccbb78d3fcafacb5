"""What runs again and again, for each municipality by itself: publish keys, send, fetch, tidy up.

A round may be killed anywhere. What is committed is one step of one letter; what was sent and not noted is sent again
as the same letter; what was fetched and not confirmed is fetched again and known. A turn in which nothing waits costs
two statements for all municipalities, and the national side a look into each one's mailbox.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections, transaction

from tasuke.contracts.interface import MasterRequest
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.mediation import (
    CONFIRM_MAIL,
    FETCH,
    GET_KEYS,
    GET_NATIONAL_MASTER,
    PUBLISH_KEY,
    SEND,
    Confirm,
    Fetch,
    KeysRequest,
    Mail,
    PublicKey,
    Publish,
    Send,
)
from tasuke.platform.crypto.keyrings import keypair_of, signing_of
from tasuke.platform.crypto.proofs import prove_key
from tasuke.platform.transport.links import NotBound
from tasuke.systems.midserver.directory import (
    Directory,
    NoAuthority,
    NoKey,
    directory,
    in_force,
    known_version,
    store_keys,
)
from tasuke.systems.midserver.links import national
from tasuke.systems.midserver.mail.asking import MOST, write_asks
from tasuke.systems.midserver.mail.inbox import LetterRefused, Reading, note_refusal, take_in
from tasuke.systems.midserver.mail.outbox import envelope, next_letters, note_verdicts
from tasuke.systems.midserver.master import NoMaster, current_version, permission_list
from tasuke.systems.midserver.noting import count
from tasuke.systems.midserver.services.delete_expired import delete_expired
from tasuke.systems.midserver.services.rotate_keys import rotate_keys
from tasuke.systems.midserver.services.store_master import store_master
from tasuke.systems.midserver.setting import number
from tasuke.systems.midserver.tenancy import USING, inside, key_folder, look_into

Step = Callable[[str, datetime, int, Counter[str]], None]
_ZONE = ZoneInfo("Asia/Tokyo")
_confirmed: dict[str, int] = {}  # municipality → letter up to which the national side has heard our confirmation
_LETTERS_PER_CALL = 5  # about 2 MB each
_RENEW_BEFORE = timedelta(days=30)
_REFRESH_AFTER = timedelta(minutes=5)  # without being told that there is something new
_SHOWN_AFTER = timedelta(minutes=1)  # how old the state of a round may be that had nothing to do
# what stops a municipality's round and is shown to the operator; anything else is a fault of ours and stops us
_TROUBLE = (Unreachable, Refused, NotBound, NoKey, NoMaster, NoAuthority, LetterRefused)
_SCENE = """
SELECT t.body, r.name, r.at, r.done_at, r.error,
    COALESCE((SELECT version FROM midserver_directory_version), 0),
    COALESCE((SELECT max(version) FROM midserver_master_version), 0)
FROM midserver_tenant t LEFT JOIN midserver_round_state r ON r.body = t.body
WHERE t.left_at IS NULL ORDER BY t.body
"""
# in each municipality: is there something to send, and up to which letter is everything taken in
_LOOK = """
SELECT EXISTS (SELECT FROM inquiry WHERE state = 'registered') OR EXISTS (SELECT FROM outbox WHERE state = 'ready'),
    (SELECT value FROM counter WHERE name = 'inbox')
"""
_KEEP = """
INSERT INTO midserver_round_state (body, name, at, done_at, counts, error, failures)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (body, name) DO UPDATE SET at = excluded.at, counts = excluded.counts, error = excluded.error,
    done_at = COALESCE(excluded.done_at, midserver_round_state.done_at),
    failures = CASE excluded.failures WHEN 0 THEN 0 ELSE midserver_round_state.failures + 1 END
"""


@dataclass(frozen=True, slots=True)
class _State:
    """How a round stood for a municipality."""

    at: datetime
    done_at: datetime | None
    error: str

    def is_shown(self, at: datetime) -> bool:
        """Whether it may stay as it is when a round that went well had nothing to do."""
        return not self.error and self.done_at is not None and timedelta(0) <= at - self.at < _SHOWN_AFTER


@dataclass(slots=True)
class _Scene:
    """What a turn finds: who takes part, how the rounds stand, what of the national side is known (0: nothing)."""

    bodies: tuple[str, ...]
    states: Mapping[tuple[str, str], _State]
    keys_version: int
    master_version: int

    def refresh_is_due(self, at: datetime) -> bool:
        """Whether to ask the national side without being told: at first, after trouble, and now and then."""
        done = [s.done_at for (_, name), s in self.states.items() if name == "refresh" and s.done_at and not s.error]
        known = self.keys_version and self.master_version
        return not (known and done and timedelta(0) <= at - max(done) < _REFRESH_AFTER)

    def lacks(self, mail: Mail) -> bool:
        """Whether something newer is distributed; a national side that does not say so is asked before each letter."""
        if mail.keys_version is None or mail.master_version is None:
            return bool(mail.envelopes)
        return (mail.keys_version, mail.master_version) != (self.keys_version, self.master_version)


def refresh(at: datetime, limit: int = 0) -> Counter[str]:
    """Fetch the master and the directory of keys, as the first municipality that can be reached."""
    done: Counter[str] = Counter()
    scene = _scene()
    for body in scene.bodies:
        with _kept(scene, body, "refresh", at) as counts:
            _take_distributed(body, at, counts)
            done.update(counts)
            return done
    return done


def publish_keys(at: datetime, limit: int = 0) -> Counter[str]:
    """Make new keys a month before the old ones end, and publish those that nobody knows yet."""
    return _publish_keys(_scene(), at)


def send_mail(at: datetime, limit: int = 10_000) -> Counter[str]:
    """Put up to `limit` registered inquiries of each municipality into letters, and send what lies in the outbox."""
    scene = _scene()
    return _send_mail(scene, at, limit, look_into(scene.bodies, _LOOK))


def fetch_mail(at: datetime, limit: int = 20) -> Counter[str]:
    """Fetch up to `limit` letters of each municipality, apply them in order, confirm."""
    scene = _scene()
    return _fetch_mail(scene, at, limit, look_into(scene.bodies, _LOOK))


def tidy(at: datetime, limit: int = 0) -> Counter[str]:
    """Close requests whose permit has run out, and delete what has expired: the first time that it is run on a day."""
    return _tidy_up(_scene(), at)


ROUNDS: Mapping[str, Callable[[datetime, int], Counter[str]]] = {
    "midserver.refresh": refresh,
    "midserver.publish-keys": publish_keys,
    "midserver.send-mail": send_mail,
    "midserver.fetch-mail": fetch_mail,
    "midserver.tidy": tidy,
}


def run_round(at: datetime, limit: int = 10_000) -> Counter[str]:
    """Everything once; when letters came, what they call for goes out at once, and what that brings comes in."""
    done: Counter[str] = Counter()
    scene = _scene()
    if scene.refresh_is_due(at):
        done.update(refresh(at))
        scene = _scene()
    done.update(_publish_keys(scene, at))
    for _ in range(2):
        seen = look_into(scene.bodies, _LOOK)
        done.update(_send_mail(scene, at, limit, seen))
        came = _fetch_mail(scene, at, limit, seen)
        done.update(came)
        if not came["letters_received"]:
            break
    done.update(_tidy_up(scene, at))
    return done


def _publish_keys(scene: _Scene, at: datetime) -> Counter[str]:
    """Nothing is asked of the database while every key is known and in force for long."""
    keys = directory(version=scene.keys_version)
    due = [body for body in scene.bodies if _keys_are_due(body, keys, at)]
    return _for_all(scene, "publish_keys", _publish, at, 0, due)


def _keys_are_due(body: str, keys: Directory, at: datetime) -> bool:
    rings = {"sig": signing_of(key_folder(body)), "enc": keypair_of(key_folder(body))}
    known = all(keys.find(ring.newest()[0]) is not None for ring in rings.values())
    return not known or any(_end_of(body, use, keys, at) <= at + _RENEW_BEFORE for use in rings)


def _end_of(body: str, use: str, keys: Directory, at: datetime) -> datetime:
    return max((key.valid_to for key in keys.by_owner.get((body, use), ()) if in_force(key, at)), default=at)


def _send_mail(scene: _Scene, at: datetime, limit: int, seen: Mapping[str, tuple[bool, int]]) -> Counter[str]:
    return _for_all(scene, "send_mail", _send, at, limit, [body for body in scene.bodies if seen[body][0]])


def _fetch_mail(scene: _Scene, at: datetime, limit: int, seen: Mapping[str, tuple[bool, int]]) -> Counter[str]:
    done: Counter[str] = Counter()
    for body in scene.bodies:
        with _kept(scene, body, "fetch_mail", at) as counts:
            _fetch(scene, body, at, limit, counts, seen[body][1])
        done.update(counts)
    return done


def _tidy_up(scene: _Scene, at: datetime) -> Counter[str]:
    return _for_all(scene, "tidy", _tidy, at, 0, [body for body in scene.bodies if not _done_today(scene, body, at)])


def _take_distributed(body: str, at: datetime, counts: Counter[str]) -> None:
    """What the national side distributes: the master, and the directory of keys with their certificates."""
    link = national(body)
    master = link.call(GET_NATIONAL_MASTER, MasterRequest(known=current_version()))
    known = known_version()
    answer = link.call(GET_KEYS, KeysRequest(known=known))
    with transaction.atomic(using=USING):
        counts["masters"] += int(store_master(master=master, at=at))
        if answer.version != known:
            taken, refused = store_keys(version=answer.version, keys=answer.keys, at=at)
            counts.update({"keys": taken, "keys_refused": len(refused)})


def _publish(body: str, at: datetime, limit: int, done: Counter[str]) -> None:
    keys, days = directory(), number("key_days")
    with inside(body) as room:
        rings = {"sig": room.signing_keys, "enc": room.opening_keys}
        unknown = {use: keys.find(ring.newest()[0]) is None for use, ring in rings.items()}
        if not any(unknown.values()) and min(_end_of(body, use, keys, at) for use in rings) <= at + _RENEW_BEFORE:
            rotate_keys(room)
            unknown = dict.fromkeys(rings, True)
        signer = keys.own(room.signing_keys, at) if any(unknown.values()) else None
    for use, ring in rings.items():
        if not unknown[use] or signer is None:
            continue
        kid, jwk = ring.public_jwks()[0]
        key = PublicKey(
            body=body,
            kid=kid,
            use="sig" if use == "sig" else "enc",
            jwk=jwk,
            valid_from=at,
            valid_to=at + timedelta(days=days),
        )
        proof = prove_key(key, signer=signer)
        national(body).call(PUBLISH_KEY, Publish(key=key, proof=proof), key=f"{kid}-{int(at.timestamp())}")
        done["keys_published"] += 1


def _send(body: str, at: datetime, limit: int, done: Counter[str]) -> None:
    keys, permissions = directory(), permission_list()
    written = 0
    while written < limit:
        most = min(MOST, limit - written)
        with inside(body) as room:
            counts = write_asks(room, permissions=permissions, keys=keys, at=at, limit=most)
        written += sum(counts.values())
        done.update(counts)
        if sum(counts.values()) < most:
            break
    while True:
        with inside(body) as room:
            letters = next_letters(room, limit=_LETTERS_PER_CALL)
            envelopes = tuple(envelope(room, letter, keys=keys, at=at) for letter in letters)
        if not letters:
            return
        # the attempt is part of the key: envelopes are made anew each time, and are never the same bytes
        key = f"{letters[0].message_id}-{letters[-1].sequence}-{letters[0].attempts}"
        verdicts = national(body).call(SEND, Send(envelopes=envelopes), key=key).verdicts
        with inside(body) as room:
            counts = note_verdicts(room, letters, verdicts, at=at)
        done.update(counts)
        if counts["letters_sent"] < len(letters) or len(letters) < _LETTERS_PER_CALL:
            return


def _fetch(scene: _Scene, body: str, at: datetime, limit: int, done: Counter[str], last: int) -> None:
    mail = national(body).call(FETCH, Fetch(after=last, limit=min(max(limit, 1), 100)))
    if scene.lacks(mail):  # before a letter is read: its key may be a new one, or revoked
        _take_distributed(body, at, done)
        scene.keys_version, scene.master_version = known_version(), current_version()
    # also without mail, when this process does not know that it was heard: the last confirmation may have been lost
    if not mail.envelopes and (not last or _confirmed.get(body) == last):
        return
    with _alone(body, "fetch_mail") as alone:
        if alone:
            _take_mail(body, mail, at, done, last)


def _take_mail(body: str, mail: Mail, at: datetime, done: Counter[str], last: int) -> None:
    """Apply letters in order, each in its own transaction, and confirm. Those that were applied before are known."""
    reading = Reading(permission_list(), directory(), number("record_years"), at) if mail.envelopes else None
    for letter in mail.envelopes:
        assert reading is not None
        try:
            with inside(body) as room:
                done.update(take_in(room, letter, reading))
        except LetterRefused as refused:
            with inside(body) as room:
                note_refusal(room, letter, refused, at=at)
            done["letters_refused"] += 1
            raise
        done["letters_received"] += 1
        last = max(last, letter.sequence)
    if mail.envelopes:
        _confirmed.pop(body, None)
    national(body).call(CONFIRM_MAIL, Confirm(upto=last), key=f"confirm-{body}-{last}-{int(at.timestamp())}")
    _confirmed[body] = last


def _tidy(body: str, at: datetime, limit: int, done: Counter[str]) -> None:
    with inside(body) as room:
        room.cursor.execute("UPDATE provision SET state = 'expired' WHERE state = 'waiting' AND expires_at <= %s", [at])
        done["provisions_expired"] = int(room.cursor.rowcount)
    deleted = delete_expired(body=body, by="midserver.tidy", at=at)
    done.update({f"deleted_{what}": rows for what, rows in deleted.items()})


def _scene() -> _Scene:
    with connections[USING].cursor() as cursor:
        cursor.execute(_SCENE)
        rows = cursor.fetchall()
    return _Scene(
        bodies=tuple(dict.fromkeys(row[0] for row in rows)),
        states={(body, name): _State(at, done_at, error) for body, name, at, done_at, error, *_ in rows if name},
        keys_version=rows[0][5] if rows else 0,
        master_version=rows[0][6] if rows else 0,
    )


def _for_all(scene: _Scene, name: str, step: Step, at: datetime, limit: int, due: Iterable[str]) -> Counter[str]:
    """A step for those municipalities for which it is due, each by itself and each only once at a time."""
    done: Counter[str] = Counter()
    wanted = frozenset(due)
    for body in scene.bodies:
        if body not in wanted:
            _show(scene, body, name, at)
            continue
        with _alone(body, name) as alone:
            if not alone:
                continue
            with _kept(scene, body, name, at) as counts:
                step(body, at, limit, counts)
            done.update(counts)
    return done


def _done_today(scene: _Scene, body: str, at: datetime) -> bool:
    state = scene.states.get((body, "tidy"))
    return bool(state and state.done_at and state.done_at.astimezone(_ZONE).date() == at.astimezone(_ZONE).date())


def _show(scene: _Scene, body: str, name: str, at: datetime) -> None:
    """Now and then, that there was nothing to do. What is done once a day tells of the day."""
    state = scene.states.get((body, name))
    if name != "tidy" and (state is None or not state.is_shown(at)):
        _keep(body, name, at, Counter(), "")


@contextmanager
def _alone(body: str, name: str) -> Iterator[bool]:
    """Whether no other process runs this round for this municipality now. A killed process holds nothing."""
    lock = f"midserver|{body}|{name}"
    with connections[USING].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [lock])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [lock])


@contextmanager
def _kept(scene: _Scene, body: str, name: str, at: datetime) -> Iterator[Counter[str]]:
    """Keep the state of a round and its counts; trouble of one municipality does not stop the others."""
    counts: Counter[str] = Counter()
    error = ""
    try:
        yield counts
    except _TROUBLE as trouble:
        error = str(trouble)[:200]
    state = scene.states.get((body, name))
    if error or any(counts.values()) or state is None or not state.is_shown(at):
        _keep(body, name, at, counts, error)


def _keep(body: str, name: str, at: datetime, counts: Counter[str], error: str) -> None:
    with connections[USING].cursor() as cursor:
        values: list[Any] = [body, name, at, None if error else at, json.dumps(counts), error, int(bool(error))]
        cursor.execute(_KEEP, values)
    count(body=body, at=at, counts=counts)
