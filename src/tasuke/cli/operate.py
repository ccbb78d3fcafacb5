"""Commands of the operator: setup, doctor, worker, bench."""

from typing import Annotated

import typer
from rich.table import Table

from tasuke.cli.data import begin
from tasuke.cli.output import Exit, messages, stop, write_json


def setup() -> None:
    """データベースと表を用意する(何度実行してもよい)。"""
    from tasuke.deploy.chain.subscriptions import behind
    from tasuke.deploy.setup import configure, prepare_databases
    from tasuke.platform.database.systems import SYSTEMS

    configure()
    made = [*prepare_databases(), *_first_banks()]
    messages.print("\n".join(made) if made else "変更はありません")
    for task in behind(SYSTEMS):
        messages.print(f"{task}。tasuke found を行ってください", markup=False)


def _first_banks() -> list[str]:
    """The bank master that came with the program, when there is none yet."""
    from tasuke.deploy.runs import run_job
    from tasuke.systems.subsidy.payments.models import BankData

    if BankData.objects.using("subsidy").exists():
        return []
    run, _ = run_job(job="import-banks", target="installed", parameters={}, by="tasuke-setup")
    return [f"銀行一覧: {run.counts['新しい店舗']:,}店舗"]


def doctor() -> None:
    """この機械と設定を調べる(JSON は標準出力、表は標準エラー)。"""
    from tasuke.deploy.doctor import examine

    findings = examine()
    table = Table("調べたもの", "結果", "判定", "すること")
    for finding in findings:
        mark = {True: "良", False: "否", None: "-"}[finding.ok]
        table.add_row(finding.what, finding.value, mark, finding.advice)
    messages.print(table)
    write_json(findings)
    raise typer.Exit(int(Exit.PROBLEMS if any(f.ok is False for f in findings) else Exit.GOOD))


def worker() -> None:
    """待ち行列の処理を実行し続ける(止めるには Ctrl-C)。"""
    begin(None)
    from procrastinate.contrib.django import app

    from tasuke.deploy.sealing import start_sealing

    start_sealing()
    with app.open():
        app.run_worker(queues=["runs"])


def bench(
    name: Annotated[str | None, typer.Argument(help="測るもの(省略するとすべて)")] = None,
    scale: Annotated[float, typer.Option(help="量の倍率(1 が目標の量)")] = 1.0,
) -> None:
    """性能を測る。1行に1つの JSON: 自分の値、同じ実行での比較相手や限界、その比。"""
    from tasuke.bench.registry import UnknownBench, run_benches

    try:
        for result in run_benches(name, scale=scale):
            write_json(result, line=True)
    except UnknownBench as error:
        stop(str(error), status=Exit.WRONG_USE)
