"""The number chain in the demo: numbers for the city, a neighbour with tax figures, and inquiries for families that
moved in. A part of the cases is asked for and taken over here; the rest is left for whoever tries the screens."""

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from tasuke.city.files import CityFiles, FileKind
from tasuke.contracts.kit import Refused
from tasuke.demo.flow import decide
from tasuke.demo.movers import Moved, write_movers
from tasuke.demo.office import HEAD, Office
from tasuke.deploy.chain.cycle import settle
from tasuke.deploy.chain.founding import NEIGHBOURS, found
from tasuke.deploy.chain.neighbour import Person, move_in
from tasuke.deploy.chain.opening import open_chain
from tasuke.deploy.imports import import_request
from tasuke.formats import my_number_feed, resident_feed
from tasuke.platform.exchange.archive import sha256_of
from tasuke.schemes.profile import Profile
from tasuke.systems.midserver.models import Tenant
from tasuke.systems.subsidy.inquiries.choices import Question, choices_of, choices_on, procedure_of
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.subsidy.inquiries.needed import Needed, incomes_needed
from tasuke.systems.subsidy.inquiries.services.ask_inquiries import ask_inquiries
from tasuke.systems.subsidy.inquiries.services.take_over_answer import take_over_answer
from tasuke.systems.subsidy.registry.protection import protected_among

USING = "subsidy"
TAX = "TM00000000000002"
ASKER, _DEPARTMENT = "demo-reviewer", "0001"
_JOBS = {
    FileKind.RESIDENTS: ("distribute-residents", "住民情報の配信"),
    FileKind.NUMBERS: ("distribute-numbers", "個人番号の配信"),
}
_GONE = 410  # a call of before whose reply is no longer kept
_BACK_OFF = timedelta(minutes=2)  # what came before its 個人番号 is told again after a minute


def run_chain(office: Office, files: CityFiles, profile: Profile, folder: Path, first_day: date) -> dict[str, int]:
    """Found the chain, distribute the city, ask for missing incomes and take the answers over. Gives the counts."""
    clock = Ticking(office)
    start = time.perf_counter()
    fresh = not Tenant.objects.using("midserver").exists()
    found(profile=profile, at=clock())
    open_chain(profile=profile, clock=clock)
    told = "統合宛名 市中間サーバ 中間サーバー 国(代役)"
    office.measure("番号連携の開設", time.perf_counter() - start, told, changed=fresh)
    newcomers = _newcomers(files, folder, first_day.year)
    moved = write_movers(profile=profile, last_day=office.day, folder=folder)
    if moved is not None:
        _receive(office, moved, profile, first_day)
        newcomers += [(FileKind.RESIDENTS, moved.residents), (FileKind.NUMBERS, moved.numbers)]
    _distribute(office, newcomers, clock)
    return _inquire(office, files, moved, clock)


def _receive(office: Office, moved: Moved, profile: Profile, first_day: date) -> None:
    """The families stand in the register, their applications wait for an income that nobody here knows."""
    office.run("住民情報の取込", import_request("residents", moved.residents), what=moved.residents.name)
    office.run("申請の取込", import_request("applications", moved.applications), what=moved.applications.name)
    decide(office, profile, moved.received_on, takeover=first_day)


class Ticking:
    """The simulated day's nine o'clock and real seconds from there on: messages follow on each other, and every system
    reads the same clock. `skip` moves it on."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._began = time.perf_counter()
        self._skipped = timedelta()

    def __call__(self) -> datetime:
        return self._office.now() + timedelta(seconds=time.perf_counter() - self._began) + self._skipped

    def skip(self, span: timedelta) -> None:
        """Let this much time pass."""
        self._skipped += span


def _distribute(office: Office, files: Sequence[tuple[FileKind, Path]], clock: Ticking) -> None:
    for kind, path in files:
        job, title = _JOBS[kind]
        target = f"{job}:{sha256_of(path.read_bytes())}"
        request = {"job": job, "target": target, "parameters": {"path": str(path)}, "using": "resident"}
        office.run(title, request, what=path.name)
    start = time.perf_counter()
    told = settle(clock=clock, most=200).get("welfare.told", 0)
    clock.skip(_BACK_OFF)
    told += settle(clock=clock, most=200).get("welfare.told", 0)
    line = f"業務番号の紐付け {told:,}"
    office.measure("宛名・番号・符号の連携", time.perf_counter() - start, line, changed=bool(told))


def _newcomers(files: CityFiles, folder: Path, year: int) -> list[tuple[FileKind, Path]]:
    """The households of those who lived elsewhere on 1 January, out of the city's files, as files of the same form.

    Nobody else needs to be asked about, and a demo of minutes does not wait for a whole city's 符号 (`tasuke bench`
    measures those). The choice follows from the files alone: a second run makes the same ones.
    """
    residents = [
        (f.path, resident_feed.parse(f.path.read_bytes())[0]) for f in files.files if f.kind == FileKind.RESIDENTS
    ]
    since = pl.col("resident_since") > date(year, 1, 1)
    households = pl.concat([rows.filter(since).select("household_no") for _, rows in residents]).unique()
    chosen = [(path, rows.join(households, on="household_no", how="semi")) for path, rows in residents]
    people = pl.concat([rows.select("atena_no") for _, rows in chosen]).unique()
    folder.mkdir(parents=True, exist_ok=True)
    made: list[tuple[FileKind, Path]] = []
    for path, rows in chosen:
        made.append((FileKind.RESIDENTS, folder / path.name))
        made[-1][1].write_bytes(resident_feed.render(rows.drop("line")))
    for file in files.files:
        if file.kind == FileKind.NUMBERS:
            rows = my_number_feed.parse(file.path.read_bytes())[0].join(people, on="atena_no", how="semi")
            made.append((FileKind.NUMBERS, folder / file.path.name))
            made[-1][1].write_bytes(my_number_feed.render(rows.drop("line")))
    return made


def _inquire(office: Office, files: CityFiles, moved: Moved | None, clock: Ticking) -> dict[str, int]:
    start = time.perf_counter()
    needed = incomes_needed(using=USING)
    people = list(dict.fromkeys(one.atena_no for one in needed))
    replicas = _tell_neighbour(_neighbours(files, moved, needed), clock())
    settle(clock=clock)
    left = _left_for_the_clerk(people, moved)
    asked = _ask([one for one in needed if one.atena_no not in left], clock())
    settle(clock=clock)
    taken = 0
    # not what somebody asked for on the screens since
    answered = Inquiry.objects.using(USING).filter(
        outcome="found", taken_over_at__isnull=True, asked_by=ASKER, asked_at__lte=clock()
    )
    for inquiry in answered.exclude(atena_no__in=left).order_by("pk"):
        take_over_answer(using=USING, inquiry_id=inquiry.pk, by=HEAD, at=clock())
        taken += 1
    told = f"所得が不明 {len(people):,}人  照会 {asked:,}  回答の取込 {taken:,}  副本(代役の市) {replicas:,}"
    office.measure("所得の情報照会", time.perf_counter() - start, told, changed=bool(asked or taken))
    return {"needed": len(people), "asked": asked, "taken_over": taken, "left_for_the_clerk": len(left)}


def _tell_neighbour(people: Sequence[Person], at: datetime) -> int:
    """The neighbour hands in what it knows; gives the rows. A demo run again after its site was up finds the replies
    to its own calls deleted by age, and that they were made."""
    try:
        return move_in(body=NEIGHBOURS[0].code, people=people, at=at)
    except Refused as error:
        if error.status != _GONE:
            raise
        return 0


def _left_for_the_clerk(people: Sequence[str], moved: Moved | None) -> set[str]:
    """Who waits for the clerk who tries the screens; it follows from their numbers, run after run."""
    of_movers = [family.mother_no for family in moved.families] if moved is not None else []
    return {no for no in people if int(no) % 3 == 0 and no not in of_movers} | set(of_movers[1:])


def _ask(needed: Sequence[Needed], at: datetime) -> int:
    """Ask for each case; protected households need a second person and are left to the screens."""
    protected = protected_among({no for one in needed for no in (one.atena_no, one.about)}, using=USING, on=at.date())
    open_ones = [one for one in needed if not {one.atena_no, one.about} & protected]
    choices = choices_on(at.date())
    asked = 0
    for one in open_ones:
        if all(choice.information_code != TAX for choice in choices_of(one.scheme, choices)):
            continue  # the master names no such combination for this scheme: its people bring a paper
        done = ask_inquiries(
            using=USING,
            questions=[Question(one.atena_no, procedure_of(one.scheme), TAX, NEIGHBOURS[0].code, one.tax_year)],
            about={one.atena_no: one.about},
            scheme=one.scheme,
            ward_code="",
            choices=choices,
            by=ASKER,
            department=_DEPARTMENT,
            at=at,
        )
        asked += len(done.inquiries)
    return asked


def _neighbours(files: CityFiles, moved: Moved | None, needed: Sequence[Needed]) -> list[Person]:
    """The persons whose income is missing, as the city where they lived before knows them; figures follow from the
    person's number, so that a second run says the same. Of the families that moved in it has two years."""
    years: dict[str, set[int]] = {}
    for one in needed:
        years.setdefault(one.atena_no, set()).add(one.tax_year)
    paths = [file.path for file in files.files if file.kind == FileKind.NUMBERS]
    if moved is not None:
        paths.append(moved.numbers)
        for family in moved.families:
            years[family.mother_no] = {moved.received_on.year - 1, moved.received_on.year}
    numbers: dict[str, str] = {}
    for path in paths:
        frame, _ = my_number_feed.parse(path.read_bytes())
        wanted = frame.filter(pl.col("atena_no").is_in(list(years)))
        numbers |= dict(zip(wanted["atena_no"], wanted["my_number"], strict=True))
    return [
        Person(f"7{no}"[:15], numbers[no], tuple(_record(no, year) for year in sorted(found)))
        for no, found in years.items()
        if no in numbers
    ]


def _record(atena_no: str, year: int) -> dict[str, str | int | bool | None]:
    income = 1_200_000 + int(atena_no) * 7919 % 40 * 100_000
    return {
        "tax_year": year,
        "status_code": "3",
        "gross_income": income + 900_000,
        "total_income": income,
        "salary_income": income,
        "dependents": int(atena_no) % 3,
        "income_levy": income // 25,
        "jan1_municipality": NEIGHBOURS[0].municipality_code,
        "corrected": False,
    }
