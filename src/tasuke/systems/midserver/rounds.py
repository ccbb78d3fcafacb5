"""What runs again and again, for each municipality by itself: publish keys, send, fetch, tidy up.

A round may be killed anywhere. What is committed is one step of one letter; what was sent and not noted is sent again
as the same letter; what was fetched and not confirmed is fetched again and known.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
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
    PublicKey,
    Publish,
    Send,
)
from tasuke.platform.crypto.proofs import prove_key
from tasuke.platform.transport.links import NotBound
from tasuke.systems.midserver.directory import NoAuthority, NoKey, directory, in_force, known_version, store_keys
from tasuke.systems.midserver.links import national
from tasuke.systems.midserver.mail.asking import MOST, write_asks
from tasuke.systems.midserver.mail.inbox import LetterRefused, Reading, note_refusal, take_in
from tasuke.systems.midserver.mail.outbox import envelope, next_letters, note_verdicts
from tasuke.systems.midserver.master import NoMaster, current_version, permission_list
from tasuke.systems.midserver.models import RoundState
from tasuke.systems.midserver.noting import count
from tasuke.systems.midserver.services.delete_expired import delete_expired
from tasuke.systems.midserver.services.rotate_keys import rotate_keys
from tasuke.systems.midserver.services.store_master import store_master
from tasuke.systems.midserver.setting import number
from tasuke.systems.midserver.tenancy import USING, inside, tenants

Step = Callable[[str, datetime, int, Counter[str]], None]
_ZONE = ZoneInfo("Asia/Tokyo")
_confirmed: dict[str, int] = {}  # municipality → letter up to which the national side has heard our confirmation
_LETTERS_PER_CALL = 5  # about 2 MB each
_RENEW_BEFORE = timedelta(days=30)
# what stops a municipality's round and is shown to the operator; anything else is a fault of ours and stops us
_TROUBLE = (Unreachable, Refused, NotBound, NoKey, NoMaster, NoAuthority, LetterRefused)


def refresh(at: datetime, limit: int = 0) -> Counter[str]:
    """Fetch the master and the directory of keys, as the first municipality that can be reached."""
    done: Counter[str] = Counter()
    for tenant in tenants():
        with _kept(tenant.body, "refresh", at) as counts:
            link = national(tenant.body)
            master = link.call(GET_NATIONAL_MASTER, MasterRequest(known=current_version()))
            known = known_version()
            answer = link.call(GET_KEYS, KeysRequest(known=known))
            with transaction.atomic(using=USING):
                counts["masters"] = int(store_master(master=master, at=at))
                if answer.version != known:
                    taken, refused = store_keys(version=answer.version, keys=answer.keys, at=at)
                    counts |= {"keys": taken, "keys_refused": len(refused)}
            done.update(counts)
            return done
    return done


def publish_keys(at: datetime, limit: int = 0) -> Counter[str]:
    """Make new keys a month before the old ones end, and publish those that nobody knows yet."""
    return _for_all("publish_keys", _publish, at, limit)


def send_mail(at: datetime, limit: int = 10_000) -> Counter[str]:
    """Put up to `limit` registered inquiries of each municipality into letters, and send what lies in the outbox."""
    return _for_all("send_mail", _send, at, limit)


def fetch_mail(at: datetime, limit: int = 20) -> Counter[str]:
    """Fetch up to `limit` letters of each municipality, apply them in order, confirm."""
    return _for_all("fetch_mail", _fetch, at, limit)


def tidy(at: datetime, limit: int = 0) -> Counter[str]:
    """Close requests whose permit has run out, and delete what has expired: the first time that it is run on a day."""
    return _for_all("tidy", _tidy, at, limit, once_a_day=True)


ROUNDS: Mapping[str, Callable[[datetime, int], Counter[str]]] = {
    "midserver.refresh": refresh,
    "midserver.publish-keys": publish_keys,
    "midserver.send-mail": send_mail,
    "midserver.fetch-mail": fetch_mail,
    "midserver.tidy": tidy,
}


def _publish(body: str, at: datetime, limit: int, done: Counter[str]) -> None:
    keys, days = directory(), number("key_days")
    with inside(body) as room:
        rings = {"sig": room.signing_keys, "enc": room.opening_keys}
        ends = [
            max((k.valid_to for k in keys.by_owner.get((body, use), ()) if in_force(k, at)), default=at)
            for use in rings
        ]
        unknown = {use: keys.find(ring.newest()[0]) is None for use, ring in rings.items()}
        if min(ends) <= at + _RENEW_BEFORE and not any(unknown.values()):
            rotate_keys(room)
            unknown = dict.fromkeys(rings, True)
        signer = keys.own(room, at) if any(unknown.values()) else None
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
        with inside(body) as room:
            counts = write_asks(room, permissions=permissions, keys=keys, at=at, limit=min(MOST, limit - written))
        if not any(counts.values()):
            break
        written += sum(counts.values())
        done.update(counts)
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
        if counts["letters_sent"] < len(letters):
            return


def _fetch(body: str, at: datetime, limit: int, done: Counter[str]) -> None:
    reading = Reading(permission_list(), directory(), number("record_years"), at)
    with inside(body) as room:
        last = room.last("inbox")
    mail = national(body).call(FETCH, Fetch(after=last, limit=min(max(limit, 1), 100)))
    for letter in mail.envelopes:
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
    # also without mail, when this process does not know that it was heard: the last confirmation may have been lost
    if last and _confirmed.get(body) != last:
        national(body).call(CONFIRM_MAIL, Confirm(upto=last), key=f"confirm-{body}-{last}-{int(at.timestamp())}")
        _confirmed[body] = last


def _tidy(body: str, at: datetime, limit: int, done: Counter[str]) -> None:
    with inside(body) as room:
        room.cursor.execute("UPDATE provision SET state = 'expired' WHERE state = 'waiting' AND expires_at <= %s", [at])
        done["provisions_expired"] = int(room.cursor.rowcount)
    deleted = delete_expired(body=body, by="midserver.tidy", at=at)
    done.update({f"deleted_{what}": rows for what, rows in deleted.items()})


def _for_all(name: str, step: Step, at: datetime, limit: int, *, once_a_day: bool = False) -> Counter[str]:
    done: Counter[str] = Counter()
    for tenant in tenants():
        if once_a_day and _done_today(tenant.body, name, at):
            continue
        with _alone(tenant.body, name) as alone:
            if not alone:
                continue
            with _kept(tenant.body, name, at) as counts:
                step(tenant.body, at, limit, counts)
            done.update(counts)
    return done


def _done_today(body: str, name: str, at: datetime) -> bool:
    row = RoundState.objects.using(USING).filter(tenant_id=body, name=name).only("done_at").first()
    return bool(row and row.done_at and row.done_at.astimezone(_ZONE).date() == at.astimezone(_ZONE).date())


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
def _kept(body: str, name: str, at: datetime) -> Iterator[Counter[str]]:
    """Keep the state of a round and its counts; trouble of one municipality does not stop the others."""
    counts: Counter[str] = Counter()
    row, _ = RoundState.objects.using(USING).get_or_create(tenant_id=body, name=name, defaults={"at": at})
    try:
        yield counts
    except _TROUBLE as trouble:
        row.error, row.failures = str(trouble)[:200], row.failures + 1
    else:
        row.error, row.failures, row.done_at = "", 0, at
    row.at, row.counts = at, dict(counts)
    row.save(using=USING)
    count(body=body, at=at, counts=counts)
