"""Write claims as a file of a mapping: for the synthetic city, and to try a mapping before the first real file."""

from datetime import date

import polars as pl

from tasuke.core.calendar import to_wareki
from tasuke.formats.claims_csv.definition import (
    MONTH_FIELDS,
    YEN_PER_UNIT,
    Column,
    DateForm,
    FieldMapping,
    Mapping,
    dtype_of,
)
from tasuke.formats.uke.text import encode_cp932

EOL = "\r\n"
_LAST_ERA = {"1": date(1912, 7, 29), "2": date(1926, 12, 24), "3": date(1989, 1, 7), "4": date(2019, 4, 30)}
_ERA_BASE = {"1": 1867, "2": 1911, "3": 1925, "4": 1988, "5": 2018}


def render(claims: pl.DataFrame, kohi: pl.DataFrame, mapping: Mapping) -> bytes:
    """Bytes of the file: header, one row per claim in order, total row. Constants of the mapping are not checked: the
    claims must be such as the file can say. What the encoding lacks becomes ？ (cp932)."""
    columns = _columns(mapping)
    texts: dict[Column, pl.Series] = {}
    for field in mapping.field:
        if field.column is not None:
            texts[field.column] = _texts(claims, field)
    for order, group in enumerate(mapping.kohi, start=1):
        own = claims.select("line").join(
            kohi.filter(pl.col("order") == order), on="line", how="left", maintain_order="left"
        )
        for field in group.field:
            if field.column is not None:
                texts[field.column] = _texts(own, field)
    if mapping.rows is not None:
        texts[mapping.rows.column] = pl.Series([mapping.rows.data[0]]).new_from_index(0, claims.height)
    ordered = [texts.get(column, pl.Series([""]).new_from_index(0, claims.height)) for column in columns]
    frame = pl.DataFrame({f"{at}": series for at, series in enumerate(ordered)})
    quoted = [_quoted(pl.col(name), mapping) for name in frame.columns]
    rows = frame.select(text=pl.concat_str(quoted, separator=mapping.file.delimiter))["text"].to_list()
    lines = [*_header(mapping, columns), *rows, *_total(claims, kohi, mapping, columns)]
    text = "".join(line + EOL for line in lines)
    return text.encode("utf-8") if mapping.file.encoding == "utf-8" else encode_cp932(text)


def _columns(mapping: Mapping) -> list[Column]:
    """The columns in order: the titles of the mapping, or its columns as it names them (numbers at their number)."""
    if mapping.file.titles:
        return [_title_or_number(mapping, at, title) for at, title in enumerate(mapping.file.titles, start=1)]
    used = dict.fromkeys(_used(mapping))
    numbers = [column for column in used if isinstance(column, int)]
    if not numbers:
        return list(used)
    titled = [column for column in used if isinstance(column, str)]
    width = max(*numbers, len(used))
    return [at if at in used else (titled.pop(0) if titled else at) for at in range(1, width + 1)]


def _title_or_number(mapping: Mapping, at: int, title: str) -> Column:
    return at if at in _used(mapping) else title


def _used(mapping: Mapping) -> list[Column]:
    columns: list[Column | None] = [mapping.rows.column] if mapping.rows is not None else []
    columns += [field.column for field in mapping.field]
    for kohi in mapping.kohi:
        columns += [kohi.present, *(field.column for field in kohi.field)]
    if mapping.total is not None:
        columns += [mapping.total.column, mapping.total.count, mapping.total.cost, mapping.total.copay]
    return [column for column in columns if column is not None]


def _texts(frame: pl.DataFrame, field: FieldMapping) -> pl.Series:
    """A field as it is written in the file."""
    dtype = dtype_of(field.name)
    if field.name not in frame.columns:
        return pl.Series([""]).new_from_index(0, frame.height)
    column = frame[field.name].cast(dtype)
    known = column.drop_nulls().unique()
    back = {ours: theirs for theirs, ours in reversed(field.values.items())}
    table = pl.DataFrame({"value": known, "text": [_written(value, field, back) for value in known]})
    joined = column.rename("value").to_frame().join(table, on="value", how="left", maintain_order="left")
    return joined["text"].fill_null("")


def _written(value: object, field: FieldMapping, back: dict[str, str]) -> str:
    if isinstance(value, bool):
        plain = str(value).lower()
        return back.get(plain, plain)
    if isinstance(value, date):
        return write_date(value, field.date or DateForm.ISO, month=field.name in MONTH_FIELDS)
    if isinstance(value, int):
        return back.get(str(value), str(value // YEN_PER_UNIT[field.unit]))
    return back.get(str(value), str(value))


def write_date(day: date, form: DateForm, *, month: bool) -> str:
    """A date, or its month, in one of the forms."""
    match form:
        case DateForm.YYYYMMDD:
            return f"{day:%Y%m}" if month else f"{day:%Y%m%d}"
        case DateForm.ISO:
            return f"{day:%Y-%m}" if month else f"{day:%Y-%m-%d}"
        case DateForm.SLASH:
            return f"{day.year}/{day.month}" if month else f"{day.year}/{day.month}/{day.day}"
        case DateForm.GYYMMDD:
            era = next((key for key, last in _LAST_ERA.items() if day <= last), "5")
            year = day.year - _ERA_BASE[era]
            return f"{era}{year:02d}{day:%m}" if month else f"{era}{year:02d}{day:%m%d}"
        case DateForm.WAREKI:
            written = to_wareki(day)
            return written[: written.index("月") + 1] if month else written


def _quoted(text: pl.Expr, mapping: Mapping) -> pl.Expr:
    if not mapping.file.quoted:
        return text
    special = text.str.contains(mapping.file.delimiter, literal=True) | text.str.contains('["\r\n]')
    return (
        pl.when(special).then(pl.lit('"') + text.str.replace_all('"', '""', literal=True) + pl.lit('"')).otherwise(text)
    )


def _header(mapping: Mapping, columns: list[Column]) -> list[str]:
    file = mapping.file
    names = list(file.titles) or [column if isinstance(column, str) else "" for column in columns]
    titles = file.delimiter.join(names)
    return [titles if row == file.title_row else mapping.title for row in range(1, file.header_rows + 1)]


def _total(claims: pl.DataFrame, kohi: pl.DataFrame, mapping: Mapping, columns: list[Column]) -> list[str]:
    total = mapping.total
    if total is None:
        return []
    cost = int(claims["cost"].sum()) // YEN_PER_UNIT[total.unit]
    mapped = kohi.filter(pl.col("order") <= len(mapping.kohi)).join(claims.select("line"), on="line", how="semi")
    copay = int(mapped["copay"].sum()) if "copay" in mapped.columns else 0
    cells: dict[Column | None, str] = {
        total.column: total.value,
        total.count: str(claims.height),
        total.cost: str(cost),
        total.copay: str(copay),
    }
    return [mapping.file.delimiter.join(cells.get(column, "") for column in columns)]
