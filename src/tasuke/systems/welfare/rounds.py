"""What runs again and again: catch up with residents' events, load them for the first time, tell business numbers."""

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from tasuke.contracts.distribution import CONFIRM, PULL, SNAPSHOT, PullRequest, Received, SnapshotRequest
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.unified import REGISTER, RegisterRequest, Registration
from tasuke.systems.welfare import links
from tasuke.systems.welfare.models import NumberNotice
from tasuke.systems.welfare.queries import current_states
from tasuke.systems.welfare.services.take_events import position_seen, take_events, take_snapshot

_PAGE = 1_000
_PULL_AFTER = timedelta(minutes=10)
_AT_ONCE = 2_000
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_TRIES = 10
_MOST = 32_767  # what the column holds
_NOT_YET = "E0101"  # 団体内統合宛名 does not know the person yet


def is_behind(*, using: str, at: datetime) -> bool:
    """Whether to ask for residents' events: at first, when some are known to be missing, and now and then.

    What is new is pushed at once; the pull is for what a push has lost.
    """
    position = position_seen(using=using)
    if position.loaded_at is None or position.changed_at is None or position.last > position.applied:
        return True
    return not timedelta(0) <= at - position.changed_at < _PULL_AFTER


def load(*, using: str, at: datetime, pages: int = 1_000_000) -> int:
    """The first load, by SNAPSHOT, going on where it stopped; gives new states. Raises Refused, Unreachable.

    Events that come meanwhile are applied as always: what both bring is stored once, and the later one holds.
    """
    added = 0
    for _ in range(pages):
        # nothing is locked while the provider is asked: it may be pushing to us at this moment
        position = position_seen(using=using)
        if position.loaded_at is not None:
            break
        page = links.resident().call(SNAPSHOT, SnapshotRequest(after_atena_no=position.loaded_upto, limit=_PAGE))
        added += take_snapshot(using=using, persons=page.persons, sequence=page.sequence, more=page.more, at=at)
    return added


def catch_up(*, using: str, at: datetime, pages: int = 1_000_000) -> dict[str, int]:
    """Pull what pushes have not brought, and confirm it (日次). Counts: added, applied; unreachable or refused: 1."""
    counts: Counter[str] = Counter()
    try:
        for _ in range(pages):
            after = position_seen(using=using).applied
            page = links.resident().call(PULL, PullRequest(after=after, limit=_PAGE))
            taken = take_events(using=using, events=page.events, last=page.last, at=at)
            counts["added"] += taken.added
            counts["applied"] = taken.applied
            if taken.applied == after or taken.missing_from is None:  # nothing came that follows on what is applied
                break
        links.resident().call(
            CONFIRM, Received(applied=counts["applied"]), key=f"welfare-{counts['applied']}-{at:%Y%m%d%H%M%S%f}"
        )
    except Unreachable:
        counts["unreachable"] = 1
    except Refused:
        counts["refused"] = 1
    return dict(counts)


def tell_numbers(*, using: str, at: datetime, limit: int = 20_000) -> dict[str, int]:
    """Tell 団体内統合宛名 the business numbers that wait. Counts: told, failed (tried again), dead (a person looks).

    The answer names rows that failed (somebody whose 個人番号 has not come yet); they wait and go again, the others
    are done. The key says exactly which versions were sent: a page that was sent before is answered from the store.
    """
    counts: Counter[str] = Counter()
    for _ in range(-(-limit // _AT_ONCE)):
        if not _tell_page(using, at, counts):
            break
    return dict(counts)


def _tell_page(using: str, at: datetime, counts: "Counter[str]") -> bool:
    """One page of one business; False when nothing is due or nobody answers."""
    with transaction.atomic(using=using):
        due = (
            NumberNotice.objects.using(using)
            .select_for_update(skip_locked=True)
            .filter(state=NumberNotice.State.WAITING, next_at__lte=at)
        )
        first = due.order_by("id").first()
        if first is None:
            return False
        notices = list(due.filter(business_id=first.business_id).order_by("id")[:_AT_ONCE])
        try:
            errors = _send(notices, using)
        except Unreachable as error:
            counts["failed"] += len(notices)
            _fail(using, {n.pk: str(error) for n in notices}, notices, at, final=False)
            return False
        except Refused as error:
            errors = {n.pk: error.title for n in notices}
        told = [n for n in notices if n.pk not in errors]
        NumberNotice.objects.using(using).filter(pk__in=[n.pk for n in told]).update(
            state=NumberNotice.State.TOLD, told_at=at, error="", my_number_sealed=""
        )
        counts["told"] += len(told)
        dead = _fail(using, errors, notices, at, final=True)
        counts["dead"] += dead
        counts["failed"] += len(errors) - dead
    return True


def _send(notices: list[NumberNotice], using: str) -> dict[int, str]:
    """Errors by notice. Raises Refused, Unreachable."""
    states = current_states(using=using, atena_nos=[n.atena_no for n in notices])
    known = [n for n in notices if n.atena_no in states]
    errors = {n.pk: "宛名がありません" for n in notices if n.atena_no not in states}
    if not known:
        return errors
    rows = []
    for notice in known:
        items = states[notice.atena_no].items
        rows.append(
            Registration(
                atena_no=notice.atena_no,
                resident=items.get("resident_status") == "1",
                my_number_sealed=notice.my_number_sealed or None,
                name=items.get("name", ""),
                birth_date=items.get("birth_date"),
                sex=items.get("sex"),
                address=" ".join(items[n] for n in ("address", "address_detail") if items.get(n)) or None,
                removed=notice.removed,
            )
        )
    request = RegisterRequest(business_id=notices[0].business_id, registrations=tuple(rows))
    marks = "|".join(f"{n.pk}.{n.version}.{n.attempts}" for n in known)
    reply = links.unified_id().call(REGISTER, request, key=f"welfare-{_short(marks + request.model_dump_json())}")
    return errors | {known[e.row - 1].pk: f"{e.code} {e.message}" for e in reply.errors}


def _fail(using: str, errors: dict[int, str], notices: list[NumberNotice], at: datetime, *, final: bool) -> int:
    """Put rows off; after ten answers that refuse them they are dead.

    Nobody answering never kills a row, nor does a 個人番号 that has not come: it may take weeks, and then all is well.
    """
    failed = [n for n in notices if n.pk in errors]
    for notice in failed:
        wait = min(_FIRST_WAIT * 2 ** min(notice.attempts, 12), _LONGEST_WAIT)
        notice.error, notice.next_at = errors[notice.pk][:300], at + wait
        if final:
            notice.attempts = min(notice.attempts + 1, _MOST)
            if notice.attempts >= _TRIES and not notice.error.startswith(_NOT_YET):
                notice.state = NumberNotice.State.DEAD
    NumberNotice.objects.using(using).bulk_update(failed, ["error", "next_at", "attempts", "state"], batch_size=500)
    return sum(notice.state == NumberNotice.State.DEAD for notice in failed)


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:48]
