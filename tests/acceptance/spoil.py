"""Ways in which files go wrong on their way. Each takes the bytes of a good file and gives those of a bad one."""

import csv
import io

from tasuke.formats.csv_layout import Kind

VICTIM = 3  # physical line of the row that is spoiled: the second row of data


def table(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def text(rows):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def with_cell(data, label, value):
    rows = table(data)
    rows[VICTIM - 1][rows[0].index(label)] = value
    return text(rows)


def truncated(data, _):
    """The connection broke in the middle of the last row."""
    start = data.rstrip(b"\r\n").rindex(b"\n") + 1
    return data[: start + (len(data) - start) // 3]


def rows_reversed(data, _):
    head, *rows = table(data)
    return text([head, *rows[::-1]])


def columns_reversed(data, _):
    return text([row[::-1] for row in table(data)])


def row_doubled(data, _):
    rows = table(data)
    return text([*rows, rows[VICTIM - 1]])


def file_doubled(data, _):
    """Joined with itself, header and all."""
    return data + data


def shift_jis(data, _):
    return data.decode("utf-8-sig").encode("cp932", errors="replace")


def utf16(data, _):
    return data.decode("utf-8-sig").encode("utf-16")


def bad_bytes(data, layout):
    place = b"\xff\xfe\xfd"
    label = next(f.label for f in layout.fields if f.kind in (Kind.TEXT, Kind.DIGITS))
    return with_cell(data, label, "@@@").replace(b"@@@", place)


def too_long(data, layout):
    field = long_field(layout)
    return with_cell(data, field.label, "1" * (field.max_length + 1))


def huge_cell(data, layout):
    return with_cell(data, long_field(layout).label, "1" * 3_000_000)


def one_field_more(data, _):
    lines = data.split(b"\r\n")
    lines[VICTIM - 1] += b",1"
    return b"\r\n".join(lines)


def empty(_, __):
    return b""


def column_missing(data, _):
    return text([row[1:] for row in table(data)])


def column_extra(data, _):
    head, *rows = table(data)
    return text([[*head, "備考その2"], *([*row, "x"] for row in rows)])


def impossible_date(data, layout):
    return with_cell(data, date_label(layout), "2026-02-30")


def date_label(layout):
    return next(f.label for f in layout.fields if f.kind is Kind.DATE)


def long_field(layout):
    return next(f for f in layout.fields if f.kind in (Kind.TEXT, Kind.DIGITS) and f.max_length)
