"""Results on their way in: fetched in order of 中間サーバー's sequence, checked, converted, given to the business."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate

from tasuke.contracts.interface import INQUIRY_RESULTS, MidResult, MidResultsRequest
from tasuke.systems.gateway import answers, links
from tasuke.systems.gateway.convert import Conversion, convert
from tasuke.systems.gateway.models import HeldResult, Inquiry, InquiryState

USING = "gateway"
_POSITION = "results"
_HELD = "gateway.held"
# READY too: a round that was killed after 中間サーバー had taken the message, and the answer is here before the next
_OPEN = (InquiryState.READY, InquiryState.SENT, InquiryState.CANCELLING)


def fetch_results(at: datetime, limit: int) -> dict[str, int]:
    """Fetch until nothing is left. The position moves in the transaction that stores results. Raises Unreachable."""
    counts = {"answered": 0, "held": 0, "foreign": 0}
    while True:
        with transaction.atomic(using=USING):
            position = answers.counter(_POSITION, using=USING)
            request = MidResultsRequest(after=position.value, limit=min(limit, links.MOST))
            got = links.ask(INQUIRY_RESULTS, request)
            if not got.results:
                return counts
            _take(got.results, counts, at)
            position.value = max(result.sequence for result in got.results)
            position.save(using=USING, update_fields=["value"])
        if position.value >= got.last:
            return counts


def _take(results: Sequence[MidResult], counts: dict[str, int], at: datetime) -> None:
    rows = (
        Inquiry.objects.using(USING)
        .select_for_update()
        .filter(mid_record_id__in=[result.record_id for result in results], state__in=_OPEN)
    )
    mine = {row.mid_record_id: row for row in rows.order_by("pk")}
    known = [result for result in results if result.record_id in mine]
    counts["foreign"] += len(results) - len(known)
    owners = _owners([mine[result.record_id] for result in known])
    new: list[answers.New] = []
    held: list[tuple[Inquiry, MidResult, str]] = []
    for result in known:
        row = mine[result.record_id]
        problem, conversion = _check(row, result, owners)
        if problem:
            held.append((row, result, problem))
        else:
            new.append(_answer(row, result, conversion))
    answers.give(new, using=USING, at=at)
    _hold(held, at)
    counts["answered"] += len(new)
    counts["held"] += len(held)


def _owners(rows: Sequence[Inquiry]) -> Mapping[int, str | None]:
    """宛名番号 of the business behind each inquiry's unified number, as it is known now."""
    found: dict[int, str | None] = {}
    for business in sorted({row.business_id for row in rows}):
        own = [row for row in rows if row.business_id == business]
        numbers = links.to_atena(business, [row.unified_no for row in own]).numbers
        found |= {row.pk: no for row, no in zip(own, numbers, strict=True)}
    return found


def _check(row: Inquiry, result: MidResult, owners: Mapping[int, str | None]) -> tuple[str, Conversion]:
    """Why the answer must not go on, and its conversion. A person whose number changed hands gets nobody's income."""
    conversion = convert(row.information_code, result.records, on=localdate(result.answered_at))
    if result.unified_no != row.unified_no or result.information_code != row.information_code:
        return "照会と別の人または別の情報の結果です", conversion
    if owners[row.pk] != row.atena_no:
        return "照会の後に、この宛名番号の統合宛名が変わりました", conversion
    return "; ".join(conversion.problems)[:300], conversion


def _answer(row: Inquiry, result: MidResult, conversion: Conversion) -> answers.New:
    reason = result.reason
    if conversion.left_out:
        reason = f"{reason} 対応表に無い項目を除きました: {'、'.join(conversion.left_out)}".strip()
    return answers.New(row, result.outcome, result.answered_at, reason, conversion.records)


def _hold(held: Sequence[tuple[Inquiry, MidResult, str]], at: datetime) -> None:
    if not held:
        return
    blobs = answers.vault().seal_many((result.model_dump_json().encode() for _, result, _ in held), context=_HELD)
    HeldResult.objects.using(USING).bulk_create(
        HeldResult(inquiry=row, sealed=blob, problem=problem, at=at)
        for (row, _, problem), blob in zip(held, blobs, strict=True)
    )
    for row, _, problem in held:
        row.state, row.reason = InquiryState.HELD, problem
    Inquiry.objects.using(USING).bulk_update([row for row, _, _ in held], ["state", "reason"])


def convert_held(at: datetime, limit: int) -> dict[str, int]:
    """Try again what no table fitted: a table may have been added. What still does not fit stays held."""
    count = 0
    with transaction.atomic(using=USING):
        waiting = list(
            HeldResult.objects.using(USING)
            .select_for_update(of=("self",))
            .select_related("inquiry")
            .order_by("pk")[:limit]
        )
        opened = answers.vault().open_many((bytes(one.sealed) for one in waiting), context=_HELD)
        results = [MidResult.model_validate(json.loads(data)) for data in opened]
        owners = _owners([one.inquiry for one in waiting])
        for one, result in zip(waiting, results, strict=True):
            problem, conversion = _check(one.inquiry, result, owners)
            if problem:
                continue
            answers.give([_answer(one.inquiry, result, conversion)], using=USING, at=at)
            one.delete()
            count += 1
    return {"unheld": count}
