"""Addresses: wards and towns of the city, house numbers, buildings, shared homes, and places elsewhere."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import Ints, chance, choose, digits, stream, take
from tasuke.city.words import words
from tasuke.schemes.profile import Profile

_FULL_WIDTH = ["0123456789", "０１２３４５６７８９"]


@dataclass(frozen=True, slots=True)
class Places:
    """The towns of one city: one row a town, with ward and weight."""

    towns: pl.DataFrame

    def ward_codes(self) -> list[str]:
        return self.towns["ward_code"].unique(maintain_order=True).to_list()


def places_of(profile: Profile) -> Places:
    """Towns of every ward of the profile; a ward that the word list does not know gets towns with common names."""
    known = words("towns")
    common = known.filter(pl.col("ward_code") == "*")
    parts = []
    wards = {w.code: w for w in profile.wards} or {}
    for position, (code, ward) in enumerate(wards.items()):
        towns = known.filter(pl.col("ward_code") == code)
        if towns.is_empty():
            towns = common.with_columns(ward_code=pl.lit(code))
        ward_name = "" if ward.name == profile.name else ward.name
        weight = 1.0 + ((position * 7) % 5) * 0.25  # wards differ in size
        parts.append(
            towns.with_columns(
                postal_code=pl.when(pl.col("postal_code") == "")
                .then(pl.lit(ward.postal_code.replace("-", "")))
                .otherwise(pl.col("postal_code")),
                place=pl.lit(f"{profile.name}{ward_name}") + pl.col("town"),
                weight=pl.lit(weight / towns.height),
            )
        )
    return Places(pl.concat(parts))


def _wide(text: pl.Series) -> pl.Series:
    """Half-width digits to full-width ones, as registers print them."""
    return text.str.replace_many(list(_FULL_WIDTH[0]), list(_FULL_WIDTH[1]))


def draw_addresses(*, places: Places, seed: int, name: str, count: int) -> pl.DataFrame:
    """`count` addresses: ward_code, postal_code, address, address_detail (building and room, or null)."""
    rng = stream(seed, f"address.{name}")
    town = choose(rng, places.towns["weight"].to_numpy(), count)
    block, lot, house = rng.integers(1, 9, count), rng.integers(1, 41, count), rng.integers(1, 31, count)
    numbers = digits(block, 1) + "丁目" + digits(lot, 1) + "番" + digits(house, 1) + "号"
    buildings = words("buildings")
    first = take(buildings["first"], rng.integers(0, buildings.height, count))
    second = take(buildings["second"], rng.integers(0, buildings.height, count))
    room = digits(rng.integers(1, 13, count) * 100 + rng.integers(1, 16, count), 3)
    in_building = chance(rng, 0.52, count)
    detail = (first + second + "　" + room + "号").set(pl.Series(~in_building), None)
    return pl.DataFrame(
        {
            "ward_code": take(places.towns["ward_code"], town),
            "postal_code": take(places.towns["postal_code"], town),
            "address": take(places.towns["place"], town) + _wide(numbers),
            "address_detail": _wide(detail),
        }
    )


def draw_elsewhere(*, own_code: str, seed: int, count: int) -> pl.DataFrame:
    """Addresses in other municipalities (住登外 persons): municipality_code, postal_code, address."""
    table = words("elsewhere").filter(pl.col("municipality_code") != own_code)
    rng = stream(seed, "address.elsewhere")
    which = rng.integers(0, table.height, count)
    towns = words("towns").filter(pl.col("ward_code") == "*")["town"]
    place = take(table["name"], which) + take(towns, rng.integers(0, len(towns), count))
    numbers = _wide(digits(rng.integers(1, 6, count), 1) + "丁目" + digits(rng.integers(1, 30, count), 1) + "番地")
    return pl.DataFrame(
        {
            "municipality_code": take(table["municipality_code"], which),
            "postal_code": take(table["postal_prefix"], which) + digits(rng.integers(1, 100, count), 4),
            "address": place + numbers,
        }
    )


def shared_homes(kind: Ints, address: Ints, *, kinds: dict[int, int]) -> Ints:
    """Let households of dormitories and homes share an address. kinds: household kind → residents per home."""
    result = address.copy()
    for code, size in kinds.items():
        rows = np.flatnonzero(kind == code)
        result[rows] = address[rows[(np.arange(len(rows)) // size) * size]]
    return result
