"""list-paid-after-loss {"on"}: 支給後の資格喪失. Claims that were paid for days that an entitlement no longer covers,
since it ended back in time: a corrected income, a move out or a death told late.

Writes nothing but its list (CSV and XLSX). What goes back to the institution or is asked of the family is a person's
decision, claim by claim, on the screen of the claim.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_out
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.platform.export.tables import to_csv, to_xlsx
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.reasons import ReasonCode, reason_label

NAME = "list-paid-after-loss"
# a claim counts as it stands: by the last entry, else by the import; only entitlements that were superseded matter.
# Where the days of visits are not known, a month without any day of entitlement counts.
_LOST = """
SELECT f.name, c.line, c.scheme, c.recipient_no, c.atena_no, c.institution_name, c.service_month, lost.day,
    coalesce(last.subsidy + last.meals_subsidy, c.subsidy + c.meals_subsidy), why.decided_on, why.reason
FROM subsidy_entitlement o
JOIN subsidy_claim c ON c.entitlement_id = o.id
JOIN exchange_inbound_file f ON f.id = c.file_id
LEFT JOIN LATERAL (SELECT n.kind, n.subsidy, n.meals_subsidy FROM subsidy_claim_entry n WHERE n.claim_id = c.id
                   ORDER BY n.id DESC LIMIT 1) last ON TRUE
CROSS JOIN LATERAL (
    SELECT min(c.service_month + d) AS day FROM generate_series(0, 30) d
    WHERE c.service_month + d < c.service_month + interval '1 month'
        AND (c.visit_days = 0 OR (c.visit_days >> d) & 1 = 1)
        AND NOT EXISTS (
            SELECT FROM subsidy_entitlement e
            WHERE e.recorded_to IS NULL AND e.scheme = c.scheme AND e.atena_no = c.atena_no
                AND CASE WHEN c.visit_days = 0
                    THEN e.valid && daterange(c.service_month, (c.service_month + interval '1 month')::date)
                    ELSE e.valid @> c.service_month + d END)
) lost
LEFT JOIN LATERAL (
    SELECT d.decided_on, coalesce(nullif(x.loss_reason, ''), d.reasons[1], '') AS reason
    FROM subsidy_decision d LEFT JOIN subsidy_entitlement x ON x.decision_id = d.id AND x.recorded_to IS NULL
    WHERE d.scheme = c.scheme AND d.atena_no = c.atena_no AND d.outcome = 'lost' AND d.decided_on <= %s
    ORDER BY d.id DESC LIMIT 1
) why ON TRUE
WHERE o.recorded_to IS NOT NULL AND lost.day IS NOT NULL
    AND CASE WHEN last.kind IS NULL THEN c.state = 'accepted' ELSE last.kind = 'accept' END
ORDER BY c.scheme, c.recipient_no, c.service_month, c.id
"""
_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "ファイル": pl.String, "行": pl.Int64, "制度": pl.String, "受給者番号": pl.String, "宛名番号": pl.String,
    "医療機関": pl.String, "診療年月": pl.Date, "資格のない最初の診療日": pl.Date, "助成額": pl.Int64,
    "喪失の決定日": pl.Date, "喪失の理由": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Work:
    on: date
    table: pl.DataFrame


def paid_after_loss(*, using: str, on: date) -> pl.DataFrame:
    """Claims that stand as paid although a day of them is no longer covered: one row each, headed in Japanese, by
    scheme and recipient; 助成額 in yen. on: losses decided up to this day give the reason."""
    found = copy_out(connections[using], _LOST, [on], schema=_COLUMNS)
    codes = {str(code) for code in ReasonCode}
    words = {word: reason_label(word) for word in found["喪失の理由"].drop_nulls().unique() if word in codes}
    names = {scheme: load_scheme(scheme).name for scheme in found["制度"].unique()}
    return found.with_columns(
        pl.col("喪失の理由").fill_null("").replace(words),
        pl.col("制度").replace(names),
        pl.col("診療年月").dt.strftime("%Y-%m"),
    )


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(str(context.parameters["on"]))
    table = paid_after_loss(using=context.using, on=on)
    counts = {
        "レセプト": table.height,
        "対象者": table["宛名番号"].n_unique(),
        "助成額(円)": int(table["助成額"].sum()),
    }
    return Plan(counts=counts, chunks=1 if table.height else 0, work=_Work(on=on, table=table))


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    label = f"支給後の資格喪失_{work.on:%Y%m%d}"
    files = {f"{label}.csv": to_csv(work.table), f"{label}.xlsx": to_xlsx({"支給後の資格喪失": work.table})}
    for name, data in files.items():
        record_outbound(
            using=context.using,
            kind="paid-after-loss",
            key=name,
            name=name,
            data=data,
            rows=work.table.height,
            totals={"助成額": int(work.table["助成額"].sum())},
            by=context.by,
            now=context.now,
            run_id=context.run_id,
        )
    return ChunkResult(counts={"ファイル": len(files)})


JOB = register(Job(name=NAME, title="支給後の資格喪失の一覧", plan=_plan, apply_chunk=_apply, units="件"))
