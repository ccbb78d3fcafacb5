"""口座 and 送付先: a new one takes the place of the one before it from its first day; nothing is overwritten."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.systems.welfare.models import Account, Change, IssuedNumber, MailingAddress
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.queries import current_state, protected_of

_ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana", "public_account")
_MAILING = ("relation", "addressee", "postal_code", "address", "address_detail", "reason")
_DIGITS = {"bank_code": ("金融機関コード", 4), "branch_code": ("店舗コード", 3), "account_no": ("口座番号", 7)}


class CannotSet(ValueError):
    """Why it is not kept, in words for the screen."""


def set_account(*, using: str, atena_no: str, start: date, facts: Mapping[str, Any], by: str, at: datetime) -> None:
    """The account from `start` on. facts: bank_code, branch_code, account_kind, account_no, holder_kana,
    public_account. Raises CannotSet."""
    for name, (label, length) in _DIGITS.items():
        value = str(facts.get(name, ""))
        if len(value) != length or not (value.isascii() and value.isdigit()):
            raise CannotSet(f"{label}は{length}けたの数字です")
    if facts.get("account_kind") not in ("1", "2", "4") or not str(facts.get("holder_kana", "")).strip():
        raise CannotSet("預金種目と口座名義カナを確かめてください")
    _set(Account, _ACCOUNT, Change.Kind.ACCOUNT, using, atena_no, start, None, facts, by, at)


def set_mailing_address(
    *, using: str, atena_no: str, start: date, end: date | None, facts: Mapping[str, Any], by: str, at: datetime
) -> None:
    """The mailing address from `start` until before `end` (None: open). Raises CannotSet."""
    if end is not None and end <= start:
        raise CannotSet("終わりの日は始まりの日より後にしてください")
    if facts.get("relation") not in ("1", "2", "3", "4", "9") or not str(facts.get("address", "")).strip():
        raise CannotSet("送付先の区分と住所を確かめてください")
    postal = str(facts.get("postal_code", ""))
    if len(postal) != 7 or not (postal.isascii() and postal.isdigit()):
        raise CannotSet("郵便番号は7けたの数字です")
    _set(MailingAddress, _MAILING, Change.Kind.MAILING, using, atena_no, start, end, facts, by, at)


def _set(
    model: Any,
    columns: tuple[str, ...],
    kind: Change.Kind,
    using: str,
    atena_no: str,
    start: date,
    end: date | None,
    facts: Mapping[str, Any],
    by: str,
    at: datetime,
) -> None:
    """Rows that begin later go, the one that holds on `start` ends there: the last notice is the last word."""
    with publishing(using=using, at=at):
        if current_state(using=using, atena_no=atena_no) is None:
            raise CannotSet("この宛名番号の人はいません")
        new = model(atena_no=atena_no, valid=DateRange(start, end), recorded_from=at, recorded_by=by)
        for name in columns:
            setattr(new, name, facts.get(name, model._meta.get_field(name).get_default()))
        current = model.objects.using(using).select_for_update().filter(atena_no=atena_no, recorded_to__isnull=True)
        gone = [row for row in current if row.valid.upper is None or row.valid.upper > start]
        model.objects.using(using).filter(pk__in=[row.pk for row in gone]).update(recorded_to=at)
        written = [new]
        for row in gone:
            first = row.valid.lower
            if first < start:
                written.insert(0, _copy(model, columns, row, DateRange(first, start), by, at))
        model.objects.using(using).bulk_create(written)
        later = [row for row in gone if row.valid.lower > start]
        _tell(kind, columns, using, [*_taken_back(later, new, end), (new, start, end)], at)


def _taken_back(later: list[Any], new: Any, end: date | None) -> list[tuple[Any, date, date | None]]:
    """How the businesses are told that rows no longer begin on their days: where the new one holds on that day it is
    named for it, elsewhere the row ends on the day on which it would have begun."""
    days = [(row, row.valid.lower) for row in later]
    return [(new, day, end) if end is None or day < end else (row, day, day) for row, day in days]


def _copy(model: Any, columns: tuple[str, ...], row: Any, valid: DateRange, by: str, at: datetime) -> Any:
    made = model(atena_no=row.atena_no, valid=valid, recorded_from=at, recorded_by=by)
    for name in columns:
        setattr(made, name, getattr(row, name))
    return made


def _tell(
    kind: Change.Kind, columns: tuple[str, ...], using: str, rows: list[tuple[Any, date, date | None]], at: datetime
) -> None:
    atena_no = rows[0][0].atena_no
    kept = atena_no in protected_of(using=using, atena_nos=[atena_no])
    issued = IssuedNumber.objects.using(using).filter(atena_no=atena_no, hidden=True).first()
    changes = [
        Change(
            kind=kind,
            atena_no=atena_no,
            valid_from=start,
            recorded_at=at,
            items={
                **{name: getattr(row, name) for name in columns},
                "valid_to": end.isoformat() if end else None,
                "protection": kept,
            },
            only_for=issued.business_id if issued else "",
        )
        for row, start, end in rows
    ]
    Change.objects.using(using).bulk_create(changes)
