"""Read a file by its mapping: neutral CLAIM and KOHI frames and what was wrong."""

from dataclasses import dataclass, field

import polars as pl

from tasuke.core.problems import Problem
from tasuke.formats.claims_csv.definition import (
    CLAIM_FIELDS,
    KOHI_FIELDS,
    REQUIRED_FIELDS,
    YEN_PER_UNIT,
    Column,
    FieldMapping,
    Mapping,
    Unit,
)
from tasuke.formats.claims_csv.table import Table, read_table
from tasuke.formats.claims_csv.values import field_values
from tasuke.formats.uke.frames import CLAIM_SCHEMA, KOHI_SCHEMA, Schema, has_replaced, inpatient

Result = tuple[pl.DataFrame, pl.DataFrame, list[Problem]]


@dataclass(slots=True)
class _Work:
    """What is being read: the table, the rows of claims, rows that are left out, problems."""

    mapping: Mapping
    table: Table
    rows: pl.DataFrame
    problems: list[Problem]
    bad: set[int] = field(default_factory=set)  # physical lines
    unsplit: int = 0  # rows whose items stand in no known columns

    def texts(self, column: Column) -> pl.Series:
        """Text of a column in the rows; all null when the file is narrower."""
        at = self.table.at(column)
        if at is None:
            return pl.Series("text", [None], dtype=pl.String).new_from_index(0, self.rows.height)
        return self.rows[f"{at}"]

    def reject(self, line: int, code: str, message: str, label: str | None = None, value: str | None = None) -> None:
        """Leave a row out and say why."""
        self.bad.add(line)
        self.problems.append(Problem(code, f"{message}この行は取り込みません。", line=line, field=label, value=value))


def parse(data: bytes, mapping: Mapping) -> Result:
    """Read one file. Good rows go on; every row that is left out has a Problem; FATAL: nothing was used."""
    table, problems = read_table(data, mapping)
    if table is None:
        return pl.DataFrame(schema=CLAIM_SCHEMA), pl.DataFrame(schema=KOHI_SCHEMA), problems
    work = _Work(mapping, table, table.rows, problems)
    totals = _total_rows(work)
    _choose_rows(work)
    _check_width(work)
    claims = _claims(work)
    kohi = _kohi(work)
    claims = _doubles(work, claims)
    _check_totals(work, totals, claims, kohi)
    good = ~pl.col("line").is_in(list(work.bad))
    problems.sort(key=lambda problem: problem.line or 0)
    return claims.filter(good), kohi.filter(good), problems


def _total_rows(work: _Work) -> pl.DataFrame:
    """Take the total rows out of the rows."""
    total = work.mapping.total
    if total is None:
        return work.rows.clear()
    marked = work.texts(total.column).eq_missing(pl.Series([total.value]))
    rows = work.rows.filter(marked)
    work.rows = work.rows.filter(~marked)
    return rows


def _choose_rows(work: _Work) -> None:
    """Keep the rows of claims; a kind of row that the mapping does not know is a mistake."""
    kinds = work.mapping.rows
    if kinds is None:
        return
    column = work.texts(kinds.column).fill_null("")
    known = column.is_in([*kinds.data, *kinds.skip])
    for line, kind in zip(work.rows.filter(~known)["line"], column.filter(~known), strict=True):
        work.reject(line, "UNKNOWN_ROW_KIND", f"行の種別「{kind}」は列対応表にありません。", "行の種別", kind)
    work.rows = work.rows.filter(column.is_in(list(kinds.data)))


def _check_width(work: _Work) -> None:
    """A row with more items than columns has a stray delimiter, one with fewer is cut off: nothing of it is read."""
    wrong = work.rows.filter(pl.col("_items") != work.table.width)
    for line, items in wrong.select("line", "_items").iter_rows():
        message = f"項目が {items} 個あります。{work.table.width} 個でなければなりません。"
        work.reject(line, "WRONG_ITEM_COUNT", message, value=str(items))
    work.unsplit = wrong.height
    work.rows = work.rows.filter(pl.col("_items") == work.table.width)


def _values(work: _Work, mapped: FieldMapping, label_prefix: str = "") -> pl.Series:
    """One field of every row; what cannot be read makes its row bad."""
    if mapped.constant is not None:
        constant = str(mapped.constant).lower() if isinstance(mapped.constant, bool) else str(mapped.constant)
        texts = pl.Series("text", [constant]).new_from_index(0, work.rows.height)
    else:
        texts = work.texts(mapped.column or 1)
    values, faults = field_values(texts, mapped)
    label = f"{label_prefix}{mapped.column if isinstance(mapped.column, str) else mapped.name}"
    for line, text in zip(work.rows.filter(faults)["line"], texts.filter(faults), strict=True):
        work.reject(line, "BAD_VALUE", f"「{label}」の値「{text[:40]}」が読めません。", label, text[:40])
    return values


def _claims(work: _Work) -> pl.DataFrame:
    """CLAIM frame of all rows, bad ones too."""
    columns = {name.name: _values(work, name) for name in work.mapping.field}
    for name in REQUIRED_FIELDS:
        for line in work.rows.filter(columns[name].is_null())["line"]:
            if line not in work.bad:
                work.reject(line, "MISSING_VALUE", f"「{_label(work, name)}」が空です。", _label(work, name))
    frame = work.rows.select("line").with_columns(**columns)
    frame = _filled(frame, {"line": pl.Int64, **CLAIM_FIELDS})
    frame = frame.with_columns(pl.col("receipt_type", "institution_name").fill_null(""))
    by_type = pl.when(pl.col("receipt_type") != "").then(inpatient(pl.col("receipt_type")))
    frame = frame.with_columns(
        inpatient=pl.coalesce("inpatient", by_type),
        visit_days=pl.col("visit_days").fill_null(0),
        first_visits=pl.col("first_visits").fill_null(0),
        name_has_replaced=has_replaced(pl.col("name")),
    )
    for line in frame.filter(pl.col("inpatient").is_null())["line"]:
        if line not in work.bad:
            work.reject(line, "MISSING_VALUE", "入院か外来かが分かりません。", "inpatient")
    return _filled(frame, CLAIM_SCHEMA)


def _label(work: _Work, name: str) -> str:
    mapped = work.mapping.claim_field(name)
    return mapped.column if mapped is not None and isinstance(mapped.column, str) else name


def _kohi(work: _Work) -> pl.DataFrame:
    """KOHI frame of all rows, in the order of the mapping within each row."""
    frames = [pl.DataFrame(schema={**KOHI_SCHEMA, "_at": pl.Int64})]
    for at, kohi in enumerate(work.mapping.kohi):
        prefix = f"第{at + 1}公費 "
        columns = {mapped.name: _values(work, mapped, prefix) for mapped in kohi.field}
        frame = _filled(work.rows.select("line").with_columns(**columns), {"line": pl.Int64, **KOHI_FIELDS})
        present = frame["payer_no"].is_not_null() if kohi.present is None else work.texts(kohi.present).is_not_null()
        chosen = frame.filter(present)
        for line in chosen.filter(pl.col("payer_no").is_null())["line"]:
            if line not in work.bad:
                work.reject(line, "MISSING_VALUE", f"「{prefix}公費負担者番号」が空です。", f"{prefix}payer_no")
        chosen = chosen.with_columns(
            kohi_line="line", order=pl.lit(None, dtype=pl.Int64), _at=pl.lit(at, dtype=pl.Int64)
        )
        frames.append(chosen.select([*KOHI_SCHEMA, "_at"]))
    rows = pl.concat(frames).sort("line", "_at", maintain_order=True)
    return rows.with_columns(order=pl.int_range(1, pl.len() + 1).over("line").cast(pl.Int64)).select(list(KOHI_SCHEMA))


def _doubles(work: _Work, claims: pl.DataFrame) -> pl.DataFrame:
    """Claims with `double_of` where a row comes twice: by the fields that the mapping calls unique, or as a whole."""
    if work.mapping.unique:
        key = claims.select("line", *work.mapping.unique).drop_nulls()
    else:
        key = work.rows.drop("_items")
    names = [name for name in key.columns if name != "line"]
    if not names:
        return claims
    first = key.select("line", first=pl.col("line").first().over(names)).filter(pl.col("line") != pl.col("first"))
    for line, of in first.iter_rows():
        message = f"{of}行目と同じ明細です。二重に数えないよう、支給せずに疑義とします。"
        work.problems.append(Problem("DOUBLED_ROW", message, line=line))
    marked = claims.join(first, on="line", how="left", maintain_order="left").with_columns(double_of=pl.col("first"))
    return marked.select(list(CLAIM_SCHEMA))


def _check_totals(work: _Work, rows: pl.DataFrame, claims: pl.DataFrame, kohi: pl.DataFrame) -> None:
    """Count and sums of the total row against all rows of the file; an ERROR where they differ or are not told.

    The rows stay: which side is wrong is for a person to say (`formats.uke.totals.UNPROVEN_TOTALS`).
    """
    total = work.mapping.total
    if total is None:
        return
    if rows.is_empty():
        if total.required:
            message = "合計の行がありません。ファイルが途中で切れていないか確かめてください。"
            work.problems.append(Problem("NO_TOTAL", message, field="合計"))
        return
    whole = _Work(work.mapping, work.table, rows, work.problems)
    there = {
        "count": claims.height + work.unsplit,
        "cost": None if work.unsplit or claims["cost"].null_count() else int(claims["cost"].sum()),
        "copay": None if work.unsplit else int(kohi["copay"].sum()),
    }
    for name, label in (("count", "件数"), ("cost", "費用額"), ("copay", "負担額")):
        column = getattr(total, name)
        if column is not None:
            unit = total.unit if name == "cost" else Unit.YEN
            _compare(whole, column, label, YEN_PER_UNIT[unit], there[name])


def _compare(whole: _Work, column: Column, label: str, unit: int, there: int | None) -> None:
    number = FieldMapping(name="days", column=column)
    said, faults = field_values(whole.texts(column), number)
    line = int(whole.rows["line"][-1])
    if faults.any() or said.null_count():
        message = f"合計の「{label}」が読めません。合計は確かめられませんでした。"
        whole.problems.append(Problem("BAD_TOTAL", message, line=line, field=label))
    elif there is not None and int(said.sum()) * unit != there:
        message = (
            f"合計の「{label}」が合いません。ファイルの合計は {int(said.sum()) * unit:,}、明細の合計は {there:,} です。"
        )
        whole.problems.append(Problem("TOTALS_DIFFER", message, line=line, field=label))


def _filled(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
