"""Files of the city's other systems that went wrong on their way: said in words, good rows kept, nothing twice."""

import pytest
from tests.acceptance import spoil

from tasuke.formats import application_feed, nhi_feed, receipt_feed, resident_feed, tax_feed, welfare_feed
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.exchange.models import InboundFile, InboundState

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))

KINDS = {
    "residents": ("resident_full.csv", resident_feed),
    "tax": ("tax_2025.csv", tax_feed),
    "nhi": ("nhi_full.csv", nhi_feed),
    "welfare": ("welfare_full.csv", welfare_feed),
    "applications": ("applications_full.csv", application_feed),
    "receipts": ("receipts.csv", receipt_feed),
}
ALL, BUT_ONE, NONE = 0, -1, None
WRITTEN = ("added", "superseded", "received", "accounts", "lines", "receipts")
LINE = f"{spoil.VICTIM}行目"

# way → exit status, rows kept, words of the message
CASES = {
    spoil.truncated: (1, BUT_ONE, ("{last}行目", "途中で切れている")),
    spoil.rows_reversed: (0, ALL, ()),
    spoil.columns_reversed: (0, ALL, ("1行目", "列の順が決まりと違います")),
    spoil.row_doubled: (1, ALL, ("{after}行目", f"先の行は{LINE}")),
    spoil.file_doubled: (1, ALL, ("{after}行目: 見出し行が途中にもあります",)),
    spoil.shift_jis: (1, NONE, ("Shift_JIS", "UTF-8で保存し直して")),
    spoil.utf16: (1, NONE, ("UTF-16", "UTF-8で保存し直して")),
    spoil.bad_bytes: (1, BUT_ONE, (LINE, "UTF-8として読めません")),
    spoil.too_long: (1, BUT_ONE, (f"{LINE} 「{{long}}」", "までのところに")),
    spoil.huge_cell: (1, BUT_ONE, (f"{LINE} 「{{long}}」", "3,000,000")),
    spoil.one_field_more: (1, BUT_ONE, (LINE, "列のところが")),
    spoil.empty: (1, NONE, ("ファイルが空です",)),
    spoil.column_missing: (1, NONE, ("1行目 「{first}」", "列がありません")),
    spoil.column_extra: (0, ALL, ("1行目", "決まりにない列「備考その2」")),
    spoil.impossible_date: (1, BUT_ONE, (f"{LINE} 「{{date}}」", "2026年2月30日という日付はありません")),
}


def words_of(words, data, layout):
    last = data.count(b"\n")
    names = {
        "last": last,
        "after": last + 1,
        "first": layout.fields[0].label,
        "long": spoil.long_field(layout).label,
        "date": spoil.date_label(layout),
    }
    return [word.format(**names) for word in words]


@pytest.mark.parametrize("way", CASES, ids=lambda way: way.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_feed_is_told_and_its_good_rows_are_kept(kind, way, tasuke, city, put, books):
    name, feed = KINDS[kind]
    status, kept, words = CASES[way]
    file = put(name, way(city[name], feed.LAYOUT))

    told = tasuke("import", kind, file, "--by", "clerk")

    assert told.status == status
    assert name in told.stderr or status == 0
    for word in words_of(words, city[name], feed.LAYOUT):
        assert word in told.stderr
    rows = city[name].count(b"\n") - 1
    arrived = InboundFile.objects.using("subsidy").get()  # a file that is refused leaves a row that says so
    if kept is NONE:
        assert (told.value["state"], told.value["changed"]) == ("planned", False)
        assert (arrived.state, arrived.accepted, arrived.reason != "") == (InboundState.REFUSED, 0, True)
    else:
        assert (told.value["state"], arrived.accepted) == ("done", rows + kept)
    before = books()
    again = tasuke("import", kind, file, "--by", "clerk")
    assert (again.status, again.value["changed"], books()) == (status, False, before)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_rows_makes_no_difference(kind, tasuke, city, put, books):
    name, feed = KINDS[kind]
    tasuke("import", kind, put(name, city[name]), "--by", "clerk")
    turned = put(name, spoil.rows_reversed(city[name], feed.LAYOUT))

    told = tasuke("import", kind, turned, "--by", "clerk")

    assert told.value["changed"]
    assert sum(told.value["counts"].get(key, 0) for key in WRITTEN) == 0
    if kind == "receipts":  # money was asked for twice: each line is told
        assert f"{name} 2行目 「受付番号」" in told.stderr


def test_a_file_that_was_refused_can_be_taken_once_it_is_mended(tasuke, city, put):
    name, feed = KINDS["welfare"]
    assert (
        tasuke("import", "welfare", put(name, spoil.column_missing(city[name], feed.LAYOUT)), "--by", "a").status == 1
    )

    told = tasuke("import", "welfare", put(name, city[name]), "--by", "a")

    assert (told.status, told.value["state"], told.value["changed"]) == (0, "done", True)


def test_an_insurer_number_with_a_wrong_check_digit_is_told(tasuke, city, put):
    name, _ = KINDS["nhi"]
    data = spoil.with_cell(city[name], "保険者番号", "06999990")

    told = tasuke("import", "nhi", put(name, data), "--by", "clerk")

    assert f"{name} {LINE} 「保険者番号」" in told.stderr
