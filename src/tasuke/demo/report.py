"""The table at the end of the demo, for the terminal."""

from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from tasuke.demo.office import Step
from tasuke.demo.score import LABELS, Score

_STATES = {"accepted": "支給決定", "query": "疑義(職員が確認)", "return": "過誤(差戻し)"}


def show_report(
    console: Console, *, steps: list[Step], score: Score, states: pl.DataFrame, files: dict[str, int], out: Path,
    seconds: float,
) -> None:  # fmt: skip
    """Steps with counts and times, claims by state, planted mistakes, where the files lie."""
    console.print()
    console.print(_steps(steps))
    console.print(_claims(states))
    console.print(_planted(score))
    console.print(f"誤検知: 正しいレセプト {score.honest_claims:,}件のうち、疑ったもの {score.false_alarms:,}件")
    folders = "  ".join(f"{name} {count}" for name, count in sorted(files.items()))
    console.print(f"できたファイル: [bold]{out}[/]  ({folders})")
    console.print(f"全体 {seconds:.1f} 秒")


def _steps(steps: list[Step]) -> Table:
    table = Table("仕事", "回数", "結果", "秒", title="した仕事")
    for step in steps:
        told = "、".join(f"{key} {value:,}" for key, value in step.counts.items() if value)
        table.add_row(step.title, str(step.runs), told or step.told or "変更なし", f"{step.seconds:.1f}")
    return table


def _claims(states: pl.DataFrame) -> Table:
    table = Table("レセプト", "件数", "総医療費(円)", "助成額(円)", title="レセプトの判定")
    for state, claims, cost, subsidy in states.iter_rows():
        table.add_row(_STATES.get(state, state), f"{claims:,}", f"{cost:,}", f"{subsidy:,}")
    return table


def _planted(score: Score) -> Table:
    table = Table("わざと入れた誤り", "件数", "見つけた", "見逃した", title="誤りの発見")
    for kind, planted, found, missed in score.kinds.iter_rows():
        style = "red" if missed else ""
        table.add_row(LABELS.get(kind, kind), f"{planted:,}", f"{found:,}", f"{missed:,}", style=style)
    totals = score.kinds.select(pl.col("planted", "found", "missed").sum()).row(0)
    table.add_row("合計", *(f"{n:,}" for n in totals), style="bold")
    return table
