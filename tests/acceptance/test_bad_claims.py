"""Claims that went wrong on their way, as UKE and as a list with a mapping."""

from importlib.resources import files

import pytest

from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.exchange.models import InboundFile

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))

UKE, LIST = "kikin_202604_medical.uke", "kokuhoren_202604.csv"
MAPPING = files("tasuke.formats.claims_csv") / "example_rengo.toml"
END = b"\r\n"
# the second receipt stands on these lines of the UKE file; rows of the list begin on line 3
RECEIPT, ROW = 1, 4


def begins(lines):
    return [at for at, line in enumerate(lines) if line.startswith(b"RE,")]


def cut(data):
    return data[: len(data) // 2]


def twice(data):
    return data + data


def utf8(data):
    return data.decode("cp932").encode()


def empty(_):
    return b""


def with_lines(change):
    """A way that works on the lines of a UKE file; given the lines and the index of the second receipt."""

    def way(data):
        lines = data.split(END)
        change(lines, begins(lines)[RECEIPT])
        return END.join(lines)

    way.__name__ = change.__name__
    return way


@with_lines
def insurer_before_receipt(lines, at):
    lines[at], lines[at + 1] = lines[at + 1], lines[at]


@with_lines
def receipt_doubled(lines, at):
    end = begins(lines)[RECEIPT + 1]
    lines[end:end] = lines[at:end]


@with_lines
def too_many_items(lines, at):
    lines[at] += b",1" * 60


@with_lines
def impossible_birthday(lines, at):
    items = lines[at].split(b",")
    items[6] = b"20260230"
    lines[at] = b",".join(items)


@with_lines
def wrong_total(lines, _):
    at = next(at for at, line in enumerate(lines) if line.startswith(b"GO,"))
    kind, count, *rest = lines[at].split(b",")
    lines[at] = b",".join([kind, str(int(count) + 3).encode(), *rest])


def with_rows(change):
    """A way that works on the rows of the list."""

    def way(data):
        rows = data.split(END)
        change(rows)
        return END.join(rows)

    way.__name__ = change.__name__
    return way


@with_rows
def row_doubled(rows):
    rows.insert(ROW, rows[ROW - 1])


@with_rows
def row_lost(rows):
    del rows[ROW - 1]


@with_rows
def title_lost(rows):
    rows[1:] = [b",".join(row.split(b",")[1:]) for row in rows[1:]]


@with_rows
def column_added(rows):
    rows[1:] = [
        row + b"," + ("備考".encode("cp932") if n == 0 else b"x") if row else row for n, row in enumerate(rows[1:])
    ]


@with_rows
def impossible_month(rows):
    rows[ROW - 1] = rows[ROW - 1].replace(b",202605,", b",202613,")


@with_rows
def row_cut(rows):
    rows[ROW - 1] = rows[ROW - 1][:40]


NONE = None
# way → exit status, receipts fewer than in the good file (NONE: nothing at all is taken), words of the message
UKE_CASES = {
    cut: (1, "many", ("「RE」", "行の途中で終わって", "終わりの印(EOF)がありません")),
    insurer_before_receipt: (1, 2, ("行目 「HO」", "レコードの位置が正しくありません")),
    receipt_doubled: (1, -1, ("行目 「RE」", "同じレセプトが重ねて", "「GO 総件数」")),
    utf8: (1, NONE, ("文字コードが UTF-8", "届いたままのファイル")),
    too_many_items: (1, 1, ("行目 「RE」", "項目が 98 個あります")),
    empty: (1, NONE, ("ファイルが空です",)),
    impossible_birthday: (1, 1, ("行目 「RE 生年月日」", "ありえない日付")),
    wrong_total: (1, 0, ("「GO 総件数」", "実際のレセプトの合計は")),
}
LIST_CASES = {
    cut: (1, "many", ("合計の行がありません", "項目が")),
    twice: (1, "twice", ("と同じ明細です",)),
    utf8: (1, NONE, ("UTF-8 のようです", "cp932")),
    empty: (1, NONE, ("ファイルが空です",)),
    row_doubled: (1, -1, (f"{ROW + 1}行目", f"{ROW}行目と同じ明細です")),
    row_lost: (1, 1, ("「件数」", "合計の「件数」が合いません")),
    row_cut: (1, 1, (f"{ROW}行目", "35 個でなければなりません")),
    title_lost: (1, NONE, ("2行目 「種別」", "列名「種別」がありません")),
    column_added: (0, 0, ("2行目 「備考」", "列対応表にない列")),
    impossible_month: (1, 1, (f"{ROW}行目 「請求年月」",)),
}


def check(told, name, total, status, fewer, words):
    assert told.status == status, told.stderr
    for word in words:
        assert word in told.stderr
    assert name in told.stderr
    if fewer is NONE:
        assert (told.value["state"], told.value["changed"]) == ("planned", False)
        file = InboundFile.objects.using("subsidy").get()
        assert (file.state, file.received_by, file.accepted) == ("refused", "clerk", 0)
        assert file.reason
        return
    taken = told.value["counts"]["claims"]
    assert told.value["state"] == "done"
    if fewer == "many":
        assert 0 < taken < total
    else:
        assert taken == (2 * total if fewer == "twice" else total - fewer)
    file = InboundFile.objects.using("subsidy").get()
    assert file.accepted == taken
    # where the totals are not what the file holds, nothing is paid before a person accepts it
    wrong = any(
        said in told.stderr for said in ("合いません", "合計は確かめられ", "合計の行がありません", "途中で終わって")
    )
    assert file.state == ("held" if wrong else "taken")
    assert not wrong or not told.value["counts"]["accepted"]


@pytest.mark.parametrize("way", UKE_CASES, ids=lambda way: way.__name__)
def test_a_bad_uke_file_is_told_and_its_good_receipts_are_kept(way, tasuke, city, put, books):
    file = put(UKE, way(city[UKE]))

    told = tasuke("import", "claims", file, "--by", "clerk")

    check(told, UKE, city[UKE].count(b"\nRE,"), *UKE_CASES[way])
    before = books()
    again = tasuke("import", "claims", file, "--by", "clerk")
    assert (again.status, again.value["changed"], books()) == (told.status, False, before)


@pytest.mark.parametrize("way", LIST_CASES, ids=lambda way: way.__name__)
def test_a_bad_claims_list_is_told_and_its_good_rows_are_kept(way, tasuke, city, put, books):
    file = put(LIST, way(city[LIST]))

    told = tasuke("import", "claims", file, "--mapping", MAPPING, "--by", "clerk")

    check(told, LIST, city[LIST].count(b"\n2,"), *LIST_CASES[way])
    before = books()
    again = tasuke("import", "claims", file, "--mapping", MAPPING, "--by", "clerk")
    assert (again.status, again.value["changed"], books()) == (told.status, False, before)


def test_a_list_without_its_mapping_is_refused_and_taken_with_it(tasuke, city, put):
    file = put(LIST, city[LIST])
    refused = tasuke("import", "claims", file, "--by", "clerk")
    assert (refused.status, refused.value["state"]) == (1, "planned")
    assert InboundFile.objects.using("subsidy").get().state == "refused"

    told = tasuke("import", "claims", file, "--mapping", MAPPING, "--by", "clerk")

    assert (told.status, told.value["counts"]["claims"]) == (0, city[LIST].count(b"\n2,"))
    assert InboundFile.objects.using("subsidy").get().state == "taken"


@pytest.mark.parametrize(("mapping", "words"), [(b"x = 1", "「field」: 必須"), (b"x =", "TOML として読めません")])
def test_a_mapping_that_cannot_be_used_is_told(mapping, words, tasuke, city, put):
    told = tasuke("import", "claims", put(LIST, city[LIST]), "--mapping", put("m.toml", mapping), "--by", "clerk")

    assert (told.status, told.value["state"]) == (1, "planned")
    assert "m.toml" in told.stderr
    assert words in told.stderr
