"""`tasuke demo`: a whole synthetic city through the main job."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from tasuke.city.files import CityFiles
from tasuke.city.generate import generate
from tasuke.core.calendar import next_month
from tasuke.demo.chain import run_chain
from tasuke.demo.flow import decide, run_initial_load, run_month
from tasuke.demo.office import Office
from tasuke.demo.outputs import collect, write_claim_lists, write_result
from tasuke.demo.report import show_report
from tasuke.demo.score import score
from tasuke.schemes.profile import Profile

START = date(2026, 4, 1)
USING = "subsidy"


def run_demo(
    *, profile: Profile, residents: int, months: int, seed: int, out: Path, console: Console
) -> dict[str, Any]:
    """Generate, import, decide, issue, adjudicate, pay, count. The databases stand ready. Returns result.json."""
    from tasuke.systems.subsidy.profile import set_profile

    set_profile(profile)
    began = time.perf_counter()
    office = Office(console, START)
    city = out / "1_市のファイル"
    files = _generate(office, profile, residents, months, seed, city)
    run_initial_load(office, files, profile, START)
    month = START
    for _ in range(months):
        run_month(office, files, profile, month, start=START)
        month = next_month(month)
    chain = run_chain(office, files, profile, out / "7_番号連携", START)
    decide(office, profile, office.day, takeover=START)
    result = score(pl.read_csv(files.planted, schema_overrides={"line": pl.Int64}, infer_schema=False), using=USING)
    states = write_claim_lists(out, using=USING)
    made = collect(out, using=USING)
    seconds = time.perf_counter() - began
    steps = list(office.steps.values())
    value = {"chain": chain} | write_result(out, steps=steps, score=result, states=states, seconds=seconds)
    show_report(console, steps=steps, score=result, states=states, files=made, out=out, seconds=seconds)
    return value


def _generate(office: Office, profile: Profile, residents: int, months: int, seed: int, out: Path) -> CityFiles:
    start = time.perf_counter()
    with _bar(office.console) as progress:
        files = generate(
            profile=profile, residents=residents, months=months, seed=seed, start=START, out=out, progress=progress
        )
    told = f"{profile.name} 住民 {residents:,}人 {months}か月  ファイル {len(files.files)}"
    office.measure("架空の市の生成", time.perf_counter() - start, told)
    return files


@contextmanager
def _bar(console: Console) -> Iterator[Any]:
    with Progress(TextColumn("         {task.description}"), BarColumn(), console=console, transient=True) as progress:
        task = progress.add_task("生成", total=None)
        yield lambda step, done, total: progress.update(task, description=f"生成 {step}", completed=done, total=total)
