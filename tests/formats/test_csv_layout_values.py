"""Single values: what is taken, what is put right, what is refused, and with which words."""

import pytest

from tasuke.core.problems import Severity
from tasuke.formats.csv_layout import Field, Kind
from tasuke.formats.csv_layout.values import Reading, read_value

FIELDS = {
    f.label: f
    for f in (
        Field("seq", "連番", Kind.INT, minimum=1),
        Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15),
        Field("name", "氏名", Kind.TEXT, max_length=10),
        Field("event_code", "異動事由", Kind.CODE, codes={"01": "転入", "02": "出生"}),
        Field("acquired_on", "取得日", Kind.DATE),
        Field("lost_on", "喪失日", Kind.DATE, required=False),
        Field("amount", "金額", Kind.INT, required=False),
        Field("protection", "支援措置", Kind.FLAG),
        Field("insurer_no", "保険者番号", Kind.DIGITS, required=False, lengths=(6, 8)),
        Field("children", "児童", Kind.DIGITS_LIST, required=False, max_length=50),
        Field("postal_code", "郵便番号", Kind.DIGITS, required=False, lengths=(7,), hyphens=True),
        Field("grade", "等級", Kind.TEXT, required=False, pattern="[A-Z]", pattern_hint="英大文字1字"),
        Field("rate", "割合", Kind.INT, required=False, values=(70, 80)),
        Field("note", "備考", Kind.TEXT, required=False, max_length=20),
    )
}


@pytest.mark.parametrize(
    ("label", "text", "code"),
    [
        ("氏名", "", "required"),
        ("氏名", "　", "required"),
        ("氏名", "一二三四五六七八九十百", "too_long"),
        ("等級", "a", "wrong_pattern"),
        ("宛名番号", "12A", "not_digits"),
        ("宛名番号", "1.2E+11", "not_digits"),
        ("宛名番号", "1234567890123456", "too_long"),
        ("保険者番号", "12345", "wrong_length"),
        ("郵便番号", "060-001", "wrong_length"),
        ("異動事由", "99", "unknown_code"),
        ("異動事由", "1", "unknown_code"),
        ("支援措置", "はい", "unknown_code"),
        ("支援措置", "", "required"),
        ("割合", "75", "unknown_code"),
        ("金額", "-1", "negative"),
        ("金額", "1,000", "not_integer"),
        ("金額", "100円", "not_integer"),
        ("金額", "10.0", "not_integer"),
        ("金額", "9" * 15, "out_of_range"),
        ("金額", "9" * 30, "out_of_range"),
        ("連番", "0", "out_of_range"),
        ("児童", "12;;13", "not_digits"),
        ("児童", ";".join(["123456789012345"] * 4), "too_long"),
        ("取得日", "2026-02-30", "date_not_exist"),
        ("取得日", "2026-13-01", "date_not_exist"),
        ("取得日", "0000-00-00", "date_not_exist"),
        ("取得日", "2025/02/29", "date_not_exist"),
        ("取得日", "令和8年4月1日", "date_wareki"),
        ("取得日", "R8.4.1", "date_wareki"),
        ("取得日", "5080401", "date_wareki"),
        ("取得日", "4月1日", "date_format"),
        ("取得日", "46113", "date_format"),
        ("取得日", "1600-01-01", "date_range"),
        ("喪失日", "9999-12-31", "date_open_end"),
        ("喪失日", "99991231", "date_open_end"),
        ("喪失日", "2026-04-01 12:34:56", "date_format"),
    ],
)
def test_value_is_refused(label: str, text: str, code: str) -> None:
    reading = read_value(FIELDS[label], text)

    assert (reading.text, reading.code, reading.severity) == (None, code, Severity.ERROR)
    assert reading.message.endswith("。")


@pytest.mark.parametrize(
    ("label", "text", "value", "code"),
    [
        ("氏名", " 花子　", "花子", "spaces_trimmed"),
        ("備考", "\n", None, "spaces_trimmed"),
        ("宛名番号", "００１２", "0012", "full_width"),
        ("金額", "１５００", "1500", "full_width"),
        ("金額", " 15", "15", "spaces_trimmed"),
        ("異動事由", "０２", "02", "full_width"),
        ("支援措置", "１", "1", "full_width"),
        ("児童", "１２；１３", "12;13", "full_width"),
        ("郵便番号", "060-8611", "0608611", "hyphen_removed"),
        ("取得日", "２０２６－０４－０２", "2026-04-02", "full_width"),
        ("取得日", "2026/4/2", "2026-04-02", "date_not_iso"),
        ("取得日", "2026.04.02", "2026-04-02", "date_not_iso"),
        ("取得日", "20260402", "2026-04-02", "date_not_iso"),
        ("取得日", "2026-4-2", "2026-04-02", "date_not_iso"),
        ("取得日", "2026-04-02 00:00:00", "2026-04-02", "date_not_iso"),
    ],
)
def test_value_is_put_right(label: str, text: str, value: str | None, code: str) -> None:
    reading = read_value(FIELDS[label], text)

    assert (reading.text, reading.code, reading.severity) == (value, code, Severity.WARNING)
    assert reading.message.endswith("。")


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("氏名", "髙橋　𠮷\U000e0100子", "髙橋　𠮷\U000e0100子"),
        ("備考", "一\r\n二\t三", "一\r\n二\t三"),
        ("備考", "", None),
        ("備考", None, None),
        ("宛名番号", "000", "000"),
        ("金額", "0015", "15"),
        ("金額", "-0", "0"),
        ("割合", "70", "70"),
        ("喪失日", "2024-02-29", "2024-02-29"),
        ("支援措置", "1", "1"),
        ("児童", "12;013", "12;013"),
        ("等級", "A", "A"),
    ],
)
def test_value_is_taken(label: str, text: str | None, value: str | None) -> None:
    assert read_value(FIELDS[label], text) == Reading(value)


def test_japanese_era_dates_are_translated_in_the_message() -> None:
    assert "2026-04-01" in read_value(FIELDS["取得日"], "令和８年４月１日").message
