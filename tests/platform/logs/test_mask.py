import re
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.platform.logs.mask import BLOT, mask_message, mask_numbers, mask_text

NAMES = [
    "山田 太郎",
    "髙﨑 𠮷之",
    "葛󠄀城",
    "やまだ　たろう",
    "ヤマダ タロウ",
    "ﾔﾏﾀﾞ ﾀﾛｳ",
    "佐々木〆子",
    "ヴィクトリア・ゑ",
]
digits = st.text("0123456789", min_size=12, max_size=20)


@pytest.mark.parametrize("name", NAMES)
def test_no_japanese_text_is_left(name):
    for text in (name, f"no row for {name}.", f"/persons/?q={quote(name)}&page=2", repr({"n": name}), ascii(name)):
        masked = mask_text(text)
        assert not any(unicodedata.category(c) == "Lo" for c in masked)
        assert "%E" not in masked
        assert "\\u" not in masked
        assert BLOT in masked


@given(digits, st.sampled_from(["", "-", " ", "."]), st.text("abc :/", max_size=5))
def test_no_run_of_twelve_digits_is_left(number, between, around):
    text = around + between.join(number) + around

    assert not re.search(r"\d{12}", re.sub(r"[ .-]", "", mask_text(text)))


@given(digits)
def test_full_width_digits_are_digits(number):
    wide = number.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})

    assert mask_numbers(wide) == BLOT
    assert "%EF" not in mask_text(quote(wide))


@pytest.mark.parametrize(
    "text",
    [
        "GET /runs/12/ 200",
        "2026-11-21T09:00:00.123456+09:00",
        "rows 400000 in 12.345 s",
        "127.0.0.1:8000",
        "tasuke.platform.audit",
        "50%",
    ],
)
def test_what_tells_nothing_of_a_person_stays(text):
    assert mask_text(text) == text


@given(st.text(max_size=60))
def test_any_text_can_be_masked_twice(text):
    assert mask_text(mask_text(text)) == mask_text(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('duplicate key value violates unique constraint "audit_block_pkey"',) * 2,
        ('invalid input syntax for type integer: "NGUYEN VAN A"', f"invalid input syntax for type integer: {BLOT}"),
        ("'Suzuki'", BLOT),
        ("no person NGUYEN VAN-ANH here", f"no person {BLOT} here"),
        ("Key (atena_no)=(0001234)", f"Key (atena_no)={BLOT}"),
    ],
)
def test_what_an_exception_quotes_is_blotted_out(text, masked):
    assert mask_message(text) == masked
