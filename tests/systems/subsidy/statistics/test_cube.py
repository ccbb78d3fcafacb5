import io
from datetime import date, timedelta

import openpyxl
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.platform.export.tables import to_csv, to_xlsx
from tasuke.systems.subsidy.statistics.cube import KEYS, benefit_cells, recipient_cells

MONTH = date(2026, 4, 1)
ROW = {
    "service_month": MONTH, "scheme": "s", "band": None, "ward_code": "w", "care": "medical", "inpatient": False,
    "funding": None, "method": "in_kind", "atena_no": "101", "days": 1, "cost": 1_000, "burden": 0, "subsidy": 300,
    "meals_subsidy": None, "count": 1,
}  # fmt: skip
SCHEMA = {
    "service_month": pl.Date, "inpatient": pl.Boolean, "days": pl.Int64, "cost": pl.Int64, "burden": pl.Int64,
    "subsidy": pl.Int64, "meals_subsidy": pl.Int64, "count": pl.Int64,
}  # fmt: skip


def ledger(*rows):
    return pl.DataFrame([{**ROW, **r} for r in rows], schema={k: SCHEMA.get(k, pl.String) for k in ROW})


def test_what_was_taken_back_falls_out_of_the_counts():
    back = {"count": -1, "days": -1, "cost": -1_000, "subsidy": -300}
    cell = benefit_cells(ledger({}, back, {"atena_no": "102"}), month=MONTH).row(0, named=True)
    assert (cell["claims"], cell["cost"], cell["subsidy"], cell["days"]) == (1, 1_000, 300, 1)


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "scheme": st.sampled_from(["a", "b"]), "band": st.sampled_from([None, "", "x"]),
            "ward_code": st.sampled_from(["1", "2"]), "care": st.sampled_from(["medical", "dental"]),
            "inpatient": st.booleans(), "funding": st.sampled_from([None, "city"]),
            "method": st.sampled_from(["in_kind", "reimbursement"]), "atena_no": st.sampled_from(["1", "2", "3"]),
            "days": st.integers(0, 31), "cost": st.integers(-10**7, 10**7), "burden": st.integers(0, 10**5),
            "subsidy": st.integers(-10**6, 10**6), "meals_subsidy": st.sampled_from([None, 460]),
            "count": st.sampled_from([1, -1]),
        }
    ),
    max_size=20,
)  # fmt: skip


@settings(max_examples=60)
@given(LINES)
def test_every_total_of_the_cube_is_the_ledgers(rows):
    frame = ledger(*rows)
    cells = benefit_cells(frame, month=MONTH)
    assert cells.select(KEYS).is_duplicated().sum() == 0
    assert cells["claims"].sum() == sum(r["count"] for r in rows)
    for name in ("days", "cost", "burden"):
        assert cells[name].sum() == sum(r[name] for r in rows)
    assert cells["subsidy"].sum() == sum(r["subsidy"] + (r["meals_subsidy"] or 0) for r in rows)


def test_recipients_are_those_of_the_last_day():
    last = date(2026, 4, 30)
    rows = [
        {"atena_no": "1", "valid_from": MONTH, "valid_to": None},
        {"atena_no": "2", "valid_from": MONTH, "valid_to": last},  # gone on the last day
        {"atena_no": "3", "valid_from": last, "valid_to": last + timedelta(days=1)},
        {"atena_no": "4", "valid_from": last + timedelta(days=1), "valid_to": None},
    ]
    more = {"scheme": "s", "band": None, "ward_code": "w", "role": "child", "copay_class": "c", "funding": None}
    frame = pl.DataFrame([{**more, **r} for r in rows], schema_overrides={"band": pl.String, "funding": pl.String})
    assert recipient_cells(frame, month=MONTH, last_day=last)["persons"].sum() == 2


EVIL = ["=1+1", "+81", "-2", "@SUM(A1)", "\tx", "安全", "https://example.com", '=HYPERLINK("x")']


def test_text_never_becomes_a_formula():
    frame = pl.DataFrame({"名": EVIL, "円": [-1] * len(EVIL)})
    text = to_csv(frame).decode("utf-8-sig")
    assert "\n=1" not in text
    assert "'=1+1,-1\r\n" in text
    assert "'-2,-1\r\n" in text
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx({"表": frame})))["表"]
    cells = [sheet.cell(n, 1) for n in range(2, len(EVIL) + 2)]
    assert [c.value for c in cells] == EVIL
    assert {c.data_type for c in cells} == {"s"}
    assert {c.hyperlink for c in cells} == {None}


def test_the_same_figures_give_the_same_bytes():
    frame = pl.DataFrame({"名": ["甲"], "円": [1_234]})
    assert to_xlsx({"表": frame}) == to_xlsx({"表": frame})
