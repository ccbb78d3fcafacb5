"""Reading and writing dates in the era calendar (和暦) beside ISO, and dates of which parts are unknown (不詳).

The public names are re-exported by `tasuke.core.calendar`. 明治45年 ends on 1912-07-29, 大正 begins on 1912-07-30,
昭和 on 1926-12-25, 平成 on 1989-01-08, 令和 on 2019-05-01.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

# 明治5年12月2日 was followed by 明治6年1月1日 = 1873-01-01; era dates before that are lunar
GREGORIAN_SINCE = date(1873, 1, 1)


class InvalidDate(ValueError):
    """The text or the numbers name no day that exists."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.text = text
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Era:
    """One era: its first and last day (both inclusive) and the Gregorian year of its year 1."""

    code: str
    letter: str
    name: str
    first_year: int
    first: date
    last: date


ERAS = (
    Era("1", "M", "明治", 1868, GREGORIAN_SINCE, date(1912, 7, 29)),
    Era("2", "T", "大正", 1912, date(1912, 7, 30), date(1926, 12, 24)),
    Era("3", "S", "昭和", 1926, date(1926, 12, 25), date(1989, 1, 7)),
    Era("4", "H", "平成", 1989, date(1989, 1, 8), date(2019, 4, 30)),
    Era("5", "R", "令和", 2019, date(2019, 5, 1), date.max),
)


@dataclass(frozen=True, slots=True)
class UncertainDate:
    """A date of which parts may be unknown (None). `era` is kept when the era is known but the year in it is not."""

    text: str
    year: int | None
    month: int | None
    day: int | None
    era: str | None = None

    @property
    def exact(self) -> date | None:
        """The day, when every part is known."""
        days = _possible(self.year, self.month, self.day, self.era)
        return days[0] if len(days) == 1 and self.month is not None and self.day is not None else None

    @property
    def earliest(self) -> date | None:
        """The first day that the known parts allow; None when not even the era is known."""
        if self.year is None:
            era = _era_by_sign(self.era)
            return era.first if era else None
        return _possible(self.year, self.month, self.day, self.era)[0]

    @property
    def latest(self) -> date | None:
        """The last day that the known parts allow; None when not even the era is known."""
        if self.year is None:
            era = _era_by_sign(self.era)
            return era.last if era else None
        return _possible(self.year, self.month, self.day, self.era)[-1]


def parse_date(text: str) -> date:
    """The day that a text names: ISO, 8 digits, 西暦 or 和暦 in words or short, or GYYMMDD (7 digits).

    Full-width characters and blanks are accepted. Raises InvalidDate for anything else, also for a day that does not
    exist (2026-02-29) or that lies outside its era (平成31年5月1日).
    """
    plain = _plain(text)
    for pattern in (_ISO, _COMPACT, _KANJI):
        if found := pattern.fullmatch(plain):
            return _existing(text, int(found["y"]), int(found["m"]), int(found["d"]))
    for pattern in (_WAREKI_KANJI, _WAREKI_SHORT, _WAREKI_PACKED, _WAREKI_CODED):
        if found := pattern.fullmatch(plain):
            return _in_era(text, found["e"], found["y"], int(found["m"]), int(found["d"]))
    raise InvalidDate(text, "日付として読めません")


def parse_uncertain_date(text: str) -> UncertainDate:
    """A date whose year, month or day may be 不詳 or 不明 (in digits: 0000, 00). Raises InvalidDate.

    Examples: 不詳, 昭和30年不詳月不詳日, 昭和30年月日不詳, 昭和30年5月日不詳, 昭和不詳年, 1955-00-00, 3300000.
    """
    plain = _plain(text).replace("不明", "不詳")
    for pattern in (_ISO, _COMPACT, _WAREKI_CODED, _WAREKI_PACKED):
        if found := pattern.fullmatch(plain):
            parts = found.groupdict()
            return _uncertain(text, parts.get("e"), parts["y"], parts["m"], parts["d"])
    if "不詳" in plain and (found := _UNCERTAIN_WORDS.fullmatch(plain)):
        return _uncertain(text, found["e"], found["y"], found["m"], found["d"])
    exact = parse_date(text)
    return UncertainDate(text, exact.year, exact.month, exact.day)


def to_wareki(day: date) -> str:
    """The day in words, 令和8年11月21日; the first year of an era is 元年. Raises InvalidDate before 1873."""
    era = _era_of(day)
    year = day.year - era.first_year + 1
    return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def to_wareki_short(day: date) -> str:
    """The day in the short form R08.11.21. Raises InvalidDate before 1873."""
    era = _era_of(day)
    return f"{era.letter}{day.year - era.first_year + 1:02d}.{day.month:02d}.{day.day:02d}"


_SIGN = r"(?P<e>明治|大正|昭和|平成|令和|[MTSHR])"
_ISO = re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
_KANJI = re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日", re.ASCII)
_WAREKI_KANJI = re.compile(_SIGN + r"(?P<y>\d{1,2}|元)年(?P<m>\d{1,2})月(?P<d>\d{1,2})日", re.ASCII)
_WAREKI_SHORT = re.compile(_SIGN + r"(?P<y>\d{1,2}|元)(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})", re.ASCII)
_WAREKI_PACKED = re.compile(r"(?P<e>[MTSHR])(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
_WAREKI_CODED = re.compile(r"(?P<e>[1-5])(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
# each part: its number, 不詳, or nothing before its unit (月日不詳: what stands before the 不詳 at the end is unknown)
_UNCERTAIN_WORDS = re.compile(
    _SIGN + r"?(?:(?P<y>\d{1,4}|元|不詳)?年)?(?:(?P<m>\d{1,2}|不詳)?月)?(?:(?P<d>\d{1,2}|不詳)?日)?(?:不詳)?", re.ASCII
)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def _existing(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidDate(text, "存在しない日付です") from None


def _era_by_sign(sign: str | None) -> Era | None:
    return next((era for era in ERAS if sign in (era.code, era.letter, era.name)), None)


def _in_era(text: str, sign: str, era_year: str, month: int, day: int) -> date:
    era = _era_by_sign(sign)
    if era is None:
        raise InvalidDate(text, "元号が分かりません")
    number = 1 if era_year == "元" else int(era_year)
    made = _existing(text, era.first_year + number - 1, month, day)
    if number == 0 or not era.first <= made <= era.last:
        raise InvalidDate(text, f"{era.name}にはない日付です")
    return made


def _era_of(day: date) -> Era:
    if day < GREGORIAN_SINCE:
        raise InvalidDate(day.isoformat(), "明治5年以前(旧暦)の日付は和暦に直せません")
    return next(era for era in reversed(ERAS) if era.first <= day)


def _known(part: str | None) -> int | None:
    if part is None or part == "不詳":
        return None
    return 1 if part == "元" else int(part) or None


def _uncertain(text: str, sign: str | None, year: str | None, month: str | None, day: str | None) -> UncertainDate:
    era = _era_by_sign(sign)
    era_year = _known(year)
    known_year = era_year if era is None or era_year is None else era.first_year + era_year - 1
    made = UncertainDate(text, known_year, _known(month), _known(day), era.name if era else None)
    if era is None and year == "元":
        raise InvalidDate(text, "元号が分かりません")
    if made.year is not None and not _possible(made.year, made.month, made.day, made.era):
        raise InvalidDate(text, "存在しない日付です")
    # without a year, 2000 (a leap year) tells whether month and day can go together at all
    if made.year is None and not _possible(2000, made.month, made.day, None):
        raise InvalidDate(text, "存在しない日付です")
    return made


def _possible(year: int | None, month: int | None, day: int | None, sign: str | None) -> list[date]:
    """All days that fit, in order; none when the year is unknown."""
    era = _era_by_sign(sign)
    fitting: list[date] = []
    for m in range(1, 13) if month is None else (month,):
        for d in range(1, 32) if day is None else (day,):
            try:
                made = date(year or 0, m, d)
            except ValueError:  # no such day in this month (or no year at all)
                continue
            if era is None or era.first <= made <= era.last:
                fitting.append(made)
    return fitting
