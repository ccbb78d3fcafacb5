"""apply-changes {"on"}: what moves, deaths, insurance, welfare facts, marriages, corrections, ages and 喪失届 do to the
entitlements of every scheme, up to and including the day."""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.core.calendar import to_wareki
from tasuke.core.problems import Problem, Severity
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_out
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile
from tasuke.schemes.vocabulary import SchemeKind
from tasuke.systems.subsidy.entitlements.change_writing import write_changes
from tasuke.systems.subsidy.entitlements.changes import EntitlementChanges, find_changes
from tasuke.systems.subsidy.entitlements.judging import Rules
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.profile import active_profile

NAME = "apply-changes"
PERSONS_PER_CHUNK = 5_000
# the scheme that goes first is settled first, so that the others see it as it will be
_ORDER = (SchemeKind.JUDO, SchemeKind.HITORIOYA, SchemeKind.KODOMO, SchemeKind.SHONI)
_NOTICE_COLUMNS = {
    "application_id": pl.Int64(),
    "application_no": pl.String(),
    "atena_no": pl.String(),
    "event_date": pl.Date(),
    "notice": pl.String(),
    "held": pl.Boolean(),
}
_NOTICES = """
SELECT a.id, a.application_no, a.atena_no, a.event_date, coalesce(nullif(a.loss_reason, ''), '喪失届'),
       EXISTS (SELECT 1 FROM subsidy_entitlement e WHERE e.atena_no = a.atena_no AND e.scheme = a.scheme)
FROM subsidy_application a
WHERE a.scheme = %s AND a.kind = '4' AND a.state = 'received' AND a.received_on <= %s AND a.event_date <= %s
ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class _Part:
    rules: Rules
    changes: EntitlementChanges
    notices: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Work:
    on: date
    parts: list[_Part]
    chunks: int


def notices_of(*, using: str, scheme: str, on: date) -> pl.DataFrame:
    """喪失の届出 that wait: application_id, application_no, atena_no, event_date, notice, held b (ever entitled)."""
    return copy_out(connections[using], _NOTICES, [scheme, on, on], schema=_NOTICE_COLUMNS)


def schemes_in_order(profile: Profile) -> list[Scheme]:
    """The schemes of a city, first those that go first."""
    return sorted((load_scheme(s) for s in profile.schemes), key=lambda s: _ORDER.index(s.kind))


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(str(context.parameters["on"]))
    profile = active_profile()
    schemes = schemes_in_order(profile)
    parts: list[_Part] = []
    counts = {"lost": 0, "split": 0, "reopened": 0, "waiting": 0, "notices": 0}
    problems: list[Problem] = []
    for scheme in schemes:
        rules = Rules(scheme=scheme, profile=profile)
        notices = notices_of(using=context.using, scheme=scheme.id, on=on)
        told = notices.select("atena_no", "event_date", "notice")
        changes = find_changes(using=context.using, rules=rules, on=on, notices=told)
        parts.append(_Part(rules=rules, changes=changes, notices=notices))
        problems += [*_without_entitlement(notices), *_waiting(rules, changes.held, on)]
        counts["lost"] += changes.lost.height
        counts["split"] += changes.pieces["entitlement_id"].n_unique()
        counts["reopened"] += changes.reopened.height
        counts["waiting"] += changes.held.height
        counts["notices"] += notices.height
    chunks = _chunks(context.using)
    return Plan(counts=counts, chunks=chunks, work=_Work(on=on, parts=parts, chunks=chunks), problems=problems)


def _chunks(using: str) -> int:
    """Chunks by person, from numbers that this job does not change: a plan made again after a kill cuts alike."""
    query = "SELECT (SELECT count(*) FROM subsidy_recipient_number), (SELECT count(*) FROM subsidy_application)"
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        numbers, applications = cursor.fetchone()
    return max(1, -(-max(int(numbers), int(applications)) // PERSONS_PER_CHUNK))


def _without_entitlement(notices: pl.DataFrame) -> list[Problem]:
    return [
        Problem(
            "loss_without_entitlement",
            "喪失の届出ですが、この制度の資格がありません。",
            field="申請番号",
            value=number,
            severity=Severity.WARNING,
        )
        for number in notices.filter(~pl.col("held"))["application_no"].to_list()
    ]


def _waiting(rules: Rules, held: pl.DataFrame, on: date) -> list[Problem]:
    """Whose insurance is being asked after (保険確認中), for the clerk; and that the city has confirmed no grace."""
    name = rules.scheme.name
    rows = held.sort("due_on", "atena_no").select("atena_no", "recipient_no", "missing_from", "due_on")
    problems = [
        Problem(
            "insurance_missing",
            f"保険確認中です({name} 受給者番号{number}): {to_wareki(missing)}から医療保険が分かりません。"
            + (
                f"{to_wareki(due)}までに確認できなければ喪失です。" if due else "猶予が未確認のため、期限はありません。"
            ),
            field="宛名番号",
            value=person,
            severity=Severity.WARNING,
        )
        for person, number, missing, due in rows.iter_rows()
    ]
    if problems and rules.profile.insurance_grace_on(on) is None:
        words = "保険の切れた人を待つ日数が未確認です。プロファイルの insurance_grace に日数と根拠を書いてください。"
        problems.append(Problem("insurance_grace_unconfirmed", words, severity=Severity.WARNING))
    return problems


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    counts = {"lost": 0, "split": 0, "reopened": 0, "gave_way": 0, "asked": 0, "notices": 0}
    for part in work.parts:
        concerned = pl.concat([part.changes.people(), part.notices["atena_no"]]).unique().sort()
        mine = concerned.filter(concerned.cast(pl.Int64) % work.chunks == number)
        written = write_changes(
            using=context.using,
            rules=part.rules,
            changes=part.changes.of(mine),
            decided_on=work.on,
            now=context.now,
            run_id=context.run_id,
        )
        settled = part.notices.filter(pl.col("atena_no").is_in(mine.implode()))["application_id"]
        Application.objects.using(context.using).filter(pk__in=settled.to_list()).update(state=ApplicationState.APPLIED)
        for name, value in {**written, "notices": settled.len()}.items():
            counts[name] += value
    return ChunkResult(counts=counts)


JOB = register(Job(name=NAME, title="異動の反映と再判定", plan=_plan, apply_chunk=_apply))
