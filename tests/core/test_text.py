"""Names as text: what must survive, what must be found, what other systems can take."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.text import (
    byte_length,
    full_width_kana,
    grapheme_length,
    half_width_kana,
    kana_key,
    normalize,
    normalize_series,
    search_key,
    search_key_series,
    shrink_to_sjis,
)

IVS = "\U000e0100"
NAMES = st.text(
    st.one_of(
        st.sampled_from(
            list("髙高﨑崎𠮷吉澤沢濵濱浜邉邊辺齋斎齊斉栁柳嶋島嶌德徳圡土瀧滝曾曽葛山ｶﾞがガ゛ﾞー　 ①㈱〜−Ⅲ😀\u3099\ufe00")
        ),
        st.just(IVS),
        st.characters(min_codepoint=0x3040, max_codepoint=0x9FFF),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=12,
)


def test_normalize_keeps_variation_sequences_and_width() -> None:
    assert normalize(f"葛{IVS}城 ｶ①") == f"葛{IVS}城 ｶ①"
    assert normalize("か\u3099") == "が"


def test_a_compatibility_ideograph_keeps_its_form_as_a_sequence() -> None:
    assert normalize("\ufa19谷") == "神\ufe00谷"
    # three old forms of one character stay three
    assert [normalize(c) for c in "\uf914\uf95c\uf9bf"] == ["樂\ufe00", "樂\ufe01", "樂\ufe02"]
    assert normalize("﨑") == "﨑"  # in the block of those, yet a character of its own
    assert search_key(normalize("\ufa19谷")) == search_key("神谷")
    assert shrink_to_sjis(normalize("\ufa19谷")).text == "神谷"


@given(st.lists(st.one_of(NAMES, st.characters(min_codepoint=0xF900, max_codepoint=0xFAFF), st.none()), max_size=9))
def test_normalize_series_agrees_and_is_stable(texts: list[str | None]) -> None:
    once = normalize_series(pl.Series("name", texts, dtype=pl.String))
    assert once.to_list() == [None if t is None else normalize(t) for t in texts]
    assert normalize_series(once).to_list() == once.to_list()
    assert all(t is None or unicodedata.is_normalized("NFC", t) for t in once)


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("𠮷田", "吉田"),
        ("渡邉", "渡辺"),
        ("渡邊", "渡辺"),
        ("齋藤", "斎藤"),
        ("齊藤", "斉藤"),
        ("澤田", "沢田"),
        ("濵田", "浜田"),
        ("濱田", "浜田"),
        ("栁田", "柳田"),
        ("中嶋", "中島"),
        ("德永", "徳永"),
        ("廣瀨", "広瀬"),
        ("𣘺本", "橋本"),
        ("瀧本", "滝本"),
        ("曾根", "曽根"),
        ("冨田", "富田"),
        ("渕上", "淵上"),
        ("神谷", "神谷"),  # a compatibility ideograph
        (f"葛{IVS}城", "葛城"),
        ("辻\ufe00", "辻"),
        ("ヤマダ　タロウ", "やまだ たろう"),
        ("ﾔﾏﾀﾞﾀﾛｳ", "やまだたろう"),
        ("Ｓｍｉｔｈ　john", "SMITH JOHN"),
    ],
)
def test_search_key_finds_variants(written: str, sought: str) -> None:
    assert search_key(written) == search_key(sought)


@pytest.mark.parametrize(
    ("one", "other"), [("斎藤", "斉藤"), ("功", "切"), ("宍戸", "肉戸"), ("真", "直"), ("師", "帥")]
)
def test_search_key_keeps_different_names_apart(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


@given(NAMES)
def test_search_key_is_stable(text: str) -> None:
    key = search_key(text)
    assert search_key(key) == key
    assert search_key(f" {text}　") == key
    assert search_key(unicodedata.normalize("NFD", text)) == key


def test_every_kanji_folds_to_one_that_stays() -> None:
    for code in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x323B0)):
        folded = search_key(chr(code))
        assert search_key(folded) == folded


@given(st.lists(st.one_of(NAMES, st.none()), max_size=12))
def test_search_key_series_agrees(texts: list[str | None]) -> None:
    series = pl.Series("name", texts, dtype=pl.String)
    got = search_key_series(series)
    assert got.name == "name"
    assert got.to_list() == [None if t is None else search_key(t) for t in texts]


@pytest.mark.parametrize(
    ("text", "shrunk"),
    [
        ("髙橋", "高橋"),  # in cp932 (IBM extension), not in JIS X 0208
        ("山﨑", "山崎"),
        ("𠮷野家", "吉野家"),
        ("渡邉", "渡邉"),  # is in JIS X 0208
        ("濵田", "濱田"),
        (f"葛{IVS}城", "葛城"),
        ("神谷", "神谷"),
        ("〜−‖—¢£¬", "～－∥―￠￡￢"),  # the characters that shift_jis and cp932 read differently
        ("～－∥―￠￡￢", "～－∥―￠￡￢"),
        ("①Ⅲ㈱", "１ＩＩＩ（株）"),  # NEC row 13
        ("😀", "？"),
        ("ABC ｱｲｳ 山田", "ABC ｱｲｳ 山田"),
    ],
)
def test_shrink_to_sjis(text: str, shrunk: str) -> None:
    assert shrink_to_sjis(text).text == shrunk


def test_shrink_to_sjis_says_what_it_did() -> None:
    result = shrink_to_sjis(f"髙木葛{IVS}😀")
    assert result.replaced == ((1, "髙", "高"), (4, IVS, ""), (5, "😀", "？"))
    assert result.lost == ((5, "😀", "？"),)


@given(NAMES)
def test_shrunk_text_survives_the_trip_through_cp932(text: str) -> None:
    result = shrink_to_sjis(text).text
    assert result.encode("cp932").decode("cp932") == result
    assert shrink_to_sjis(result).text == result


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=8))
def test_shrunk_kanji_are_in_jis_x_0208(text: str) -> None:
    for char in shrink_to_sjis(text).text:
        assert len(char.encode("shift_jis")) == 2  # Python's shift_jis knows JIS X 0208 alone


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｺｳﾉ ｷﾖｳｺ", "コウノ　キョウコ"),
        ("こうの・きょうこ", "コウノキョウコ"),
        ("ｼﾞﾖ-ｼﾞ", "ジョージ"),
        ("オオノ", "おおの"),
        ("チヅル", "チズル"),
        ("ヂロウ", "ジロウ"),
        ("サヲリ", "サオリ"),
        ("ヱツコ", "エツコ"),
        ("smith", "ＳＭＩＴＨ"),
    ],
)
def test_kana_key_joins_readings(one: str, other: str) -> None:
    assert kana_key(one) == kana_key(other)


def test_kana_key_keeps_readings_apart() -> None:
    assert kana_key("ハナコ") != kana_key("バナコ")


@given(NAMES)
def test_kana_key_is_stable(text: str) -> None:
    assert kana_key(kana_key(text)) == kana_key(text)


def test_widths() -> None:
    assert half_width_kana("ガギャー１Ａ（山") == "ｶﾞｷﾞｬｰ1A(山"
    assert full_width_kana("ｶﾞｷﾞｬｰ1A(山") == "ガギャー１Ａ（山"


@given(st.text(st.sampled_from("アイウガパャッー゛ヴンヲ１Ａ（ 山"), max_size=10))
def test_width_round_trip(text: str) -> None:
    assert full_width_kana(half_width_kana(text)) == full_width_kana(text)


def test_byte_length() -> None:
    assert byte_length("ｶﾞ山", "cp932") == 4
    assert byte_length("山", "utf-8") == 3
    with pytest.raises(UnicodeEncodeError):
        byte_length("😀", "cp932")


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("山田", 2), (f"葛{IVS}城", 2), ("か\u3099", 1), ("ｶﾞ", 1), ("𠮷", 1), ("\u3099", 1), ("👨\u200d👩", 1)],
)
def test_grapheme_length(text: str, length: int) -> None:
    assert grapheme_length(text) == length
