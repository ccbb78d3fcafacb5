from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasuke.core.problems import Severity
from tasuke.formats.uke import UkeKind, check_volumes, parse, render
from tasuke.formats.uke.frames import CLAIM_SCHEMA, KOHI_SCHEMA

KINDS = list(UkeKind)


def _codes(problems):
    return {problem.code for problem in problems}


def _edited(data: bytes, edit) -> bytes:
    return "\r\n".join(edit(data.decode("cp932").split("\r\n"))).encode("cp932")


def _replaced(data: bytes, old: str, new: str, count: int = 1) -> bytes:
    text = data.decode("cp932")
    assert old in text
    return text.replace(old, new, count).encode("cp932")


@pytest.mark.parametrize("form", ["claim", "payer"])
@pytest.mark.parametrize("kind", KINDS)
def test_parse_reads_back_what_was_written(kind, form, frames):
    claims, kohi = frames(kind)
    uke, problems = parse(render(kind=kind, claims=claims, kohi=kohi, filler=3, form=form))
    assert problems == []
    assert (uke.kind, uke.form, uke.returned) == (kind, form, None)
    assert uke.claims.schema == CLAIM_SCHEMA
    assert uke.kohi.schema == KOHI_SCHEMA
    for column in (
        "institution_code",
        "name",
        "cost",
        "days",
        "insurer_no",
        "symbol",
        "number",
        "branch_no",
        "birth_date",
    ):
        assert uke.claims[column].to_list() == claims[column].to_list(), column
    assert uke.claims["care"].unique().to_list() == ["medical" if kind is UkeKind.DPC else kind.value]
    expected = claims["first_visits"].to_list() if kind not in (UkeKind.PHARMACY, UkeKind.NURSING) else [0] * 6
    assert uke.claims["first_visits"].to_list() == expected
    assert [bin(mask).count("1") for mask in uke.claims["visit_days"]] == claims["days"].to_list()
    for column in ("payer_no", "recipient_no", "days", "cost", "copay"):
        assert uke.kohi[column].to_list() == kohi[column].to_list(), column
    assert uke.kohi["line"].to_list() == uke.claims["line"].to_list()


@pytest.mark.parametrize("kind", KINDS)
def test_daily_cost_adds_up_to_the_cost_of_the_receipt(kind, file_of):
    uke, _ = parse(file_of(kind))
    daily = uke.daily_cost().group_by("line", maintain_order=True).agg(pl.col("cost").sum(), pl.len().cast(pl.Int64))
    assert daily.select("line", "cost").rows() == uke.claims.select("line", "cost").rows()
    assert daily["len"].to_list() == uke.claims["days"].to_list()
    if kind in (UkeKind.MEDICAL, UkeKind.DENTAL):
        assert uke.daily_cost()["first_visit"].sum() == uke.claims["first_visits"].sum()


def test_details_give_the_lines_of_one_receipt(file_of):
    uke, _ = parse(file_of(UkeKind.MEDICAL))
    line = uke.claims["line"][0]
    records = uke.details(line)
    assert set(records["record"]) == {"SY", "SI"}
    assert records["line"].unique().to_list() == [line]
    assert uke.details().height > records.height


def test_parse_reads_dates_in_the_era_form(file_of):
    data = file_of(UkeKind.MEDICAL)
    for western, imperial in (("202606", "50806"), ("202605", "50805"), ("20200401", "5020401")):
        data = data.replace(western.encode(), imperial.encode())
    uke, problems = parse(data)
    assert problems == []
    assert uke.claims["birth_date"][0] == date(2020, 4, 1)
    assert uke.claims["service_month"][0] == date(2026, 5, 1)
    assert uke.claims["billed_month"][0] == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("era", "day"),
    [
        ("1450729", date(1912, 7, 29)),
        ("2010730", date(1912, 7, 30)),
        ("3640107", date(1989, 1, 7)),
        ("4010108", date(1989, 1, 8)),
    ],
)
def test_parse_reads_days_at_the_edges_of_eras(era, day, file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "20200401", era))
    assert problems == []
    assert uke.claims["birth_date"][0] == day


@pytest.mark.parametrize("wrong", ["4310501", "5010430", "2020040A", "20200230", "00000000", "3000101"])
def test_parse_reports_an_impossible_birth_date(wrong, file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "20200401", wrong))
    (problem,) = problems
    assert (problem.code, problem.line, problem.field, problem.value) == ("NOT_A_DATE", 2, "RE 生年月日", wrong)
    assert uke.claims.height == 5


def test_parse_accepts_missing_trailing_items(file_of):
    data = _edited(file_of(UkeKind.MEDICAL), lambda lines: [line.rstrip(",") for line in lines])
    uke, problems = parse(data)
    assert problems == []
    assert_frame_equal(uke.claims, parse(file_of(UkeKind.MEDICAL))[0].claims)


def test_parse_strips_the_padding_of_insurer_numbers(file_of):
    uke, _ = parse(file_of(UkeKind.DENTAL))
    assert uke.claims["insurer_no"][1] == "138057"


def test_parse_flags_names_with_replaced_characters(file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "山田　一子", "？田　一子"))
    assert problems == []
    assert uke.claims["name"][0] == "？田　一子"
    assert uke.claims["name_has_replaced"].to_list() == [True] + [False] * 5


def test_parse_keeps_a_line_that_is_not_shift_jis_and_says_so(file_of):
    data = file_of(UkeKind.MEDICAL).replace("山田　一子".encode("cp932"), b"\x8eR\x93 ", 1)
    uke, problems = parse(data)
    (problem,) = problems
    assert (problem.code, problem.severity, problem.line) == ("NOT_SHIFT_JIS", Severity.WARNING, 2)
    assert uke.claims["name_has_replaced"][0]
    assert uke.claims["name"][1] == "山田　二子"


def test_parse_refuses_utf8(file_of):
    data = file_of(UkeKind.MEDICAL).decode("cp932").encode("utf-8")
    uke, (problem,) = parse(data)
    assert (problem.code, problem.severity) == ("WRONG_ENCODING", Severity.FATAL)
    assert uke.claims.is_empty()


@pytest.mark.parametrize(("data", "code"), [(b"", "EMPTY_FILE"), (b"\r\n\x1a", "EMPTY_FILE"), (b"a,b\r\nc", "NOT_UKE")])
def test_parse_refuses_a_file_without_receipts(data, code):
    uke, (problem,) = parse(data)
    assert (problem.code, problem.severity) == (code, Severity.FATAL)
    assert uke.claims.schema == CLAIM_SCHEMA
    assert uke.head is None
    assert uke.daily_cost().is_empty()
    assert uke.details().is_empty()
    assert uke.extras().is_empty()


def test_parse_reports_a_head_without_receipts(file_of):
    uke, problems = parse(file_of(UkeKind.MEDICAL).split(b"\r\n")[0] + b"\r\n")
    assert _codes(problems) == {"NO_RECEIPTS", "NO_END_MARK"}
    assert uke.head is not None


def test_parse_reports_receipts_without_head(file_of):
    data = _edited(file_of(UkeKind.MEDICAL), lambda lines: lines[1:])
    uke, problems = parse(data)
    assert [p.code for p in problems if p.severity is Severity.ERROR] == ["NO_HEAD"] * 3
    assert uke.claims.height == 3


def test_parse_reports_receipts_under_an_unreadable_head(file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), ",202606,", ",202613,"))
    assert [p.code for p in problems] == ["NOT_A_MONTH", *["HEAD_UNUSABLE"] * 3]
    assert uke.claims.height == 3


@pytest.mark.parametrize("kind", [UkeKind.MEDICAL, UkeKind.DENTAL, UkeKind.PHARMACY])
def test_parse_leaves_out_the_last_receipt_of_a_truncated_file(kind, file_of):
    data = file_of(kind)
    uke, problems = parse(data[: data.rindex(b"GO,") - 20])
    assert _codes(problems) == {"TRUNCATED", "NO_END_MARK"}
    assert uke.claims.height == 5
    uke, problems = parse(data[: data.rindex(b"GO,")])
    assert _codes(problems) == {"TRUNCATED", "NO_END_MARK"}
    assert uke.claims.height == 5


def test_parse_accepts_a_last_line_without_line_end_when_it_is_the_total(file_of):
    uke, problems = parse(file_of(UkeKind.MEDICAL).rstrip(b"\x1a\r\n"))
    assert [(p.code, p.severity) for p in problems] == [("NO_END_MARK", Severity.WARNING)]
    assert uke.claims.height == 6


def _swap(first: str, second: str):
    """Swap the first line of one record with the line of another record that follows."""

    def edit(lines: list[str]) -> list[str]:
        a = next(i for i, line in enumerate(lines) if line.startswith(first))
        b = next(i for i in range(a, len(lines)) if lines[i].startswith(second))
        lines[a], lines[b] = lines[b], lines[a]
        return lines

    return edit


@pytest.mark.parametrize(
    ("first", "second"), [("RE,1", "KO"), ("HO", "SI"), ("KO", "SI"), ("HO", "KO"), ("RE,1", "HO")]
)
def test_parse_does_not_use_a_receipt_with_records_out_of_order(first, second, file_of):
    uke, problems = parse(_edited(file_of(UkeKind.MEDICAL), _swap(first, second)))
    assert "MISPLACED_RECORD" in _codes(problems)
    assert "山田　一子" not in uke.claims["name"].to_list()
    assert uke.claims["name"].to_list()[-4:] == ["山田　三子", "山田　四子", "山田　五子", "山田　六子"]


def test_parse_does_not_use_the_receipts_on_both_sides_of_a_stray_record(file_of):
    def move_kohi_before_the_next_receipt(lines):
        start = next(i for i, line in enumerate(lines) if line.startswith("RE,2"))
        lines.insert(start, lines.pop(next(i for i in range(start, len(lines)) if lines[i].startswith("KO"))))
        return lines

    uke, problems = parse(_edited(file_of(UkeKind.MEDICAL), move_kohi_before_the_next_receipt))
    assert uke.claims["name"].to_list() == ["山田　三子", "山田　四子", "山田　五子", "山田　六子"]
    assert len([p for p in problems if p.field == "RE"]) == 2


def test_parse_counts_a_doubled_receipt_once(file_of):
    def doubled(lines):
        first, second = [i for i, line in enumerate(lines) if line.startswith("RE,")][:2]
        return lines[:second] + lines[first:second] + lines[second:]

    uke, problems = parse(_edited(file_of(UkeKind.MEDICAL), doubled))
    counted = uke.claims.filter(pl.col("double_of").is_null())
    assert counted["name"].to_list().count("山田　一子") == 1
    assert (counted.height, uke.kohi.height, uke.claims.height) == (6, 7, 7)
    first, copy = uke.claims.filter(pl.col("name") == "山田　一子").iter_rows(named=True)
    assert copy["double_of"] == first["line"]
    assert _codes([p for p in problems if p.severity is Severity.ERROR]) == {"DOUBLED_RECEIPT", "TOTALS_DIFFER"}


def test_parse_counts_the_same_search_number_once(frames):
    claims, kohi = frames(UkeKind.MEDICAL)
    claims = claims.with_columns(search_no=pl.lit("13450607940000030"))
    uke, problems = parse(render(kind=UkeKind.MEDICAL, claims=claims, kohi=kohi, form="payer"))
    assert uke.claims.filter(pl.col("double_of").is_null()).height == 1
    assert uke.claims["double_of"].drop_nulls().unique().to_list() == [uke.claims["line"][0]]
    assert [p.code for p in problems] == ["DOUBLED_RECEIPT"] * 5


def test_parse_warns_of_the_same_content_under_another_number(frames):
    claims, kohi = frames(UkeKind.MEDICAL)
    twice = pl.concat([claims[:1], claims[:1].with_columns(line=pl.lit(9, dtype=pl.Int64))])
    uke, problems = parse(render(kind=UkeKind.MEDICAL, claims=twice, kohi=kohi))
    assert uke.claims.height == 2
    assert "LIKELY_DOUBLE" in _codes(problems)


def test_parse_warns_of_a_repeated_receipt_number(file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "RE,2", "RE,1"))
    assert _codes(problems) == {"REPEATED_NUMBER"}
    assert uke.claims.height == 6


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("HO,06130488,", "HO,0613O488,", "BAD_CODE"),
        (",1,100,,,,,,,,,", ",1,1OO,,,,,,,,,", "NOT_A_NUMBER"),
        ("KO,81136244", "KO,8113624", "BAD_CODE"),
        ("RE,1,1122,", "RE,1,11Z2,", "BAD_CODE"),
        ("RE,1,1122,", "RE,1,3122,", "TYPE_OF_OTHER_KIND"),
        ("202605,山田", "202613,山田", "NOT_A_MONTH"),
        ("山田　一子", "", "MISSING_ITEM"),
        ("山田　一子", "山田,一子", "BAD_CODE"),
        ("HO,06130488,", "HO,06130488,,", "WRONG_ITEM_COUNT"),
        ("KO,81136244", "KA,81136244", "MISPLACED_RECORD"),
        ("KO,81136244", "X0,81136244", "UNKNOWN_RECORD"),
        ("HO,06130488,", "KO,06130488,", "WRONG_ITEM_COUNT"),
        ("RE,2,1122", "R2,2,1122", "MISPLACED_RECORD"),
    ],
)
def test_parse_leaves_out_the_receipt_with_a_wrong_item(old, new, code, file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), old, new))
    assert code in _codes(problems)
    errors = [p for p in problems if p.severity is Severity.ERROR and p.code != "TOTALS_DIFFER"]
    assert 2 in {p.line for p in errors}
    assert "山田　一子" not in uke.claims["name"].to_list()
    assert all("取り込みません" in p.message or "かもしれません" in p.message for p in errors)


def test_parse_warns_when_the_number_of_public_programs_differs_from_the_type(file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "RE,1,1122", "RE,1,1132"))
    assert _codes(problems) == {"KOHI_COUNT"}
    assert uke.claims.height == 6


def test_parse_skips_an_unknown_record_among_the_details(file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "SY,8830417", "ZZ,8830417"))
    assert [(p.code, p.severity) for p in problems] == [("UNKNOWN_RECORD", Severity.WARNING)]
    assert uke.claims.height == 6


def test_parse_accepts_a_newer_layout_with_one_warning(file_of):
    data = _edited(file_of(UkeKind.MEDICAL), lambda lines: [s + ",9" if s.startswith("RE") else s for s in lines])
    uke, problems = parse(data)
    assert _codes(problems) == {"MORE_ITEMS"}
    assert uke.claims.height == 6


@pytest.mark.parametrize(("old", "new"), [("GO,3,303,", "GO,4,303,"), ("GO,3,303,", "GO,3,304,")])
def test_parse_tells_wrong_totals_and_keeps_the_receipts(old, new, file_of):
    uke, problems = parse(_replaced(file_of(UkeKind.MEDICAL), old, new))
    (problem,) = problems
    assert (problem.code, problem.severity) == ("TOTALS_DIFFER", Severity.ERROR)
    assert problem.field.startswith("GO ")
    assert "ファイルに書かれた合計は" in problem.message
    assert "実際のレセプトの合計は" in problem.message
    assert uke.claims.height == 6
    assert uke.totals["found_count"].to_list() == [3, 3]


def test_parse_tells_a_missing_or_unreadable_total(file_of):
    _, problems = parse(_replaced(file_of(UkeKind.MEDICAL), "GO,3,303,", "GO,3,3O3,"))
    assert [(p.code, p.severity) for p in problems] == [("BAD_TOTAL", Severity.ERROR)]
    data = _edited(file_of(UkeKind.MEDICAL), lambda s: [x for i, x in enumerate(s) if not x.startswith("GO") or i > 40])
    uke, problems = parse(data)
    assert _codes(problems) == {"NO_TOTAL"}
    assert uke.claims.height == 6


def test_parse_reads_the_department(file_of):
    data = _edited(
        file_of(UkeKind.MEDICAL),
        lambda lines: [
            ",".join([*s.split(",")[:21], "01", *s.split(",")[22:]]) if s[:3] == "RE," else s for s in lines
        ],
    )
    assert parse(data)[0].claims["department"].unique().to_list() == ["01"]


def test_parse_reads_a_receipt_of_public_programs_alone(frames):
    claims, kohi = frames(UkeKind.MEDICAL)
    alone = claims.with_columns(insurer_no=pl.lit(None, dtype=pl.String), receipt_type=pl.lit("1212"))
    uke, problems = parse(render(kind=UkeKind.MEDICAL, claims=alone, kohi=kohi))
    assert problems == []
    assert uke.claims["cost"].to_list() == kohi["cost"].to_list()
    assert uke.claims["insurer_no"].null_count() == 6
    assert uke.claims["visit_days"].to_list() == [1, 3, 7, 1, 3, 7]


def test_parse_reports_more_than_four_public_programs(frames):
    claims, kohi = frames(UkeKind.MEDICAL)
    many = pl.concat(
        [kohi.filter(pl.col("line") == 0).with_columns(order=pl.lit(n, dtype=pl.Int64)) for n in range(1, 6)]
    )
    uke, problems = parse(render(kind=UkeKind.MEDICAL, claims=claims[:1], kohi=many))
    assert "TOO_MANY_KOHI" in _codes(problems)
    assert uke.claims.is_empty()


def test_parse_counts_a_dpc_total_receipt_once(frames):
    claims, kohi = frames(UkeKind.DPC)
    classes = ["1", "2", "3", "0", "0", "2"]
    uke, problems = parse(
        render(kind=UkeKind.DPC, claims=claims.with_columns(summary_class=pl.Series(classes)), kohi=kohi)
    )
    assert uke.claims["name"].to_list() == ["山田　一子", "山田　四子", "山田　五子", "山田　六子"]
    assert uke.kohi.height == 4
    assert _codes(problems) >= {"NO_SUMMARY"}
    assert uke.totals["count"].to_list() == [1, 2]


def test_parse_takes_the_places_of_copayments_from_each_layout(frames):
    for kind, written in (
        (UkeKind.MEDICAL, {"copay": 1, "outpatient_copay": 2, "inpatient_copay": 3, "meals_count": 4, "meals_cost": 5}),
        (UkeKind.DENTAL, {"copay": 1, "outpatient_copay": 2, "meals_count": 4, "meals_cost": 5}),
        (UkeKind.PHARMACY, {"copay": 1, "outpatient_copay": 2}),
        (UkeKind.NURSING, {"copay": 1, "outpatient_copay": 2}),
    ):
        claims, kohi = frames(kind)
        uke, problems = parse(
            render(kind=kind, claims=claims, kohi=kohi.with_columns(**{k: pl.lit(v) for k, v in written.items()}))
        )
        assert problems == []
        assert {name: uke.kohi[name][0] for name in written} == written


def test_parse_joins_volumes(frames):
    claims, kohi = frames(UkeKind.MEDICAL)
    one, two = claims[:2], claims[2:3].with_columns(receipt_no=pl.lit(3))
    first = _replaced(render(kind=UkeKind.MEDICAL, claims=one, kohi=kohi), ",202606,00,", ",202606,01,")
    second = _replaced(render(kind=UkeKind.MEDICAL, claims=two, kohi=kohi), ",202606,00,", ",202606,99,")
    first = first.replace(b"GO,2,201,99", b"GO,2,201,01")
    second = second.replace(b"GO,1,102,99", b"GO,3,303,99")
    files = [parse(first), parse(second)]
    assert [problems for _, problems in files] == [[], []]
    totals = [uke.totals for uke, _ in files]
    assert check_volumes(totals) == []
    assert [p.code for p in check_volumes(totals[:1])] == ["VOLUMES_INCOMPLETE"]
    changed = totals[1].with_columns(count=pl.lit(4, dtype=pl.Int64))
    assert [p.code for p in check_volumes([totals[0], changed])] == ["TOTALS_DIFFER"]


def test_extras_carry_what_the_neutral_frame_lacks(frames):
    claims, kohi = frames(UkeKind.MEDICAL)
    more = claims.with_columns(
        admitted_on=date(2026, 4, 30), standard_charge_class=pl.lit("1"), high_cost=pl.lit(80100)
    )
    uke, problems = parse(render(kind=UkeKind.MEDICAL, claims=more, kohi=kohi, form="payer"))
    assert problems == []
    extras = uke.extras()
    assert extras.height == 6
    row = extras.row(0, named=True)
    assert (row["admitted_on"], row["standard_charge_class"], row["high_cost"]) == (date(2026, 4, 30), "1", 80100)
    assert row["confirmation"] == "01"
    assert uke.kohi_extras()["confirmation"].to_list() == ["01"] * 6
