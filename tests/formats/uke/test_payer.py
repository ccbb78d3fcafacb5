import pytest

from tasuke.core.problems import Severity
from tasuke.formats.uke import UkeKind, parse


def _rows(data: bytes) -> list[str]:
    return data.decode("cp932").removesuffix("\x1a").split("\r\n")[:-1]


def _data(rows: list[str]) -> bytes:
    return "\r\n".join([*rows, ""]).encode("cp932")


def _insert_after(rows: list[str], start: str, *new: str) -> bytes:
    at = next(i for i, row in enumerate(rows) if row.split(",", 3)[3].startswith(start))
    return _data(rows[: at + 1] + list(new) + rows[at + 1 :])


def _row_of(rows: list[str], start: str) -> str:
    return next(row for row in rows if row.split(",", 3)[3].startswith(start)).split(",")[1]


def test_parse_takes_the_last_state_of_a_corrected_row(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    number = _row_of(rows, "HO")
    corrected = f"2,{number},1,HO,06130488,,,1,90,,,,,,,,,"
    uke, problems = parse(_insert_after(rows, "HO", corrected))
    assert problems == []
    assert uke.claims["cost"][0] == 900
    assert uke.claims["cost"][1] == 1010


def test_parse_does_not_use_the_history_before_a_resubmission(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    number = _row_of(rows, "HO")
    uke, problems = parse(_insert_after(rows, "HO", f"11,{number},5,HO,06130488,,,1,90,,,,,,,,,"))
    assert problems == []
    assert uke.claims["cost"][0] == 1000


def test_parse_takes_away_a_row_that_a_correction_deletes(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    number = _row_of(rows, "SI")
    before = parse(_data(rows))[0].daily_cost()["cost"].sum()
    uke, problems = parse(_insert_after(rows, "SI", f"2,99,0,JY,3,{number},0,,,,"))
    assert problems == []
    assert uke.daily_cost()["cost"].sum() < before


def test_parse_reports_two_lines_of_one_row_and_branch(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    number = _row_of(rows, "HO")
    uke, problems = parse(_insert_after(rows, "HO", f"1,{number},0,HO,06130488,,,1,90,,,,,,,,,"))
    assert {p.code for p in problems} >= {"ROW_CLASH", "DOUBTFUL_ROWS"}
    assert uke.claims.height == 5


@pytest.mark.parametrize("damage", ["x,4,0,HO", "1,4,HO", "7,4,0,HO"])
def test_parse_does_not_use_a_receipt_with_a_row_that_cannot_be_placed(damage, file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    at = next(i for i, row in enumerate(rows) if row.startswith("1,4,0,HO"))
    rows[at] = rows[at].replace("1,4,0,HO", damage)
    uke, problems = parse(_data(rows))
    assert uke.claims["name"].to_list() == ["山田　二子", "山田　三子", "山田　四子", "山田　五子", "山田　六子"]
    assert 3 in {p.line for p in problems if p.severity is Severity.ERROR}


def test_parse_reports_a_receipt_of_which_only_history_is_left(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    end = next(i for i, row in enumerate(rows) if ",RC," in row) + 1
    rows[:end] = ["11" + row[1:] for row in rows[:end]]
    uke, problems = parse(_data(rows))
    assert uke.claims.height == 5
    assert [(p.code, p.severity) for p in problems] == [("NO_RECEIPT_RECORD", Severity.WARNING)]


def test_parse_recognises_a_returned_file(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    end = next(i for i, row in enumerate(rows) if ",RC," in row)
    rows.insert(end, "8,98,0,HR,202607,1,,1020,資格喪失後の受診,証の返納を確認のこと,,,,")
    uke, problems = parse(_data(["HI,1,202607", *rows]))
    assert problems == []
    assert uke.returned == "hen"
    row = uke.returns.row(0, named=True)
    assert (row["line"], row["reason_code"], row["reason"]) == (uke.claims["line"][0], "1020", "資格喪失後の受診")


def test_parse_recognises_a_reexamined_file(file_of):
    rows = _rows(file_of(UkeKind.MEDICAL, "payer"))
    end = next(i for i, row in enumerate(rows) if ",RC," in row)
    rows.insert(end, "4,98,0,MK,1,20260601,2,202607,0102,査定,連絡事項,,,")
    uke, problems = parse(_data(rows))
    assert problems == []
    assert uke.returned == "sah"
    assert uke.returns["note"].to_list() == ["連絡事項"]


def test_parse_reads_the_search_number_of_the_management_record(frames):
    from tasuke.formats.uke import render

    claims, kohi = frames(UkeKind.MEDICAL)
    claims = claims.with_columns(search_no=claims["line"].cast(str).str.zfill(17))
    data = render(kind=UkeKind.MEDICAL, claims=claims, kohi=kohi, form="payer")
    uke, _ = parse(data)
    assert uke.claims["search_no"].to_list() == claims["search_no"].to_list()
