"""import-returns {"path"}: 返戻 (HEN) and 再審査等 (SAH) files of the payer's side.

A returned receipt takes its claim back: a paid one by a RETURN entry, an open query by a REFUSE entry. A re-examined
receipt with the points it had (原審どおり) changes nothing; one with other points takes the old claim back and comes in
as a new claim, computed anew, which waits for a person (REEXAMINED). Nothing that is there is changed (docs/adr/0014).
A record that names no claim, or several, is a problem and books nothing. The same file twice changes nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections

from tasuke.core.problems import Problem, Severity, in_file, is_fatal
from tasuke.formats import uke
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.exchange.archive import sha256_of
from tasuke.platform.exchange.models import InboundFile, InboundState
from tasuke.platform.exchange.services.record_files import receive_file
from tasuke.platform.exchange.services.refuse_planned import refuse_planned
from tasuke.systems.subsidy.claims.decision import Decided
from tasuke.systems.subsidy.claims.judging import CLAIMS_LOCK, Receipts, judge
from tasuke.systems.subsidy.claims.kohi import choose_kohi
from tasuke.systems.subsidy.claims.loading import payers_of
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE, Claim, ClaimEntry, ClaimReturn, ReturnOutcome
from tasuke.systems.subsidy.claims.returning import Meant, Named, find_meant
from tasuke.systems.subsidy.claims.services.take_back import take_back
from tasuke.systems.subsidy.claims.storing import store_decided
from tasuke.systems.subsidy.profile import active_profile

KIND = "returns"
NAME = "import-returns"


class ReturnsChanged(Exception):
    """The file, or the claims that it names, changed after this run had been planned."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A record with the claim that it means. first: the record of its receipt that books; changed: other points."""

    record: Mapping[str, Any]
    named: Named
    meant: Meant
    first: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class _Work:
    path: Path
    sha256: str
    returned: list[Returned]
    decided: Decided | None
    rejected: int


def _plan(context: RunContext) -> Plan:
    path = Path(context.parameters["path"])
    data = path.read_bytes()
    digest = sha256_of(data)
    known = InboundFile.objects.using(context.using).filter(kind=KIND, sha256=digest).first()
    if known is not None and known.run_id is not None and known.run_id != context.run_id:
        return Plan(counts={"already_imported": 1}, chunks=0, work=_Work(path, digest, [], None, 0))
    file, problems = uke.parse(data)
    if file.returned is None and not is_fatal(problems):
        message = "返戻(HR)・再審査結果(MK)の記録がありません。返戻・再審査等のファイルではありません。"
        problems = [*problems, Problem("NOT_RETURNED_FILE", message, severity=Severity.FATAL)]
    if is_fatal(problems):
        work = _Work(path, digest, [], None, 0)
        return Plan(counts=_counts([]), chunks=0, work=work, problems=in_file(problems, path.name))
    returned = _returned(context.using, file)
    decided = _judged(context, file, [r for r in returned if r.first and r.changed])
    problems = [*problems, *_problems(returned)]
    rejected = sum(p.severity is Severity.ERROR for p in problems)
    work = _Work(path, digest, returned, decided, rejected)
    return Plan(counts=_counts(returned), chunks=1, work=work, problems=in_file(problems, path.name))


def _returned(using: str, file: uke.UkeFile) -> list[Returned]:
    """Every record of the file with its receipt and its claim."""
    marked = choose_kohi(file.claims.select("line", "birth_date"), file.kohi, payers_of(active_profile()))
    receipts = {
        row["line"]: row
        for row in file.claims.join(marked.select("line", "billed_burden"), on="line", how="left").iter_rows(named=True)
    }
    records = list(file.returns.iter_rows(named=True))
    named = [_named(record, receipts.get(record["line"])) for record in records]
    meant = find_meant(using=using, named=named)
    seen: set[int] = set()
    result = []
    for record, name, claim in zip(records, named, meant, strict=True):
        first = claim.claim_id is not None and claim.claim_id not in seen
        seen |= {claim.claim_id} if claim.claim_id is not None else set()
        result.append(Returned(record, name, claim, first, _is_changed(record, receipts.get(record["line"]), claim)))
    return result


def _named(record: Mapping[str, Any], receipt: Mapping[str, Any] | None) -> Named:
    if receipt is None:
        return Named(record["search_no"] or "", "", None, None)
    search_no = receipt["search_no"] or record["search_no"] or ""
    return Named(search_no, receipt["institution_code"], receipt["service_month"], receipt["receipt_no"])


def _is_changed(record: Mapping[str, Any], receipt: Mapping[str, Any] | None, claim: Meant) -> bool:
    """A 再審査 whose receipt costs something else now, to the insurer or to the patient."""
    if record["record"] != "MK" or receipt is None or claim.claim_id is None:
        return False
    return bool(receipt["cost"] != claim.cost or (receipt["billed_burden"] or 0) != claim.billed_burden)


def _outcome(one: Returned) -> ReturnOutcome:
    if one.meant.claim_id is None:
        return ReturnOutcome.AMBIGUOUS if one.meant.candidates else ReturnOutcome.NOT_FOUND
    if one.meant.standing == "return" or not one.first:
        return ReturnOutcome.ALREADY
    if one.record["record"] == "MK":
        return ReturnOutcome.REDECIDED if one.changed else ReturnOutcome.UNCHANGED
    return ReturnOutcome.RETURNED if one.meant.standing == "accepted" else ReturnOutcome.REFUSED


def _judged(context: RunContext, file: uke.UkeFile, changed: list[Returned]) -> Decided | None:
    """The receipts whose points changed, computed anew in the place of their old claims."""
    changed = [one for one in changed if _outcome(one) is ReturnOutcome.REDECIDED]
    if not changed:
        return None
    lines = pl.DataFrame(
        [(one.record["line"], one.meant.claim_id) for one in changed],
        schema={"line": pl.Int64, "reexamined": pl.Int64},
        orient="row",
    )
    claims = file.claims.join(lines, on="line", how="semi", maintain_order="left")
    return judge(context, Receipts(claims, file.kohi, None, reexamined=lines), None)


def _problems(returned: list[Returned]) -> list[Problem]:
    told = []
    for one in returned:
        outcome = _outcome(one)
        if outcome not in (ReturnOutcome.NOT_FOUND, ReturnOutcome.AMBIGUOUS):
            continue
        n = one.named
        value = n.search_no or f"{n.institution_code} {n.service_month} {n.receipt_no}"
        what = (
            "取り込んだレセプトに見つかりません"
            if outcome is ReturnOutcome.NOT_FOUND
            else "複数のレセプトが当てはまります"
        )
        message = (
            f"返戻・再審査のレセプトが{what}。戻入れをしていません。検索番号と医療機関・診療年月を確かめてください。"
        )
        line = int(one.record["return_line"])
        told.append(Problem(f"RETURN_{outcome.name}", message, line=line, field="検索番号", value=value))
    return told


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    with connections[context.using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMS_LOCK])
    again = find_meant(using=context.using, named=[one.named for one in work.returned])
    if again != [one.meant for one in work.returned]:
        raise ReturnsChanged("計画の後に、返戻の対象のレセプトの状態が変わりました。もう一度実行してください")
    file = _file(context, work)
    if work.decided is not None:
        decided = work.decided
        store_decided(connections[context.using], file.pk, decided.claims, decided.kohi, decided.findings)
    for one in work.returned:
        _store(context, file, one)
    return ChunkResult(counts=_counts(work.returned))


def _store(context: RunContext, file: InboundFile, one: Returned) -> None:
    outcome, record = _outcome(one), one.record
    entry = None
    if outcome in (ReturnOutcome.RETURNED, ReturnOutcome.REFUSED, ReturnOutcome.REDECIDED):
        entry = _entry(context, file, one)
    ClaimReturn.objects.using(context.using).create(
        id=file.pk * LINES_PER_FILE + record["return_line"],
        file_id=file.pk,
        line=record["return_line"],
        record=record["record"],
        processed_month=record["processed_month"],
        return_class=record["return_class"] or "",
        reason_code=record["reason_code"] or "",
        reason=record["reason"] or "",
        note=record["note"] or "",
        search_no=one.named.search_no,
        receipt_no=one.named.receipt_no,
        institution_code=one.named.institution_code,
        service_month=one.named.service_month,
        claim_id=one.meant.claim_id,
        entry=entry,
        outcome=outcome,
    )


def _entry(context: RunContext, file: InboundFile, one: Returned) -> ClaimEntry:
    """The booking in 処理年月 of the record, or in the month of the import where the file does not say it."""
    record, claim_id = one.record, one.meant.claim_id
    assert claim_id is not None
    word = "返戻" if record["record"] == "HR" else "再審査"
    said = " ".join(str(record[c]) for c in ("reason_code", "reason", "note") if record[c])
    month: date | None = record["processed_month"]
    return take_back(
        using=context.using,
        claim=Claim.objects.using(context.using).select_for_update().get(pk=claim_id),
        reason="RETURNED_BY_AGENCY" if record["record"] == "HR" else "REEXAMINED",
        note=f"{word}({file.name} {record['return_line']}行目) {said}"[:400],
        by=context.by,
        now=context.now,
        booked_month=month,
    )


def _file(context: RunContext, work: _Work) -> InboundFile:
    file = InboundFile.objects.using(context.using).filter(kind=KIND, sha256=work.sha256).first()
    if file is not None and file.state != InboundState.REFUSED:
        return file
    data = work.path.read_bytes()
    if sha256_of(data) != work.sha256:
        raise ReturnsChanged(f"{work.path.name}: 計画の後にファイルの内容が変わりました")
    return receive_file(using=context.using, kind=KIND, name=work.path.name, data=data, by=context.by, now=context.now)[
        0
    ]


def _counts(returned: list[Returned]) -> dict[str, int]:
    counts = {"返戻・再審査の記録": len(returned)}
    for outcome in ReturnOutcome:
        number = sum(_outcome(one) is outcome for one in returned)
        counts |= {str(outcome.label): number} if number else {}
    return counts


def _finish(context: RunContext, plan: Plan) -> dict[str, int]:
    work: _Work = plan.work
    if is_fatal(plan.problems) or "already_imported" in plan.counts:
        return {}
    file = _file(context, work)
    # from the rows, not from the plan: a run that was killed before this step has booked already
    stored = ClaimReturn.objects.using(context.using).filter(file_id=file.pk).values_list("outcome", flat=True)
    counts = Counter(str(ReturnOutcome(outcome).label) for outcome in stored)
    nowhere = counts[ReturnOutcome.NOT_FOUND.label] + counts[ReturnOutcome.AMBIGUOUS.label]
    file.rows, file.accepted, file.rejected = counts.total(), counts.total() - nowhere, work.rejected
    file.totals, file.run_id = dict(counts), context.run_id
    file.save(using=context.using)
    return {}


JOB = register(
    Job(
        name=NAME,
        title="返戻・再審査等の取込",
        plan=_plan,
        apply_chunk=_apply,
        finish=_finish,
        refused=refuse_planned(KIND),
    )
)
