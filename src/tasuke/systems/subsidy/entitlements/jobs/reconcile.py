"""reconcile {"on"}: 移行の照合. What was taken over beside what our rules would decide on a day, person by person.

Writes nothing but its list (CSV and XLSX): the town looks through it before it goes live, and again whenever it likes.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db import connections

from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_out
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.platform.export.tables import to_csv, to_xlsx
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.entitlements.take_over import finding_words, judged_rows
from tasuke.systems.subsidy.registry.queries import persons_frame

NAME = "reconcile"
_TAKEN = "SELECT DISTINCT scheme, atena_no FROM subsidy_taken_over"
_VALUES = {
    "band": "年齢区分",
    "coverage": "助成範囲",
    "copay_class": "負担区分",
    "funding": "財源",
    "payer_no": "公費負担者番号",
}
_RESULTS = ("一致", "区分の差", "終わりの差", "非該当", "保留")


@dataclass(frozen=True, slots=True)
class _Work:
    on: date
    table: pl.DataFrame


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(str(context.parameters["on"]))
    table = reconciled(using=context.using, on=on)
    counts = dict.fromkeys(_RESULTS, 0) | dict(table.group_by("照合").len().iter_rows())
    return Plan(counts={"引継ぎ": table.height, **counts}, chunks=1, work=_Work(on, table))


def reconciled(*, using: str, on: date) -> pl.DataFrame:
    """One row per taken-over entitlement in force on a day: what holds, what our rules say, and where they differ."""
    people = copy_out(connections[using], _TAKEN, schema={"scheme": pl.String(), "atena_no": pl.String()})
    held = entitlements_frame(using=using, atena_nos=people["atena_no"]).join(
        people, on=["scheme", "atena_no"], how="semi", maintain_order="left"
    )
    in_force = (pl.col("valid_from") <= on) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
    rows = (
        held.filter(in_force)
        .sort("scheme", "recipient_no")
        .with_columns(pl.col("role").alias("role_name"), pl.int_range(pl.len()).alias("order"))
    )
    if rows.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(("制度", "受給者番号", "照合", "理由"), pl.String()))
    judged = judged_rows(using=using, rows=rows, on=on)
    names = persons_frame(using=using, on=on, atena_nos=judged["atena_no"]).select("atena_no", "name")
    told = judged.join(names, on="atena_no", how="left", maintain_order="left")
    return pl.DataFrame([_line(row) for row in told.iter_rows(named=True)], infer_schema_length=None)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    finding = finding_words(row["our_outcome"], row["our_reasons"], row["valid_to"], row["our_end"])
    eligible = row["our_outcome"] == "eligible"
    other = [name for c, name in _VALUES.items() if eligible and (row[c] or "") != (row[f"our_{c}"] or "")]
    differs = [f"{_VALUES[c]} {row[c] or 'なし'}→{row[f'our_{c}'] or 'なし'}" for c in _VALUES if _VALUES[c] in other]
    return {
        "制度": load_scheme(str(row["scheme"])).name,
        "受給者番号": row["recipient_no"],
        "宛名番号": row["atena_no"],
        "氏名": row["name"],
        "資格の開始日": row["valid_from"],
        "資格の最終日": _last(row["valid_to"]),
        "照合": _result(str(row["our_outcome"]), finding, differs),
        "理由": "、".join(filter(None, [finding, *differs])),
        "規則による最終日": _last(row["our_end"]),
    }


def _result(outcome: str, finding: str, differs: list[str]) -> str:
    if outcome != "eligible":
        return {"pending": "保留"}.get(outcome, "非該当")
    if finding:
        return "終わりの差"
    return "区分の差" if differs else "一致"


def _last(day: object) -> date | None:
    return day - timedelta(days=1) if isinstance(day, date) else None


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    label = f"移行照合_{work.on:%Y%m%d}"
    differing = work.table.filter(pl.col("照合") != "一致")
    files = {
        f"{label}.csv": to_csv(work.table),
        f"{label}.xlsx": to_xlsx({"差のある人": differing, "全員": work.table}),
    }
    for name, data in files.items():
        record_outbound(
            using=context.using,
            kind="reconcile",
            key=name,
            name=name,
            data=data,
            rows=work.table.height,
            totals={"差": differing.height},
            by=context.by,
            now=context.now,
            run_id=context.run_id,
        )
    return ChunkResult(counts={"ファイル": len(files)})


JOB = register(Job(name=NAME, title="移行の照合", plan=_plan, apply_chunk=_apply, units="人"))
