from datetime import date
from itertools import pairwise

import polars as pl
import pytest

from tasuke.formats.uke import UkeKind, render, render_with_lines
from tasuke.formats.uke.layouts import LAYOUTS
from tasuke.formats.uke.text import encode


@pytest.mark.parametrize("kind", list(UkeKind))
def test_layout_tables_have_no_position_twice(kind):
    for record in LAYOUTS[kind].values():
        positions = [placed.position for placed in record.items]
        assert len(set(positions)) == len(positions), record.id
        assert record.length == 0 or max(positions) < record.length


def test_layouts_put_the_birth_date_where_each_kind_has_it():
    positions = {kind: LAYOUTS[kind]["RE"].position("birth_date") for kind in UkeKind}
    assert positions == {"medical": 6, "dpc": 6, "dental": 6, "pharmacy": 6, "nursing": 7}


@pytest.mark.parametrize("kind", list(UkeKind))
def test_render_ends_with_the_end_mark_and_uses_crlf(kind, file_of):
    data = file_of(kind)
    assert data.endswith(b"\r\n\x1a")
    assert data.count(b"\n") == data.count(b"\r\n")


def test_render_writes_a_medical_receipt_item_by_item():
    claims = pl.DataFrame(
        {
            "line": [1], "agency": ["2"], "institution_code": ["0111234567"], "institution_name": ["札幌病院"],
            "billed_month": [date(2026, 6, 1)], "service_month": [date(2026, 5, 1)], "receipt_type": ["1122"],
            "name": ["髙田　花子"], "cost": [12340], "visit_days": [0b1011], "birth_date": [date(2020, 4, 1)],
            "insurer_no": ["138057"], "days": [3],
        }
    )  # fmt: skip
    lines = render(kind=UkeKind.MEDICAL, claims=claims).decode("cp932").split("\r\n")
    assert lines[0] == "IR,2,01,1,1234567,,札幌病院,202606,00,"
    assert lines[1].startswith("RE,1,1122,202605,？田　花子,,20200401,")
    assert lines[1].count(",") == 37
    assert lines[2] == "HO,  138057,,,3,1234,,,,,,,,,"
    assert lines[3] == "SN,1,01,,,,,,"
    assert lines[4] == "JD,1,1,1,,1" + "," * 27
    assert lines[-2:] == ["GO,1,1234,99", "\x1a"]


def test_render_with_lines_says_where_each_receipt_starts(frames):
    claims, kohi = frames(UkeKind.DENTAL)
    rendered = render_with_lines(kind=UkeKind.DENTAL, claims=claims, kohi=kohi)
    text = rendered.data.decode("cp932").split("\r\n")
    names = dict(claims.select("line", "name").iter_rows())
    for key, line in rendered.lines.iter_rows():
        assert text[line - 1].split(",")[4] == names[key]


def test_render_numbers_the_rows_of_each_receipt_on_the_payers_side(file_of):
    rows = [line.split(",") for line in file_of(UkeKind.PHARMACY, "payer").decode("cp932").split("\r\n")[:-1]]
    numbers = [int(row[1]) for row in rows]
    assert all(now == before + 1 or now == 1 for before, now in pairwise(numbers))
    assert {row[0] for row in rows if row[3] in ("MN", "RC")} == {"2"}


def test_encode_replaces_what_jis_x_0208_lacks():
    assert encode("髙﨑𠮷～－") == "？？？～－".encode("cp932")
