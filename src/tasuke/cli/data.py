"""Commands that bring data in and run jobs."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from tasuke.cli.faults import MissingParameter, told
from tasuke.cli.output import Exit, messages, stop, write_json

Person = Annotated[str, typer.Option("--by", help="行う人の個人ID")]
ProfileName = Annotated[str | None, typer.Option("--profile", help="プロファイル(既定は TASUKE_PROFILE)")]

_SHOWN = 50
# parameters of jobs that are days, and the one that is a month
_DAYS = ("on", "pay_on", "judge_from")


class _Parameters(dict[str, Any]):
    """What was given with --parameters: a job that asks for more gets a fault that names it."""

    def __missing__(self, key: str) -> Any:
        raise MissingParameter(key)


def begin(profile: str | None) -> None:
    """Database, schema and profile stand ready afterwards; ends the command when the profile cannot be used."""
    from tasuke.deploy.profiles import UnknownProfile, open_profile
    from tasuke.deploy.setup import configure, prepare_databases
    from tasuke.schemes.profile import ProfileInvalid
    from tasuke.systems.subsidy.profile import set_profile

    try:
        opened = open_profile(profile)
    except (UnknownProfile, ProfileInvalid) as error:
        stop(str(error), status=Exit.WRONG_USE)
    configure()
    prepare_databases()
    set_profile(opened)


def import_file(
    kind: Annotated[
        str, typer.Argument(help="residents tax nhi welfare applications entitlements claims returns receipts")
    ],
    file: Annotated[Path, typer.Argument(help="取り込むファイル")],
    by: Person,
    mapping: Annotated[Path | None, typer.Option(help="claims の CSV: 列対応表(TOML)")] = None,
    on: Annotated[str | None, typer.Option(help="entitlements: 引き継ぐ日(2026-04-01)")] = None,
    approver: Annotated[str | None, typer.Option(help="entitlements: 承認する別の人の個人ID")] = None,
    profile: ProfileName = None,
) -> None:
    """ファイルを取り込む。同じファイルをもう一度取り込んでも何も変わらない。"""
    from tasuke.deploy.imports import KINDS, import_request

    if kind not in KINDS:
        stop(f"種類「{kind}」はありません: {', '.join(KINDS)}", status=Exit.WRONG_USE)
    for path in (file, mapping):
        if path is not None and not path.is_file():
            stop(f"ファイルがありません: {path}", status=Exit.WRONG_USE)
    if mapping is not None and kind != "claims":
        stop("--mapping は claims だけで使います。", status=Exit.WRONG_USE)
    _check_take_over(kind, on, by, approver)
    begin(profile)
    from tasuke.deploy.runs import run_job

    more: dict[str, Any] = {"on": on}
    if kind == "claims":
        more = {"form": "claims_csv", "mapping": str(mapping.resolve())} if mapping else {"form": "uke"}
    with told():
        run, fresh = run_job(**import_request(kind, file, **more), by=by, approver=approver)
    _report(run, fresh)


def _check_take_over(kind: str, on: str | None, by: str, approver: str | None) -> None:
    """Entitlements are rights: they need the day from which they are ours, and a second person. Nothing else does."""
    if kind != "entitlements":
        if on is not None or approver is not None:
            stop("--on と --approver は entitlements だけで使います。", status=Exit.WRONG_USE)
        return
    if on is None or approver is None:
        stop(
            "受給資格の移行には、引き継ぐ日(--on 2026-04-01)と承認する別の人(--approver)が要ります。"
            "計画だけを見るには tasuke run import-entitlements --plan を使います。",
            status=Exit.WRONG_USE,
        )
    if not _is_day(on):
        stop(f"--on は日付(2026-04-01)で書きます: {on}", status=Exit.WRONG_USE)
    _two_people(by, approver)


def _two_people(by: str, approver: str | None) -> None:
    if approver == by:
        stop("承認する人(--approver)は、行う人(--by)と別の人でなければなりません。", status=Exit.WRONG_USE)


def run_named_job(
    job: Annotated[str, typer.Argument(help="処理の名前")],
    by: Person,
    target: Annotated[str, typer.Option(help="対象(月や制度など、処理の鍵)")],
    parameters: Annotated[str, typer.Option(help="条件(JSON)")] = "{}",
    apply: Annotated[bool, typer.Option("--apply/--plan", help="反映する / 計画だけ")] = False,
    approver: Annotated[str | None, typer.Option(help="承認する別の人の個人ID")] = None,
    profile: ProfileName = None,
) -> None:
    """処理を計画する、または反映する。"""
    given = _given(parameters)
    _two_people(by, approver)
    begin(profile)
    from tasuke.deploy.runs import load_jobs

    load_jobs()
    with told():
        _run_or_plan(job, target, given, by, approver, apply=apply)


def _given(text: str) -> _Parameters:
    """--parameters, with days and months that exist."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        stop(f"--parameters が JSON ではありません: {error}", status=Exit.WRONG_USE)
    if not isinstance(value, Mapping):
        stop('--parameters は {"名前": 値} の形で書きます。', status=Exit.WRONG_USE)
    for key in _DAYS:
        if key in value and not _is_day(str(value[key])):
            stop(f"--parameters の「{key}」は日付(2026-04-01)で書きます: {value[key]}", status=Exit.WRONG_USE)
    if "month" in value and not _is_day(f"{value['month']}-01"):
        stop(f"--parameters の「month」は月(2026-04)で書きます: {value['month']}", status=Exit.WRONG_USE)
    return _Parameters(value)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _run_or_plan(job: str, target: str, parameters: _Parameters, by: str, approver: str | None, *, apply: bool) -> None:
    from tasuke.deploy.clock import now
    from tasuke.deploy.runs import command_origin, run_job
    from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run

    if apply:
        run, fresh = run_job(job=job, target=target, parameters=parameters, by=by, approver=approver)
        _report(run, fresh)
        return
    try:
        run, _ = plan_run(
            using="subsidy", job=job, target=target, parameters=parameters, by=by, now=now(), origin=command_origin(by)
        )
    except RunAlreadyDone as done:
        _report(done.run, False)
        return
    errors = _show_problems(run)
    write_json({"run": run.pk, "state": run.state, "plan": run.plan, "comparison": run.comparison, "problems": errors})
    raise typer.Exit(int(Exit.PROBLEMS if errors else Exit.GOOD))


def _show_problems(run: Any) -> int:
    """Problems of a run on stderr, the first of them; gives the number of those that are more than warnings."""
    from tasuke.platform.batch.models import RunProblem

    problems = RunProblem.objects.using("subsidy").filter(run=run)
    for problem in problems.order_by("id")[:_SHOWN]:
        place = [problem.file, f"{problem.line}行目" if problem.line else "", problem.field and f"「{problem.field}」"]
        place.append("" if problem.line else problem.value)  # without a line the value alone tells whom it is about
        said = " ".join(part for part in place if part)
        messages.print(f"{said}: {problem.message}" if said else problem.message, markup=False)
    more = problems.count() - _SHOWN
    if more > 0:
        messages.print(f"… 他 {more:,} 件")
    return int(problems.exclude(severity="warning").count())


def seal() -> None:
    """Seal what the command recorded: no site may be running that would do it."""
    from tasuke.deploy.sealing import seal_all
    from tasuke.platform.audit.keys import KeyUnusable
    from tasuke.platform.audit.services.seal_trail import TrailBroken

    try:
        seal_all()
    except (TrailBroken, KeyUnusable) as error:
        messages.print(f"証跡を封印できませんでした: {error}", markup=False)


def _report(run: Any, fresh: bool) -> None:
    from tasuke.platform.batch.models import RunState

    seal()
    errors = _show_problems(run)
    if run.state == RunState.PLANNED:
        messages.print("取り込めませんでした。何も変えていません。直してから、もう一度実行してください。")
    elif not fresh:
        messages.print("この処理は済んでいます。何も変えていません。")
    write_json(
        {"run": run.pk, "job": run.job, "state": run.state, "changed": fresh, "counts": run.counts, "problems": errors}
    )
    raise typer.Exit(int(Exit.PROBLEMS if errors else Exit.GOOD))


def list_runs(
    most: Annotated[int, typer.Option(help="最大件数", min=1)] = 50,
    profile: ProfileName = None,
) -> None:
    """最近の処理を新しい順に。"""
    begin(profile)
    from tasuke.platform.batch.models import Run

    runs = Run.objects.using("subsidy").newest_first()[:most]
    write_json(
        [
            {
                "run": r.pk,
                "job": r.job,
                "target": r.target,
                "state": r.state,
                "counts": r.counts or r.plan,
                "chunks": [r.chunks_done, r.chunks_total],
                "planned_by": r.planned_by,
                "planned_at": r.planned_at,
            }
            for r in runs
        ]
    )
