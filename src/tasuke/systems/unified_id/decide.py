"""What each row of a registration leads to. Pure: rows and what is known go in, what is to be written comes out.

Rules (共通機能標準仕様書 0320001-0320003): the same 個人番号 is the same person; a number that is new here makes a new
one; 住民記録 goes before all others; other businesses change facts only of who is no resident.

A wrong 個人番号 ties a family to a stranger's income, so nobody is joined by a number alone where the rest contradicts:
two residents never share a number, and a person of another birth or sex is another person. A person looks at those.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tasuke.systems.unified_id.my_number import MyNumber
from tasuke.systems.unified_id.policy import RESIDENT_BUSINESS

NON_RESIDENT_BUSINESS = "031"  # 住登外者宛名番号管理
_LENGTHS = {"name": ("氏名", 100), "birth_date": ("生年月日", 10), "sex": ("性別", 1), "address": ("住所", 400)}
_TWO_RESIDENTS = "この個人番号は別の宛名番号の住民に登録されています。どちらの番号か確かめてください"
Link = tuple[str, str]  # 業務ID, 宛名番号


@dataclass(frozen=True, slots=True)
class Facts:
    """基本4情報 as the business wrote them."""

    name: str
    birth_date: str = ""
    sex: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One registration. number and index come together, or neither."""

    row: int
    link: Link
    facts: Facts
    resident: bool = False
    removed: bool = False
    number: MyNumber | None = None
    index: bytes | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A person as stored, or (unified_no begins with `+`) as an earlier row made it. index: of the number in force."""

    unified_no: str
    facts: Facts
    facts_of: str
    resident: bool
    index: bytes | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row leads to nothing. Codes: E0001 missing, E0003 length, E0004 contradiction, E0101 unknown person."""

    row: int
    link: Link
    code: str
    message: str


@dataclass(slots=True)
class Decisions:
    """What is to be written. new: index → number and person; numbers: changed ones of persons who were there.

    ended: persons who were there and have no number any more. notices: faults of people whom no row names.
    """

    new: dict[str, tuple[Known, MyNumber]] = field(default_factory=dict)
    numbers: dict[str, tuple[bytes, MyNumber, str]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    changed: dict[str, Known] = field(default_factory=dict)
    revived: set[str] = field(default_factory=set)
    links: dict[Link, str] = field(default_factory=dict)
    unlinks: dict[Link, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notices: list[Fault] = field(default_factory=list)
    linked: int = 0
    unchanged: int = 0


class _RowRefused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def decide(
    rows: Iterable[Row], *, links: Mapping[Link, str], persons: Sequence[Known], former: Iterable[bytes] = ()
) -> Decisions:
    """Go through the rows in order; a later row sees what an earlier one did.

    links: every live link of the rows' 宛名番号, of whatever business, and of those who own the rows' 個人番号; for
    rows of 住民記録 all links of all these persons. persons: all behind them and behind the rows' 個人番号. former:
    indexes of numbers that were somebody's and are no longer (changed, merged).
    """
    rows = list(rows)
    desk = _Desk(links, persons, former)
    desk.expect(rows)
    for row in rows:
        try:
            before = desk.changes
            desk.take(row)
            if desk.changes == before:
                desk.done.unchanged += 1
            else:
                desk.done.linked += 1
        except _RowRefused as refused:
            desk.done.faults.append(Fault(row.row, row.link, refused.code, refused.message))
    return desk.finish()


class _Desk:
    """The state while rows are gone through."""

    def __init__(self, links: Mapping[Link, str], persons: Sequence[Known], former: Iterable[bytes]) -> None:
        self.before = dict(links)
        self.former = set(former)
        self.links: dict[Link, str | None] = dict(links)
        self.people = {p.unified_no: p for p in persons}
        self.by_index = {p.index: p.unified_no for p in persons if p.index is not None}
        self.by_atena: dict[str, set[str]] = defaultdict(set)
        self.of_person: dict[str, set[Link]] = defaultdict(set)
        for link, person in links.items():
            self.by_atena[link[1]].add(person)
            self.of_person[person].add(link)
        self.leaving: set[str] = set()
        self.done = Decisions()
        self.changes = 0

    def expect(self, rows: Iterable[Row]) -> None:
        """Residents whose number the rows change: what they leave is free for another of them (two mixed up)."""
        for row in rows:
            no = self.before.get(row.link) if row.link[0] == RESIDENT_BUSINESS and row.index is not None else None
            if no is not None and self.people[no].index not in (None, row.index):
                self.leaving.add(no)

    def take(self, row: Row) -> None:
        if row.removed:
            self._remove(row)
            return
        _check(row)
        no = self._person_of(row)
        if self.links.get(row.link) != no:
            self.links[row.link] = no
            self.of_person[no].add(row.link)
            self.by_atena[row.link[1]].add(no)
            self.changes += 1
        self._update(no, row)

    def _remove(self, row: Row) -> None:
        no = self.links.get(row.link)
        if no is None:
            return
        self.links[row.link] = None
        self.of_person[no].discard(row.link)
        self.changes += 1
        if not any(link[1] == row.link[1] for link in self.of_person[no]):
            self.by_atena[row.link[1]].discard(no)
        if row.link[0] == RESIDENT_BUSINESS:
            self._put(replace(self.people[no], resident=False))

    def _person_of(self, row: Row) -> str:
        """Whom the row speaks of: by its own link, by the same 宛名番号 elsewhere, by 個人番号, or a new person."""
        here = self.links.get(row.link)
        others = self.by_atena[row.link[1]]
        if here is None and len(others) == 1:
            (here,) = others
            if row.link[0] == RESIDENT_BUSINESS and self._is_in_register(here):
                raise _RowRefused("E0004", _TWO_RESIDENTS)
        if row.index is None:
            if here is None:
                raise _RowRefused("E0101", "個人番号が無く、この宛名番号の人も登録されていません")
            return here
        owner = self.by_index.get(row.index)
        if owner is None and row.index in self.former and row.link[0] != RESIDENT_BUSINESS:
            raise _RowRefused("E0004", "変更前か統合前の個人番号です。今の番号を住民記録で確かめてください")
        if here is None:
            return self._new(row) if owner is None else self._joined(owner, row)
        if owner != here:
            self._change_number(here, owner, row)
        return here

    def _joined(self, owner: str, row: Row) -> str:
        """The person who owns the number, unless the row speaks of somebody else with the same number."""
        if row.link[0] == RESIDENT_BUSINESS and owner in self.leaving and row.facts.name:
            self._lose(owner)
            return self._new(row)
        if row.link[0] == RESIDENT_BUSINESS and self._is_in_register(owner):
            raise _RowRefused(
                "E0004", "この個人番号は別の宛名番号の住民に登録されています。どちらの番号か確かめてください"
            )
        if not _contradict(self.people[owner].facts, row.facts):
            return owner
        if not self._gives_way(owner, row):
            raise _RowRefused("E0004", "この個人番号の人と生年月日か性別が違います。番号を確かめてください")
        self._take_from(owner, row)
        return self._new(row)

    def _is_in_register(self, no: str) -> bool:
        return any(link[0] == RESIDENT_BUSINESS for link in self.of_person[no])

    def _gives_way(self, owner: str, row: Row) -> bool:
        """住民記録 goes before all others: neither a stranger whom it does not know nor a number out of use can hold a
        resident's 個人番号."""
        return (
            row.link[0] == RESIDENT_BUSINESS
            and row.facts.name != ""
            and owner not in self.done.new
            and not self._is_in_register(owner)
            and (not self.of_person[owner] or _contradict(self.people[owner].facts, row.facts))
        )

    def _take_from(self, owner: str, row: Row) -> None:
        self._lose(owner)
        told = "この人の個人番号は、住民記録では別の人のものです。番号を確かめてください"
        self.done.notices += [Fault(row.row, link, "E0004", told) for link in sorted(self.of_person[owner])]

    def _lose(self, no: str) -> None:
        person = self.people[no]
        if person.index is not None:
            self.by_index.pop(person.index, None)
            self.former.add(person.index)
        self.people[no] = replace(person, index=None)
        self.done.numbers.pop(no, None)
        self.done.ended.add(no)
        self.changes += 1

    def _new(self, row: Row) -> str:
        assert row.index is not None
        assert row.number is not None
        if not row.facts.name:
            raise _RowRefused("E0001", "氏名がありません")
        no = f"+{len(self.done.new)}"
        business = row.link[0]
        resident = row.resident and business == RESIDENT_BUSINESS
        person = Known(no, row.facts, business, resident, row.index)
        self.people[no] = person
        self.by_index[row.index] = no
        self.done.new[no] = (person, row.number)
        return no

    def _change_number(self, no: str, owner: str | None, row: Row) -> None:
        """番号変更: only by who answers for the person: a slip of the pen must not change somebody's number."""
        assert row.index is not None
        assert row.number is not None
        person, business = self.people[no], row.link[0]
        entitled = (
            {RESIDENT_BUSINESS} if person.resident else {RESIDENT_BUSINESS, NON_RESIDENT_BUSINESS, person.facts_of}
        )
        swapped = business == RESIDENT_BUSINESS and owner in self.leaving
        if owner is not None and not swapped and not self._gives_way(owner, row):
            raise _RowRefused("E0004", "この個人番号は別の統合宛名に登録されています。統合が要るか調べてください")
        if business not in entitled:
            raise _RowRefused("E0004", "この宛名番号には別の個人番号が登録されています")
        if owner is not None:
            self._take_from(owner, row) if not swapped else self._lose(owner)
        if person.index is not None:
            self.by_index.pop(person.index, None)
            self.former.add(person.index)
        self.by_index[row.index] = no
        self.leaving.discard(no)
        self.changes += 1
        if no in self.done.new:
            self.done.new[no] = (replace(person, index=row.index), row.number)
        else:
            self.done.numbers[no] = (row.index, row.number, business)
            self.done.ended.discard(no)
        self.people[no] = replace(person, index=row.index)

    def _update(self, no: str, row: Row) -> None:
        person, business = self.people[no], row.link[0]
        if person.removed:
            self.done.revived.add(no)
            self.changes += 1
        resident = row.resident if business == RESIDENT_BUSINESS else person.resident
        facts, facts_of = person.facts, person.facts_of
        if row.facts.name and (business == RESIDENT_BUSINESS or not resident):
            facts_of = facts_of if facts == row.facts and business != RESIDENT_BUSINESS else business
            facts = row.facts
        now = (facts, facts_of, resident, False)
        if now != (person.facts, person.facts_of, person.resident, person.removed):
            self._put(Known(no, facts, facts_of, resident, person.index))

    def _put(self, person: Known) -> None:
        no = person.unified_no
        if self.people[no] == person:
            return
        self.people[no] = person
        self.changes += 1
        if no in self.done.new:
            self.done.new[no] = (person, self.done.new[no][1])
        else:
            self.done.changed[no] = person

    def finish(self) -> Decisions:
        for link, no in self.links.items():
            old = self.before.get(link)
            if old == no:
                continue
            if old is not None:
                self.done.unlinks[link] = old
            if no is not None:
                self.done.links[link] = no
        return self.done


_WHOLE_DATE = 10  # YYYY-MM-DD: a birth known in part contradicts nobody


def _contradict(one: Facts, other: Facts) -> bool:
    """Whether these are two people: names change, birth and sex do not by themselves."""
    births = {facts.birth_date for facts in (one, other) if len(facts.birth_date) == _WHOLE_DATE}
    sexes = {facts.sex for facts in (one, other) if facts.sex in ("1", "2")}
    return len(births) > 1 or len(sexes) > 1


def _check(row: Row) -> None:
    for name, (label, longest) in _LENGTHS.items():
        if len(getattr(row.facts, name)) > longest:
            raise _RowRefused("E0003", f"{label}が長すぎます({longest}文字まで)")
