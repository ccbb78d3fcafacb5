"""The entitlements of a household drawn on one time line. Pure: rows in, coordinates out; the template draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tasuke.core.wareki import to_wareki, to_wareki_short

WIDTH, LEFT, RIGHT, TOP, LANE, BAR = 1180, 270, 20, 26, 26, 18
_YEARS_BACK, _YEARS_AHEAD = 4, 4
_CLEAR = 50  # the words of a 年度 stand clear of "この日"
_CHARACTER = 12.5  # width of a full-width character in the drawing


@dataclass(frozen=True, slots=True)
class Bar:
    """One entitlement. cut: it goes on beyond the drawing, left or right; css: class by the kind of scheme."""

    x: float
    y: float
    width: float
    css: str
    text: str
    title: str
    cut_left: bool
    cut_right: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """The beginning of a 年度."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One person in one scheme."""

    y: float
    text_y: float
    person: str
    scheme: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing; heights and widths are units of its own view box."""

    width: int
    height: int
    left: int
    bar: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    today_x: float
    bottom: float


def draw_timeline(
    entitlements: Sequence[Mapping[str, Any]], *, on: date, titles: Mapping[str, str], kinds: Mapping[str, str]
) -> Timeline | None:
    """Lanes by person and scheme, in the order of the rows; None when there is nothing to draw.

    entitlements: scheme, name, atena_no, since, until (exclusive), recipient_no. titles, kinds: by scheme id.
    """
    if not entitlements:
        return None
    first = max(min(e["since"] for e in entitlements), date(on.year - _YEARS_BACK, 4, 1))
    last = min(max(e["until"] or date.max for e in entitlements), date(on.year + _YEARS_AHEAD, 4, 1))
    begin, end = date(min(first, on).year, 1, 1), date(max(last, on).year + 1, 1, 1)
    scale = (WIDTH - LEFT - RIGHT) / (end - begin).days

    def x(day: date) -> float:
        return round(LEFT + (day - begin).days * scale, 1)

    lanes: list[Lane] = []
    for key in dict.fromkeys((e["atena_no"], e["scheme"]) for e in entitlements):
        mine = [e for e in entitlements if (e["atena_no"], e["scheme"]) == key]
        y = TOP + len(lanes) * LANE
        bars = tuple(_bar(e, y, begin, end, x, kinds.get(key[1], "")) for e in mine if _visible(e, begin, end))
        lanes.append(Lane(y, y + 15, mine[0]["name"], titles.get(key[1], key[1]), bars))
    bottom = TOP + len(lanes) * LANE
    years = range(begin.year, end.year + 1)
    now = x(on)
    ticks = tuple(
        Tick(x(d), to_wareki(d).partition("年")[0] + ".4") for y in years if begin <= (d := date(y, 4, 1)) < end
    )
    return Timeline(
        WIDTH, bottom + 6, LEFT, BAR, tuple(lanes), tuple(t for t in ticks if abs(t.x - now) > _CLEAR), now, bottom
    )


def _visible(entitlement: Mapping[str, Any], begin: date, end: date) -> bool:
    return entitlement["since"] < end and (entitlement["until"] is None or entitlement["until"] > begin)


def _bar(e: Mapping[str, Any], y: float, begin: date, end: date, x: Any, kind: str) -> Bar:
    until = e["until"] or date.max
    left, right = x(max(e["since"], begin)), x(min(until, end))
    last = f"{to_wareki_short(until - timedelta(days=1))}" if e["until"] else ""
    words = f"{to_wareki_short(e['since'])}～{last}"
    width = max(round(right - left, 1), 3)
    return Bar(
        x=left,
        y=y + (LANE - BAR) / 2 - 2,
        width=width,
        css=f"span-{kind}",
        text=words if width > len(words) * _CHARACTER * 0.62 else "",
        title=f"{e['name']} {words}",
        cut_left=e["since"] < begin,
        cut_right=until > end,
    )
