"""Transfer files that went wrong, and payments to a bank that is no more."""

import pytest

from tasuke.formats.zengin import payments_csv

HEAD = ",".join(field.label for field in payments_csv.LAYOUT.fields)
GOOD = "0000012345,サンプルシ,2026-11-30,0001,001,1,9000001,9900,058,1,1234567,コウノ　イチロウ,1500,0,1,,"
END = b"\r\n"


def ordered(*places):
    def way(data):
        lines = data.split(END)
        return END.join(lines[place] for place in places)

    return way


CASES = {
    "truncated": (lambda d: d[: len(d) // 2], ("3行目", "レコードの長さが61バイト", "途中で切れている")),
    "re-ordered": (ordered(0, 3, 1, 2, 4, 5), ("3行目", "「データ区分」", "ヘッダーより前にデータレコード")),
    "record-doubled": (
        ordered(0, 1, 1, 2, 3, 4, 5),
        ("5行目", "「合計件数」", "合計件数(2)がデータレコードの集計(3)と"),
    ),
    "file-doubled": (lambda d: d + d, ("6行目", "「データ区分」", "エンドレコードの後")),
    "wrong-encoding": (lambda d: d.decode("cp932").encode(), ("UTF-8のファイルです",)),
    "wrong-length": (lambda d: d.replace(END, b" " + END, 1), ("1行目", "121バイト")),
    "wrong-total": (lambda d: d.replace(b"000004000", b"000004001"), ("4行目", "「合計金額」", "4,001")),
    "empty": (lambda _: b"", ("ファイルが空です",)),
}


@pytest.fixture
def transfers(command, put):
    payments = put("p.csv", "\n".join([HEAD, GOOD, GOOD.replace(",1500,", ",2500,"), ""]).encode())
    assert command("zengin", "write", payments).status == 0
    return payments.with_suffix(".zengin").read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_a_bad_transfer_file_is_told(case, command, put, transfers):
    way, words = CASES[case]

    told = command("zengin", "read", put("bad.zengin", way(transfers)))

    assert told.status == 1
    for word in ("bad.zengin", *words):
        assert word in told.stderr
    assert len(told.value["problems"]) >= 1


def test_payments_to_a_bank_and_a_branch_that_are_no_more_make_no_file(command, put):
    rows = [HEAD, GOOD, GOOD.replace(",9900,", ",9998,"), GOOD.replace(",058,", ",999,"), ""]
    payments = put("p.csv", "\n".join(rows).encode())

    told = command("zengin", "write", payments)

    assert (told.status, told.value["file"]) == (1, None)
    assert "p.csv 3行目 「被仕向銀行番号」: この番号の銀行はありません" in told.stderr
    assert "p.csv 4行目 「被仕向支店番号」: この番号の支店はありません" in told.stderr
    assert not payments.with_suffix(".zengin").exists()
