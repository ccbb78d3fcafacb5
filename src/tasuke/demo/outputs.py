"""Everything that the demo made, in one folder that a person can look through."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections

from tasuke.demo.office import Step
from tasuke.demo.score import LABELS, Score
from tasuke.platform.bulk import copy_out
from tasuke.platform.exchange.archive import archive_folder
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.claims.reasons import INFO, ClaimReason

_FOLDERS = {
    "certificates": "2_受給者証",
    "notices": "3_通知書",
    "zengin": "4_支払",
    "payees": "4_支払",
    "banks": "4_支払",
    "statistics": "5_統計",
    "reconcile": "6_移行照合",
}


def collect(out: Path, *, using: str) -> dict[str, int]:
    """Copy every outbound file from the archive into a folder per kind; give the number of files per folder."""
    counts: dict[str, int] = {}
    for file in OutboundFile.objects.using(using).order_by("id"):
        kind = "zengin" if file.kind.startswith("notices-") else file.kind
        folder = out / _FOLDERS.get(kind, "7_その他")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file.name
        if not target.exists():
            shutil.copyfile(archive_folder() / file.sha256[:2] / file.sha256, target)
        counts[folder.name] = counts.get(folder.name, 0) + 1
    return counts


def write_claim_lists(out: Path, *, using: str) -> pl.DataFrame:
    """疑義・過誤の一覧 as CSV, with the reasons in words; gives the totals by state."""
    listed = copy_out(
        connections[using],
        """SELECT f.name, c.line, c.state, c.scheme, c.recipient_no, c.institution_name, c.service_month, c.cost,
                  c.billed_burden, c.burden, array_to_string(c.reasons, E'\\x1f')
           FROM subsidy_claim c JOIN exchange_inbound_file f ON f.id = c.file_id
           WHERE c.state <> 'accepted' ORDER BY f.name, c.line""",
        schema={
            "ファイル": pl.String, "行": pl.Int64, "判定": pl.String, "制度": pl.String, "受給者番号": pl.String,
            "医療機関": pl.String, "診療月": pl.Date, "総医療費": pl.Int64, "請求の一部負担": pl.Int64,
            "計算の一部負担": pl.Int64, "理由": pl.List(pl.String),
        },
    )  # fmt: skip
    words = {code.value: INFO[ClaimReason(code)].label for code in INFO}
    told = listed.with_columns(
        pl.col("理由").list.eval(pl.element().replace(words)).list.join(" / "),
        pl.col("判定").replace({"query": "疑義", "return": "過誤"}),
    )
    (out / "疑義・過誤一覧.csv").write_bytes(b"\xef\xbb\xbf" + told.write_csv(line_terminator="\r\n").encode())
    return copy_out(
        connections[using],
        """SELECT state, count(*), sum(cost), sum(subsidy + meals_subsidy) FROM subsidy_claim
           GROUP BY state ORDER BY state""",
        schema={"state": pl.String, "claims": pl.Int64, "cost": pl.Int64, "subsidy": pl.Int64},
    )


def write_result(out: Path, *, steps: list[Step], score: Score, states: pl.DataFrame, seconds: float) -> dict[str, Any]:
    """result.json: counts, amounts, times and the planted mistakes; also the rows behind missed and false alarms."""
    value = {
        "seconds": round(seconds, 1),
        # what a step told is for the terminal
        "steps": [{key: value for key, value in asdict(step).items() if key != "told"} for step in steps],
        "claims": states.to_dicts(),
        "planted": [row | {"label": LABELS.get(row["kind"], row["kind"])} for row in score.kinds.to_dicts()],
        "false_alarms": score.false_alarms,
        "honest_claims": score.honest_claims,
    }
    (out / "result.json").write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for name, frame in (("見逃し", score.missed), ("誤検知", score.alarms)):
        joined = frame.with_columns(pl.col("codes").list.join(" "))
        (out / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + joined.write_csv().encode())
    return value
