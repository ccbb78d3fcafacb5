"""保管期限切れ情報の削除: what is past its time goes, and what went is on record on both sides."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from tasuke.systems.midserver.models import DeletionRecord
from tasuke.systems.midserver.setting import number
from tasuke.systems.midserver.tenancy import USING, Inside, as_owner

_ZONE = ZoneInfo("Asia/Tokyo")
# what → how it is deleted; each statement takes the moment before which rows go
_SWEEPS = {
    "inquiries": "DELETE FROM inquiry WHERE settled_at < %s",
    "provisions": "DELETE FROM provision WHERE state <> 'waiting' AND received_at < %s",
    "outbox": "DELETE FROM outbox WHERE state <> 'ready' AND ended_at < %s",
    "inbox": "DELETE FROM inbox WHERE received_at < %s",
    "replicas": "DELETE FROM replica WHERE NOT published AND updated_at < %s",
    "flags": "DELETE FROM flag WHERE lifted_at < %s",
    # never ahead of the database's own day: its trigger would refuse, and nothing at all would be deleted
    "provision_records": "DELETE FROM provision_record WHERE keep_until <= %s::date"
    " AND keep_until <= (clock_timestamp() AT TIME ZONE 'Asia/Tokyo')::date",
}
_DAYS = {"inquiries": "answer_days", "provisions": "answer_days", "outbox": "mail_days", "inbox": "mail_days"}


def delete_expired(*, body: str, by: str, at: datetime, using: str = USING) -> dict[str, int]:
    """Delete what has expired at a municipality; gives what → rows. by: a person, or the name of the round.

    Only the owner of the tables may delete, and the records of 番号法23条 only by the day written in each, which
    must have come by the database's clock too (`protection.protect_records`).
    """
    days = {name: number(name, using=using) for name in ("answer_days", "mail_days")}
    years = number("record_years", using=using)
    today = at.astimezone(_ZONE).date()
    with transaction.atomic(using=using):
        gone: dict[str, tuple[datetime, int]] = {}
        with as_owner(body, using=using) as owner:
            owner.cursor.execute("SELECT set_config('tasuke.deletion_day', %s, true)", [today.isoformat()])
            for what, statement in _SWEEPS.items():
                if what == "provision_records":
                    before = at
                    owner.cursor.execute(statement, [today])
                else:
                    # flags and withdrawn replicas explain the records, and stay as long as these
                    kept = timedelta(days=days[_DAYS[what]]) if what in _DAYS else timedelta(days=366 * years)
                    before = at - kept
                    owner.cursor.execute(statement, [before])
                if owner.cursor.rowcount:
                    gone[what] = before, int(owner.cursor.rowcount)
            owner.cursor.execute("SELECT set_config('tasuke.deletion_day', '', true)")
            _note(owner, gone, by, at)
        DeletionRecord.objects.using(using).bulk_create(
            DeletionRecord(tenant_id=body, at=at, by=by, what=what, before=before, rows=rows)
            for what, (before, rows) in gone.items()
        )
    return {what: rows for what, (_, rows) in gone.items()}


def _note(owner: Inside, gone: dict[str, tuple[datetime, int]], by: str, at: datetime) -> None:
    if gone:
        owner.insert(
            "deletion",
            {
                "at": ("timestamptz", [at] * len(gone)),
                "by": ("text", [by] * len(gone)),
                "what": ("text", list(gone)),
                "before": ("timestamptz", [before for before, _ in gone.values()]),
                "rows": ("bigint", [rows for _, rows in gone.values()]),
            },
        )
