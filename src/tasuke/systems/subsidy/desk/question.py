"""What was typed into the search box: numbers, a birthday, a name, an address – or several of them. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from tasuke.core.kana import kana_key
from tasuke.core.numbers import NumberKind, check_number
from tasuke.core.text import search_key
from tasuke.core.wareki import InvalidDate, parse_date

_DIGITS = re.compile(r"^[0-9\-‐−ー()]+$")
_PHONE_DIGITS = 9  # with the area code; ten or eleven as a rule
_ADDRESS_SIGNS = re.compile(r"[市区町村郡条丁番号]|[0-9]")
_SHORTEST_ADDRESS = 3
_HYPHENS = re.compile(r"(?<=[0-9])[‐‑–−ー](?=[0-9])")  # what people type between 丁目, 番 and 号
_BLOCK = re.compile(r"^(\D+)([0-9]+)-([0-9]+)(?:-([0-9]+))?$")


class MyNumberTyped(ValueError):
    """Somebody typed a 個人番号: nobody is searched by it here, and it is kept nowhere."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for. Empty parts are not asked. name and kana: beginnings of keys; address: its beginning."""

    number: str = ""
    phone: str = ""
    birth: date | None = None
    name: str = ""
    kana: str = ""
    address: str = ""

    @property
    def kind(self) -> str:
        """For the audit trail: by what was searched, never its text."""
        parts = {
            "number": self.number,
            "phone": self.phone,
            "birth": self.birth,
            "name": self.name,
            "address": self.address,
        }
        return "+".join(name for name, value in parts.items() if value) or "none"

    @property
    def is_empty(self) -> bool:
        """Nothing to look for."""
        return self.kind == "none"


def understand(text: str) -> Question:
    """Read the search box: words apart by blanks; a day anywhere narrows the rest. Raises MyNumberTyped."""
    whole = unicodedata.normalize("NFKC", text).strip()
    as_day = _day(whole)
    if as_day is not None and not whole.isdigit():
        return Question(birth=as_day)
    words: list[str] = []
    birth: date | None = None
    digits = ""
    for word in whole.split():
        day = None if _DIGITS.match(word) and word.replace("-", "").isdigit() and "-" not in word else _day(word)
        if day is not None:
            birth = day
        elif _DIGITS.match(word) and not words:
            digits += re.sub(r"\D", "", word)
        else:
            words.append(word)
    rest = " ".join(words)
    return _with_digits(digits, birth) if digits and not rest else _with_words(rest, birth)


def spellings(address: str) -> tuple[str, ...]:
    """An address as it was typed, and as a register writes it: 鷺沼1-2-3 is also 鷺沼1丁目2番3, the beginning of a row.

    Of two numbers nobody knows whether they are 丁目 and 番 or 番 and 号, so both are asked.
    """
    plain = _HYPHENS.sub("-", address)
    block = _BLOCK.match(plain)
    if block is None:
        return (plain,)
    town, first, second, third = block.groups()
    if third:
        return plain, f"{town}{first}丁目{second}番{third}"
    return plain, f"{town}{first}丁目{second}", f"{town}{first}番{second}", f"{town}{first}番地{second}"


def _with_digits(digits: str, birth: date | None) -> Question:
    if len(digits) == 12 and check_number(NumberKind.MY_NUMBER, digits).valid:
        raise MyNumberTyped("個人番号では探せません")
    phone = digits if len(digits) >= _PHONE_DIGITS else ""
    return Question(number=digits, phone=phone, birth=birth or _day(digits))


def _with_words(rest: str, birth: date | None) -> Question:
    key = search_key(rest)
    address = "".join(rest.split()) if len(key) >= _SHORTEST_ADDRESS and _ADDRESS_SIGNS.search(rest) else ""
    return Question(birth=birth, name=key, kana=kana_key(rest), address=address)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except InvalidDate:
        return None
