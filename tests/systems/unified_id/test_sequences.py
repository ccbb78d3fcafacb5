"""Whatever the feeds get wrong, in whatever order and batches: nobody is tied to a stranger; merges can be undone."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.systems.unified_id.conftest import AT, my_number

from tasuke.contracts.unified import TO_ATENA, TO_UNIFIED, ToAtenaRequest, ToUnifiedRequest
from tasuke.platform.audit import Origin, Recorder
from tasuke.systems.unified_id.decide import Facts, Row, decide
from tasuke.systems.unified_id.models import Merge, NumberRow, Person
from tasuke.systems.unified_id.my_number import MyNumber
from tasuke.systems.unified_id.services.merge_persons import CannotMerge, merge_persons
from tasuke.systems.unified_id.services.unmerge_persons import CannotUnmerge, unmerge_persons

BIRTHS = {"1": "2019-05-01", "2": "2020-06-06", "3": "1985-03-02"}  # 宛名番号 → the human behind it
SEXES = {"1": "1", "2": "1", "3": "2"}

rows = st.tuples(
    st.sampled_from(["001", "900", "031"]),
    st.sampled_from(sorted(BIRTHS)),
    st.sampled_from([None, 1, 2, 3, 4]),  # which number the sender believes to be theirs
    st.booleans(),  # removed
)
batches = st.lists(st.lists(rows, max_size=6), max_size=8)


class Tables:
    """What the tables hold, as plain as can be."""

    def __init__(self):
        self.links, self.people, self.former, self.count = {}, {}, set(), 0

    def take(self, batch):
        found = decide(
            [
                Row(
                    place, (business, atena), Facts("甲", BIRTHS[atena], SEXES[atena]), business == "001", removed,
                    None if n is None else MyNumber(str(n)), None if n is None else bytes([n]),
                )
                for place, (business, atena, n, removed) in enumerate(batch, start=1)
            ],
            links=self.links,
            persons=list(self.people.values()),
            former=self.former - {p.index for p in self.people.values()},
        )  # fmt: skip
        self._store(found)
        return found

    def _store(self, found):
        names = {}
        for new in found.new:
            self.count += 1
            names[new] = f"U{self.count}"
        owned = {no: p.index for no, p in self.people.items()}
        for no, person in found.changed.items():
            self.people[no] = _with(person, index=owned[no])
        for no in (*found.ended, *found.numbers):
            self.former.add(owned[no])
            index = found.numbers[no][0] if no in found.numbers else None
            self.people[no] = _with(self.people[no], index=index)
        for new, (person, _) in found.new.items():
            self.people[names[new]] = _with(person, unified_no=names[new])
        for link in found.unlinks:
            del self.links[link]
        self.links |= {link: names.get(no, no) for link, no in found.links.items()}
        for no, person in self.people.items():
            self.people[no] = _with(person, removed=no not in self.links.values())


def _with(person, **changes):
    return type(person)(**{**{name: getattr(person, name) for name in person.__slots__}, **changes})


@settings(max_examples=500, deadline=None)
@given(batches)
def test_nobody_is_ever_tied_to_a_stranger(drawn):
    tables = Tables()
    for batch in drawn:
        found = tables.take(batch)
        assert found.linked + found.unchanged + len(found.faults) == len(batch)
        humans = {}
        for (_, atena_no), no in tables.links.items():
            humans.setdefault(no, set()).add(BIRTHS[atena_no])
        assert all(len(births) == 1 for births in humans.values())
        indexes = [p.index for p in tables.people.values() if p.index is not None]
        assert len(indexes) == len(set(indexes))
        assert set(tables.links.values()) <= set(tables.people)


@settings(max_examples=200, deadline=None)
@given(batches, st.permutations([1, 2, 3]), st.sampled_from([0, 10]))
def test_the_register_has_the_last_word_whatever_came_before(drawn, order, first):
    """After any mess the register's file with everybody's right number, told again, sets all residents right."""
    tables = Tables()
    for batch in drawn:
        tables.take(batch)
    right = {str(n): first + n for n in (1, 2, 3)}
    for _ in range(4):
        found = tables.take([("001", str(n), right[str(n)], False) for n in order])
    assert (found.faults, found.linked) == ([], 0)
    for atena_no, number in right.items():
        assert tables.people[tables.links["001", atena_no]].index == bytes([number])


# --- merging ----------------------------------------------------------------------------------------------------------

PEOPLE = 4
merges = st.lists(
    st.tuples(st.sampled_from(["merge", "undo"]), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)), max_size=12
)


@pytest.mark.django_db(databases=["unified_id"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=merges)
def test_merging_and_undoing_in_any_order(unified, drawn):
    """Oracle: a forest. A number answers for the root; undoing takes one edge out, the last ones first."""
    with transaction.atomic(using="unified_id"):
        facts = {"resident": False, "birth_date": None, "sex": None}
        unified.register(*[unified.row(str(n), my_number(n), **facts) for n in range(PEOPLE)], business="900")
        asked = ToUnifiedRequest(business_id="900", atena_nos=tuple(str(n) for n in range(PEOPLE)))
        numbers = unified.link.call(TO_UNIFIED, asked).numbers
        into = {}
        for what, one, other in drawn:
            if what == "merge":
                possible = one != other and one not in into and other not in into
                assert _merge(numbers[one], numbers[other]) == possible
                if possible:
                    into[one] = other
            else:
                possible = one in into and into[one] not in into
                assert _undo(numbers[one]) == possible
                if possible:
                    del into[one]
        for n, number in enumerate(numbers):
            person = Person.objects.using("unified_id").get(pk=number)
            assert person.merged_into_id == (numbers[into[n]] if n in into else None)
            in_force = NumberRow.objects.using("unified_id").filter(person_id=number, ended_at__isnull=True).count()
            assert in_force == (0 if n in into else 1)
        asked = ToAtenaRequest(business_id="900", unified_nos=numbers)
        answered = unified.link.call(TO_ATENA, asked).numbers
        assert all(_root(int(atena), into) == _root(n, into) for n, atena in enumerate(answered))
        again = unified.link.call(TO_UNIFIED, ToUnifiedRequest(business_id="900", atena_nos=tuple("0123"))).numbers
        assert again == tuple(numbers[_root(n, into)] for n in range(PEOPLE))
        transaction.set_rollback(True, using="unified_id")


def _root(n, into):
    while n in into:
        n = into[n]
    return n


def _merge(source, target):
    try:
        merge_persons(
            using="unified_id", source=source, target=target, reason="同じ人", by="S1",
            audit=Recorder(Origin("S1")), at=AT,
        )  # fmt: skip
    except CannotMerge:
        return False
    return True


def _undo(source):
    merge = Merge.objects.using("unified_id").filter(source_id=source, undone_at__isnull=True).first()
    try:
        if merge is None:
            return False
        unmerge_persons(
            using="unified_id", merge_id=merge.pk, reason="別の人", by="S2", audit=Recorder(Origin("S2")), at=AT
        )
    except CannotUnmerge:
        return False
    return True
