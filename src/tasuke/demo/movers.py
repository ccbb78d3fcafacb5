"""Three families that moved in from the neighbour and applied at once: nobody here knows their income of before.

One is asked about by the demo itself, one waits for whoever tries the screens, one is under 支援措置 and takes two
people. They are written as the city's files of the same forms, and come in as those do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tasuke.city.draw import atena_numbers
from tasuke.core.numbers import synthetic_my_number
from tasuke.formats import application_feed, my_number_feed, resident_feed
from tasuke.formats.csv_layout import Layout
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile

_FIRST = 910_001  # running 宛名番号, far above those of a generated city
_NUMBERS = 99_900_000_000  # bodies of their 個人番号
_BEFORE = timedelta(days=20)  # moved in before the demo's last day
_AFTER = timedelta(days=3)  # at the counter after moving in
_INSURER = "01010016"


@dataclass(frozen=True, slots=True)
class Family:
    """A mother and her child. protected: 支援措置."""

    surname: str
    kana: str
    mother: tuple[str, str]
    child: tuple[str, str]
    sex: str  # of the child
    mother_no: str
    child_no: str
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """Who moved in when, with the files that say so."""

    families: tuple[Family, ...]
    received_on: date
    residents: Path
    numbers: Path
    applications: Path


def families() -> tuple[Family, Family, Family]:
    """Asked about by the demo; left for the screens; under 支援措置."""
    no = atena_numbers(6, first=_FIRST).to_list()
    return (
        Family("工藤", "クドウ", ("恵", "メグミ"), ("陽菜", "ヒナ"), "2", no[0], no[1]),
        Family("三浦", "ミウラ", ("由紀子", "ユキコ"), ("蓮", "レン"), "1", no[2], no[3]),
        Family("村上", "ムラカミ", ("千尋", "チヒロ"), ("湊", "ミナト"), "1", no[4], no[5], protected=True),
    )


def write_movers(*, profile: Profile, last_day: date, folder: Path) -> Moved | None:
    """Write their files; None for a profile without a scheme for single parents. last_day: of the demo."""
    scheme = next((one for one in profile.schemes if load_scheme(one).kind == "hitorioya"), None)
    if scheme is None:
        return None
    moved_on = last_day - _BEFORE
    received_on = moved_on + _AFTER
    found = families()
    folder.mkdir(parents=True, exist_ok=True)
    moved = Moved(found, received_on, *(folder / f"{name}_moved_in.csv" for name in ("resident", "number", "apply")))
    people = [row for place, one in enumerate(found) for row in _residents(one, place, profile, moved_on)]
    numbers = [_number(no, moved_on) for one in found for no in (one.mother_no, one.child_no)]
    papers = [_application(one, place, scheme, moved_on, received_on) for place, one in enumerate(found)]
    moved.residents.write_bytes(resident_feed.render(_frame(people, resident_feed.LAYOUT)))
    moved.numbers.write_bytes(my_number_feed.render(_frame(numbers, my_number_feed.LAYOUT)))
    moved.applications.write_bytes(application_feed.render(_frame(papers, application_feed.LAYOUT, seq=False)))
    return moved


def _frame(rows: Iterable[dict[str, Any]], layout: Layout, *, seq: bool = True) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in layout.fields}
    numbered = [{**row, "seq": place} if seq else row for place, row in enumerate(rows, start=1)]
    return pl.DataFrame(numbered, schema=schema)


def _residents(one: Family, place: int, profile: Profile, moved_on: date) -> Sequence[dict[str, Any]]:
    ward = profile.wards[0] if profile.wards else None
    name = f"{one.surname}　{one.mother[0]}"
    household = {
        "household_no": f"{9_000_001 + place:010}",
        "resident_type": "1",
        "resident_status": "1",
        "kana_status": "1",
        "head_name": name,
        "postal_code": ward.postal_code.replace("-", "") if ward else None,
        "municipality_code": profile.municipality_code,
        "ward_code": ward.code if ward else None,
        "address": f"{profile.name}{ward.name if ward else ''}{place + 11}丁目{place + 3}番",
        "resident_since": moved_on,
        "event_code": "01",
        "event_date": moved_on,
        "notified_on": moved_on,
        "protection": one.protected,
    }
    mother = {
        "atena_no": one.mother_no,
        "name": name,
        "name_kana": f"{one.kana}　{one.mother[1]}",
        "sex": "2",
        "birth_date": date(1991 + place, 3, 9),
        "relationship_code": "02",
        "relationship": "世帯主",
    }
    child = {
        "atena_no": one.child_no,
        "name": f"{one.surname}　{one.child[0]}",
        "name_kana": f"{one.kana}　{one.child[1]}",
        "sex": one.sex,
        "birth_date": date(2019 + place, 10, 21),
        "relationship_code": "20",
        "relationship": "子",
    }
    return [{**household, **mother}, {**household, **child}]


def _number(atena_no: str, given_on: date) -> dict[str, Any]:
    body = f"{_NUMBERS + int(atena_no[:-1]):011}"
    return {"atena_no": atena_no, "my_number": synthetic_my_number(body), "event": "1", "valid_from": given_on}


def _application(one: Family, place: int, scheme: str, moved_on: date, received_on: date) -> dict[str, Any]:
    return {
        "application_no": f"A{received_on.year}-90000{place + 1:02}",
        "scheme": scheme,
        "kind": "1",
        "received_on": received_on,
        "channel": "1",
        "reason": "2",
        "event_date": moved_on,
        "applicant_atena_no": one.mother_no,
        "person_atena_no": one.child_no,
        "role": "1",
        "breadwinner_atena_no": one.mother_no,
        "single_parent_reason": "6" if one.protected else "2",
        "single_parent_since": date(2024, 2, 14),
        "de_facto_spouse": False,
        "insurance_kind": "3",
        "insurer_no": _INSURER,
        "symbol": "52151234",
        "number": f"7{place + 1:05}",
        "branch_no": "02",
        "insured_atena_no": one.mother_no,
        "insured_relation": "2",
        "insured_on": moved_on,
        "benefit_rate": 70,
        "public_account": False,
    }
