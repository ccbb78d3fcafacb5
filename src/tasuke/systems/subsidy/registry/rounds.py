"""What runs again and again: take the changes of 社会保障宛名 over into the registry, each exactly once."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl
from django.db import connections, transaction

from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.welfare import CHANGES, ChangesRequest, WelfareChange
from tasuke.core.problems import Problem, Severity
from tasuke.platform.batch.job import ChunkResult, RunContext
from tasuke.platform.exchange.services.record_files import receive_file
from tasuke.systems.subsidy.registry.changes_in import (
    PERSONS,
    FeedPage,
    Told,
    account_rows,
    mailing_rows,
    residents_page,
    tax_page,
)
from tasuke.systems.subsidy.registry.histories import ACCOUNTS, MAILING_ADDRESSES
from tasuke.systems.subsidy.registry.jobs import import_residents, import_tax
from tasuke.systems.subsidy.registry.links import WELFARE, welfare
from tasuke.systems.subsidy.registry.models import ChangeCursor, ChangeProblem, Protection
from tasuke.systems.subsidy.registry.tables import record
from tasuke.systems.subsidy.registry.texts import in_nfc

_PAGE = 5_000
_TAKEN = (*PERSONS, "tax", "account", "mailing", "merge")
_SOURCE = "社会保障宛名の支援措置"
_MATTERS = {"person": "person", "nonresident": "person"}  # kinds that tell the same matter; the others stand alone
# What was not taken is settled by a later change of the same matter that holds from the same day or before, so that no
# day is left without it; tax figures of a year replace each other whole.
_SETTLE = """
UPDATE subsidy_change_problem p
SET settled_at = %(at)s, settled_by = %(provider)s, settled_reason = '連番' || t.sequence || 'の変更を反映したため'
FROM unnest(%(sequences)s::bigint[], %(matters)s::text[], %(persons)s::text[], %(days)s::date[], %(years)s::text[])
  AS t (sequence, matter, atena_no, valid_from, tax_year)
WHERE p.provider = %(provider)s AND p.atena_no = t.atena_no AND p.settled_at IS NULL AND NOT p.taken
  AND CASE p.kind WHEN 'nonresident' THEN 'person' ELSE p.kind END = t.matter AND p.sequence < t.sequence
  AND CASE t.matter WHEN 'tax' THEN p.tax_year = t.tax_year AND p.tax_year <> ''
    ELSE t.valid_from <= p.valid_from END
"""


def receive_changes(*, using: str, at: datetime, pages: int = 1_000_000) -> dict[str, int]:
    """Take over what is new. Counts: changes, persons, tax, accounts, mailings, not_taken (a person looks at them).

    unreachable: 1 when nobody answers, refused: 1 when the approval has ended; all pages before stay. The cursor moves
    in the transaction of the rows: a round that is killed is as if it had never begun.
    """
    counts: Counter[str] = Counter()
    try:
        for _ in range(pages):
            with transaction.atomic(using=using):
                if not _take_page(using, at, counts):
                    break
    except Unreachable:
        counts["unreachable"] = 1
    except Refused:
        counts["refused"] = 1
    return dict(counts)


class StreamBroken(RuntimeError):
    """The provider's numbers do not follow on each other: something is missing, and nothing is taken over."""


def _take_page(using: str, at: datetime, counts: "Counter[str]") -> bool:
    """One page; False when there is nothing more. Raises StreamBroken."""
    ChangeCursor.objects.using(using).bulk_create([ChangeCursor(provider=WELFARE)], ignore_conflicts=True)
    cursor = ChangeCursor.objects.using(using).select_for_update().get(pk=WELFARE)
    page = welfare().call(CHANGES, ChangesRequest(after=cursor.last, limit=_PAGE))
    if not page.changes:
        return False
    if [c.sequence for c in page.changes] != list(range(cursor.last + 1, cursor.last + 1 + len(page.changes))):
        raise StreamBroken(f"{WELFARE}: after {cursor.last}")
    counts.update(_apply(using, page.changes, at))
    cursor.last, cursor.received_at = page.changes[-1].sequence, at
    cursor.save(using=using, update_fields=["last", "received_at"])
    return page.last > cursor.last


def _apply(using: str, changes: Sequence[WelfareChange], at: datetime) -> "Counter[str]":
    context = RunContext(using=using, parameters={}, by=WELFARE, now=at)
    residents, tax = residents_page(changes), tax_page(changes)
    accounts, wrong_accounts = account_rows(changes)
    mailings, wrong_mailings = mailing_rows(changes)
    _protect(using, [c for c in changes if c.kind not in PERSONS and c.items.get("protection") is True], at)
    told = [*residents.problems, *tax.problems, *wrong_accounts, *wrong_mailings]
    told += _flags_off(context, residents)
    told += [Told(c, _merged(c)) for c in changes if c.kind == "merge"]
    _feed(context, "residents", residents, import_residents.prepare, import_residents.apply)
    _feed(context, "tax", tax, import_tax.prepare, import_tax.apply)
    record(using=using, table=ACCOUNTS, incoming=in_nfc(accounts), now=at, file_id=None)
    record(using=using, table=MAILING_ADDRESSES, incoming=in_nfc(mailings), now=at, file_id=None)
    _keep(using, told, at)
    _settle(using, changes, told, at)
    unknown = sum(c.kind not in _TAKEN for c in changes)
    return Counter(
        changes=len(changes),
        persons=residents.frame.height,
        tax=tax.frame.height,
        accounts=accounts.height,
        mailings=mailings.height,
        not_taken=residents.rejected + tax.rejected + len(wrong_accounts) + len(wrong_mailings) + unknown,
    )


def _feed(
    context: RunContext,
    kind: str,
    page: FeedPage,
    prepare: Callable[[pl.DataFrame], pl.DataFrame],
    apply: Callable[[RunContext, pl.DataFrame, int], ChunkResult],
) -> None:
    """The page through the very functions of the file's import; the file is kept, as any that comes in."""
    if not page.changes:
        return
    first, last = page.changes[0].sequence, page.changes[-1].sequence
    file, _ = receive_file(
        using=context.using,
        kind=f"welfare-{kind}",
        name=f"welfare-changes-{first}-{last}-{kind}.csv",
        data=page.data,
        by=context.by,
        now=context.now,
    )
    file.rows, file.accepted, file.rejected = len(page.changes), page.frame.height, page.rejected
    file.save(using=context.using, update_fields=["rows", "accepted", "rejected"])
    if page.frame.height:
        apply(context, prepare(in_nfc(page.frame)), file.pk)


def _flags_off(context: RunContext, page: FeedPage) -> list[Told]:
    """支援措置 that has ended there and is open here: it is ended here by a person alone."""
    frame = page.frame.filter(pl.col("event_code") != import_residents.CENSUS)
    if frame.is_empty():
        return []
    by_line = dict(enumerate(page.changes, start=2))
    return [Told(by_line[p.line], p) for p in import_residents.check(context, frame) if p.line is not None]


def _merged(change: WelfareChange) -> Problem:
    """名寄せ moves nothing by itself: a person looks whether the two numbers have entitlements or payments here."""
    into = change.items.get("merged_into")
    said = f"宛名番号{into}と同じ人とされました。" if into else "名寄せが解除されました。"
    return Problem(
        "merged" if into else "unmerged", f"{said}この業務の資格と支給を確かめてください。", severity=Severity.WARNING
    )


def _protect(using: str, changes: Sequence[WelfareChange], at: datetime) -> None:
    """A mark that comes with an account or a tax figure counts like one that comes with the person."""
    since = {change.atena_no: change.valid_from for change in reversed(changes)}
    Protection.objects.using(using).bulk_create(
        [Protection(atena_no=no, since=day, source=_SOURCE) for no, day in since.items()], ignore_conflicts=True
    )


def _keep(using: str, told: Sequence[Told], at: datetime) -> None:
    ChangeProblem.objects.using(using).bulk_create(
        ChangeProblem(
            provider=WELFARE,
            sequence=one.change.sequence,
            kind=one.change.kind,
            atena_no=one.change.atena_no,
            valid_from=one.change.valid_from,
            tax_year=_year(one.change),
            taken=one.problem.severity is Severity.WARNING,
            code=one.problem.code[:40],
            field=(one.problem.field or "")[:60],
            message=one.problem.message[:300],
            at=at,
        )
        for one in told
    )


def _settle(using: str, changes: Sequence[WelfareChange], told: Sequence[Told], at: datetime) -> None:
    refused = {one.change.sequence for one in told if one.problem.severity is not Severity.WARNING}
    taken = [c for c in changes if c.kind in _TAKEN and c.kind != "merge" and c.sequence not in refused]
    if not taken:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(
            _SETTLE,
            {
                "at": at,
                "provider": WELFARE,
                "sequences": [c.sequence for c in taken],
                "matters": [_MATTERS.get(c.kind, c.kind) for c in taken],
                "persons": [c.atena_no for c in taken],
                "days": [c.valid_from for c in taken],
                "years": [_year(c) for c in taken],
            },
        )


def _year(change: WelfareChange) -> str:
    """課税年度 as it was told, also where it cannot be read; "" for what has none."""
    return str(change.items.get("tax_year") or "")[:10] if change.kind == "tax" else ""
