"""Bank kana by 付録1 of the 全銀協 layout: 口座名."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.text import BankKanaError, Wo, bank_kana, bank_kana_series

ALLOWED = set("ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ()-.")
TEXTS = st.text(
    st.one_of(
        st.sampled_from("アがパヴｶﾞﾊﾟャッーｰ-ヲヱ゛゜\u3099ﾞﾟ・、山aＡ１（） 　."),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=10,
)


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("コウノ　イチロウ", "ｺｳﾉ ｲﾁﾛｳ"),
        ("こうの きょうこ", "ｺｳﾉ ｷﾖｳｺ"),
        ("ガギグゲゴ", "ｶﾞｷﾞｸﾞｹﾞｺﾞ"),
        ("パピプペポヴ", "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟｳﾞ"),
        ("か\u3099ハ゜ｶﾞ", "ｶﾞﾊﾟｶﾞ"),
        ("ァィゥェォッャュョヮヵヶ", "ｱｲｳｴｵﾂﾔﾕﾖﾜｶｹ"),
        ("ー―‐−ｰ－-", "-------"),
        ("ヰヱゐゑ", "ｲｴｲｴ"),
        ("Ａｂｃ１２（．）", "ABC12(.)"),
        ("カ）タスケ", "ｶ)ﾀｽｹ"),
        ("", ""),
    ],
)
def test_bank_kana(text: str, kana: str) -> None:
    assert bank_kana(text) == kana


@pytest.mark.parametrize(
    ("text", "position", "character"),
    [
        ("コウノ 一郎", 5, "一"),
        ("ジョン・スミス", 4, "・"),
        ("ア、イ", 2, "、"),
        ("ア,イ", 2, ","),
        ("ア。", 2, "。"),
        ("サヲリ", 2, "ヲ"),
        ("サｦリ", 2, "ｦ"),
        ("ヷ", 1, "ヷ"),
        ("ア゛", 2, "゛"),
        ("ﾞア", 1, "ﾞ"),
        ("ナ゜", 2, "゜"),
        ("カ゜", 2, "゜"),
        ("カ゛゛", 3, "゛"),
        ("いすゞ", 3, "ゞ"),
        ("ア/イ", 2, "/"),
        ("ア¥", 2, "¥"),
        ("｢ア｣", 1, "｢"),
        ("㈱タスケ", 1, "㈱"),
        ("ア\tイ", 2, "\t"),
        ("ア\0", 2, "\0"),
    ],
)
def test_bank_kana_refuses_with_the_position(text: str, position: int, character: str) -> None:
    with pytest.raises(BankKanaError) as caught:
        bank_kana(text)
    assert (caught.value.position, caught.value.character) == (position, character)
    assert f"{position}文字目" in str(caught.value)


def test_kanji_and_wo_are_named_in_the_message() -> None:
    with pytest.raises(BankKanaError, match="漢字は使えません"):
        bank_kana("山")
    with pytest.raises(BankKanaError, match="ヲ"):
        bank_kana("をだ")


@pytest.mark.parametrize(("wo", "kana"), [("o", "ｻｵﾘ"), ("keep", "ｻｦﾘ")])
def test_wo_by_the_bank(wo: Wo, kana: str) -> None:
    assert bank_kana("サヲリ", wo=wo) == kana


@given(TEXTS, st.sampled_from(["reject", "o"]))
def test_what_comes_out_is_allowed_and_stays(text: str, wo: Wo) -> None:
    try:
        kana = bank_kana(text, wo=wo)
    except BankKanaError as error:
        kana = bank_kana(text[: error.position - 1], wo=wo)  # everything before it was fine
    assert set(kana) <= ALLOWED
    assert bank_kana(kana) == kana
    assert len(kana.encode("cp932")) == len(kana)


@given(st.lists(st.one_of(TEXTS, st.none()), max_size=10))
def test_the_series_agrees(texts: list[str | None]) -> None:
    values, errors = bank_kana_series(pl.Series("kana", texts, dtype=pl.String))
    assert values.dtype == errors.dtype == pl.String
    for text, value, error in zip(texts, values, errors, strict=True):
        if text is None:
            assert (value, error) == (None, None)
        elif error is None:
            assert value == bank_kana(text)
        else:
            assert value is None
            with pytest.raises(BankKanaError, match="文字目"):
                bank_kana(text)
