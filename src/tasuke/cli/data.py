"""Commands that bring data in and run jobs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tasuke.cli.output import Exit, messages, stop, write_json

Person = Annotated[str, typer.Option("--by", help="行う人の個人ID")]


def _begin(profile: str | None) -> None:
    from tasuke.deploy.profiles import UnknownProfile, open_profile
    from tasuke.deploy.setup import configure, prepare_databases
    from tasuke.systems.subsidy.profile import set_profile

    try:
        opened = open_profile(profile)
    except UnknownProfile as error:
        stop(str(error), status=Exit.WRONG_USE)
    configure()
    prepare_databases()
    set_profile(opened)


def import_file(
    kind: Annotated[str, typer.Argument(help="residents tax nhi welfare applications claims receipts")],
    file: Annotated[Path, typer.Argument(help="取り込むファイル")],
    by: Person,
    mapping: Annotated[Path | None, typer.Option(help="claims の CSV: 列対応表(TOML)")] = None,
    profile: Annotated[str | None, typer.Option(help="プロファイル(既定は TASUKE_PROFILE)")] = None,
) -> None:
    """ファイルを取り込む。同じファイルをもう一度取り込んでも何も変わらない。"""
    from tasuke.deploy.imports import KINDS, import_request
    from tasuke.deploy.runs import run_job

    if kind not in KINDS:
        stop(f"種類「{kind}」はありません: {', '.join(KINDS)}", status=Exit.WRONG_USE)
    if not file.is_file():
        stop(f"ファイルがありません: {file}", status=Exit.WRONG_USE)
    _begin(profile)
    more: dict[str, Any] = {}
    if kind == "claims":
        more = {"form": "claims_csv", "mapping": str(mapping.resolve())} if mapping else {"form": "uke"}
    run, fresh = run_job(**import_request(kind, file, **more), by=by)
    _report(run, fresh)


def run_named_job(
    job: Annotated[str, typer.Argument(help="処理の名前")],
    by: Person,
    target: Annotated[str, typer.Option(help="対象(月や制度など、処理の鍵)")],
    parameters: Annotated[str, typer.Option(help="条件(JSON)")] = "{}",
    apply: Annotated[bool, typer.Option("--apply/--plan", help="反映する / 計画だけ")] = False,
    approver: Annotated[str | None, typer.Option(help="承認する別の人の個人ID")] = None,
    profile: Annotated[str | None, typer.Option()] = None,
) -> None:
    """処理を計画する、または反映する。"""
    from tasuke.platform.batch.job import UnknownJob, all_jobs

    try:
        given = json.loads(parameters)
    except json.JSONDecodeError as error:
        stop(f"--parameters が JSON ではありません: {error}", status=Exit.WRONG_USE)
    _begin(profile)
    from tasuke.deploy.runs import load_jobs

    load_jobs()
    try:
        _run_or_plan(job, target, given, by, approver, apply=apply)
    except UnknownJob:
        names = ", ".join(j.name for j in all_jobs())
        stop(f"処理「{job}」はありません: {names}", status=Exit.WRONG_USE)


def _run_or_plan(
    job: str, target: str, parameters: dict[str, Any], by: str, approver: str | None, *, apply: bool
) -> None:
    from tasuke.deploy.clock import now
    from tasuke.deploy.runs import run_job
    from tasuke.platform.batch.services.apply_run import NotApproved
    from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run

    if apply:
        try:
            run, fresh = run_job(job=job, target=target, parameters=parameters, by=by, approver=approver)
        except NotApproved as error:
            stop(str(error), status=Exit.PROBLEMS)
        _report(run, fresh)
        return
    try:
        run, _ = plan_run(using="subsidy", job=job, target=target, parameters=parameters, by=by, now=now())
    except RunAlreadyDone as done:
        _report(done.run, False)
        return
    write_json({"run": run.pk, "state": run.state, "plan": run.plan, "comparison": run.comparison})


def _report(run: Any, fresh: bool) -> None:
    from tasuke.platform.batch.models import RunProblem

    problems = RunProblem.objects.using("subsidy").filter(run=run)
    if not fresh:
        messages.print("この処理は済んでいます。何も変えていません。")
    for problem in problems.order_by("id")[:50]:
        place = f"{problem.file} {problem.line or ''}行目 {problem.field}"
        messages.print(f"{place}: {problem.message}", markup=False)
    errors = problems.exclude(severity="warning").count()
    write_json(
        {"run": run.pk, "job": run.job, "state": run.state, "changed": fresh, "counts": run.counts, "problems": errors}
    )
    raise typer.Exit(int(Exit.PROBLEMS if errors else Exit.GOOD))


def list_runs(
    most: Annotated[int, typer.Option(help="最大件数")] = 50,
    profile: Annotated[str | None, typer.Option()] = None,
) -> None:
    """最近の処理を新しい順に。"""
    _begin(profile)
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
