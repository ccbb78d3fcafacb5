"""Medical institutions, dentists, pharmacies and nursing stations of the city: valid 10-digit codes, names, wards."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import Floats, Ints, choose, stream, take, with_weight21
from tasuke.city.words import words
from tasuke.schemes.profile import Profile

CARES = ("medical", "dental", "pharmacy", "nursing")
_TABLE = {"medical": 1, "dental": 3, "pharmacy": 4, "nursing": 6}
_FIRST = {"medical": 1000, "dental": 3000, "pharmacy": 4000, "nursing": 9000}
_PER_RESIDENTS = {"medical": 1150, "dental": 1800, "pharmacy": 2000, "nursing": 9000}
_LEAST = {"medical": 6, "dental": 3, "pharmacy": 4, "nursing": 1}
HOSPITAL_SHARE = 0.09
_WORDS = {
    "medical": [
        "こどもクリニック",
        "内科医院",
        "耳鼻咽喉科",
        "皮膚科クリニック",
        "整形外科",
        "眼科医院",
        "ファミリークリニック",
    ],
    "hospital": ["総合病院", "記念病院", "中央病院", "医療センター"],
    "dental": ["歯科医院", "デンタルクリニック", "矯正歯科", "こども歯科"],
    "pharmacy": ["薬局", "調剤薬局", "ファーマシー"],
    "nursing": ["訪問看護ステーション"],
}


@dataclass(frozen=True, slots=True)
class Providers:
    """table: one row an institution (code, name, care, hospital, weight), ordered by care. first/count by care."""

    table: pl.DataFrame
    first: dict[str, int]
    count: dict[str, int]


def _serials(first: int, count: int) -> Ints:
    """Four-digit institution numbers; those whose middle or last two digits are 90 are never used (formats.md 3.1)."""
    numbers = np.arange(first, first + 1000, dtype=np.int64)
    good = (numbers // 10 % 100 != 90) & (numbers % 100 != 90)
    return np.asarray(numbers[good][np.arange(count) % int(good.sum())], dtype=np.int64)


def _codes(prefecture: int, care: str, count: int) -> pl.Series:
    """Prefecture 2, table 1, district 2, number 4, check digit."""
    district = np.arange(count, dtype=np.int64) // 970 + 1
    body = (prefecture * 10 + _TABLE[care]) * 1_000_000 + district * 10_000 + _serials(_FIRST[care], count)
    return with_weight21(body, 9)


def build_providers(*, profile: Profile, residents: int, seed: int) -> Providers:
    """Institutions in number as the residents need them, bigger ones with more weight."""
    rng = stream(seed, "providers")
    surnames = words("surnames")
    parts: list[pl.DataFrame] = []
    first: dict[str, int] = {}
    counts: dict[str, int] = {}
    at = 0
    for care in CARES:
        n = max(_LEAST[care], residents // _PER_RESIDENTS[care])
        hospital = np.zeros(n, dtype=bool)
        if care == "medical":
            hospital[: max(1, int(n * HOSPITAL_SHARE))] = True
        family = take(surnames["kanji"], choose(rng, surnames["weight"].to_numpy(), n))
        word = pl.Series(_WORDS[care]).gather(rng.integers(0, len(_WORDS[care]), n))
        big = pl.Series(_WORDS["hospital"]).gather(rng.integers(0, len(_WORDS["hospital"]), n))
        weight: Floats = rng.lognormal(0.0, 0.6, n) * np.where(hospital, 3.0, 1.0)
        parts.append(
            pl.DataFrame(
                {
                    "code": _codes(int(profile.prefecture_code), care, n),
                    "name": family + big.zip_with(pl.Series(hospital), word),
                    "care": pl.Series([care]).new_from_index(0, n),
                    "hospital": hospital,
                    "weight": weight,
                }
            )
        )
        first[care], counts[care] = at, n
        at += n
    return Providers(pl.concat(parts), first, counts)


def outside_code(prefecture_code: str, care: str, pick: Ints) -> pl.Series:
    """Codes of institutions in other prefectures."""
    others = np.array([p for p in (13, 11, 12, 4, 23, 27, 2) if p != int(prefecture_code)], dtype=np.int64)
    body = (
        (others[pick % len(others)] * 10 + _TABLE.get(care, 1)) * 1_000_000
        + 10_000
        + _FIRST.get(care, 1000)
        + pick % 80
    )
    return with_weight21(body, 9)
