"""What rows lead to: properties that hold for every sequence of rows."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tasuke.systems.unified_id.decide import Facts, Known, Row, _Desk, _RowRefused, decide
from tasuke.systems.unified_id.my_number import MyNumber


def index(n):
    return None if n is None else n.to_bytes(2, "big")


rows = st.lists(
    st.builds(
        lambda business, atena, n, removed, resident, name: (business, atena, n, removed, resident, name),
        st.sampled_from(["001", "900", "031"]),
        st.sampled_from(["1", "2", "3"]),
        st.sampled_from([None, 1, 2, 3]),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["甲", "乙", ""]),
    ),
    max_size=25,
)


def as_rows(drawn):
    return [
        Row(i, (b, a), Facts(name), resident, removed, None if n is None else MyNumber(str(n)), index(n))
        for i, (b, a, n, removed, resident, name) in enumerate(drawn, start=1)
    ]


@settings(max_examples=300)
@given(rows)
def test_a_number_belongs_to_one_person_and_every_row_is_told_of_once(drawn):
    found = decide(as_rows(drawn), links={}, persons=[])
    indexes = [person.index for person, _ in found.new.values()]
    assert len(indexes) == len(set(indexes))
    assert found.linked + found.unchanged + len(found.faults) == len(drawn)
    assert set(found.links.values()) <= set(found.new)
    assert not found.unlinks
    assert not found.changed


def stored(found):
    """What the tables hold afterwards."""
    links = {link: no.replace("+", "U") for link, no in found.links.items()}
    return links, [replace(p, unified_no=p.unified_no.replace("+", "U")) for p, _ in found.new.values()]


@settings(max_examples=300)
@given(rows)
def test_the_same_rows_again_make_nobody_and_end_in_the_same_state(drawn):
    drawn = [(b, a, n and int(a), *rest) for b, a, n, *rest in drawn]  # nobody's number changes
    links, people = stored(decide(as_rows(drawn), links={}, persons=[]))
    again = decide(as_rows(drawn), links=links, persons=people)
    # a person who lost every link is found by number again, so nobody is made twice
    assert not again.new
    after = {**{k: v for k, v in links.items() if k not in again.unlinks}, **again.links}
    assert set(after.values()) <= {p.unified_no for p in people}


@settings(max_examples=300)
@given(rows, st.integers(0, 25))
def test_two_batches_come_to_the_same_as_one(drawn, cut):
    whole = decide(as_rows(drawn), links={}, persons=[])
    first = decide(as_rows(drawn)[:cut], links={}, persons=[])
    links, people = stored(first)
    desk = _Desk({}, [], ())
    for row in as_rows(drawn)[:cut]:
        with contextlib.suppress(_RowRefused):
            desk.take(row)
    second = decide(as_rows(drawn)[cut:], links=links, persons=people, former=desk.former - {p.index for p in people})
    assume(not second.ended)  # two numbers that change places do so in one file
    assume(not _leaving(as_rows(drawn)[cut:], links, people))
    assert whole.linked == first.linked + second.linked
    assert [f.code for f in whole.faults] == [f.code for f in first.faults] + [f.code for f in second.faults]
    assert len(whole.new) == len(first.new) + len(second.new)


def _leaving(rows, links, people):
    desk = _Desk(links, people, ())
    desk.expect(rows)
    return desk.leaving


def person(**more):
    return Known(
        **{"unified_no": "U1", "facts": Facts("甲"), "facts_of": "001", "resident": True, "index": index(1), **more}
    )


def one(business, atena="1", n=1, **more):
    number = None if n is None else MyNumber(str(n))
    return Row(1, (business, atena), Facts(more.pop("name", "甲")), number=number, index=index(n), **more)


def test_a_business_does_not_overwrite_what_the_register_of_residents_says():
    found = decide([one("900", name="乙")], links={("001", "1"): "U1"}, persons=[person()])
    assert found.links == {("900", "1"): "U1"}
    assert not found.changed


def test_a_business_writes_the_facts_of_somebody_who_is_no_resident():
    found = decide([one("900", name="乙")], links={}, persons=[person(resident=False)])
    assert found.changed["U1"].facts.name == "乙"


def test_the_register_of_residents_goes_before_all():
    before = person(facts=Facts("乙"), facts_of="900", resident=False)
    found = decide([one("001", resident=True)], links={("900", "1"): "U1"}, persons=[before])
    assert (found.changed["U1"].facts.name, found.changed["U1"].facts_of, found.changed["U1"].resident) == (
        "甲",
        "001",
        True,
    )


def test_a_number_without_a_person_cannot_be_linked():
    found = decide([one("900", n=None)], links={}, persons=[])
    assert [f.code for f in found.faults] == ["E0101"]


def test_a_business_number_alone_is_linked_by_the_same_number_elsewhere():
    found = decide([one("900", n=None)], links={("001", "1"): "U1"}, persons=[person()])
    assert found.links == {("900", "1"): "U1"}


def test_only_the_register_of_residents_changes_the_number_of_a_resident():
    links, people = {("001", "1"): "U1", ("900", "1"): "U1"}, [person()]
    assert [f.code for f in decide([one("900", n=2)], links=links, persons=people).faults] == ["E0004"]
    changed = decide([one("001", n=2, resident=True)], links=links, persons=people)
    assert changed.numbers["U1"][0] == index(2)


def test_a_number_from_before_a_change_makes_no_second_person():
    found = decide([one("900", atena="9")], links={}, persons=[], former=[index(1)])
    assert [f.code for f in found.faults] == ["E0004"]
    assert decide([one("001", atena="9")], links={}, persons=[], former=[index(1)]).new


def test_somebody_elses_number_is_a_contradiction():
    people = [person(), person(unified_no="U2", index=index(2))]
    links = {("001", "1"): "U1", ("900", "9"): "U2"}
    assert [f.code for f in decide([one("001", n=2)], links=links, persons=people).faults] == ["E0004"]
    # a number out of use is in nobody's way
    assert decide([one("001", n=2)], links={("001", "1"): "U1"}, persons=people).ended == {"U2"}


def test_who_was_removed_comes_back_with_the_same_number():
    found = decide([one("001", resident=True)], links={}, persons=[person(removed=True, resident=False)])
    assert found.revived == {"U1"}
    assert not found.new


WHOLE = {"birth_date": "2019-05-01", "sex": "2"}


def resident(atena, n, *, row=1, facts=None, **more):
    return Row(row, ("001", atena), facts or Facts("甲"), True, False, MyNumber(str(n)), index(n), **more)


def test_two_residents_never_share_a_number():
    """One 個人番号 typed for two children: the second is not told to be the first, a person looks."""
    links, people = {("001", "1"): "U1"}, [person()]
    found = decide([resident("2", 1)], links=links, persons=people)
    assert [f.code for f in found.faults] == ["E0004"]
    assert not found.links
    both = decide([resident("1", 1), resident("2", 1, row=2)], links={}, persons=[])
    assert [f.row for f in both.faults] == [2]
    assert both.links == {("001", "1"): "+0"}


@pytest.mark.parametrize("other", [Facts("甲", "2018-05-01", "2"), Facts("甲", "2019-05-01", "1")])
def test_a_business_cannot_join_somebody_of_another_birth_or_sex(other):
    before = person(facts=Facts("甲", **WHOLE))
    row = Row(1, ("900", "77"), other, number=MyNumber("1"), index=index(1))
    found = decide([row], links={("001", "1"): "U1"}, persons=[before])
    assert [f.code for f in found.faults] == ["E0004"]
    assert not found.links


@pytest.mark.parametrize("other", [Facts("乙", **WHOLE), Facts("甲"), Facts("甲", "2019", "3")])
def test_another_name_or_a_birth_known_in_part_contradicts_nobody(other):
    before = person(facts=Facts("甲", **WHOLE))
    row = Row(1, ("900", "77"), other, number=MyNumber("1"), index=index(1))
    assert decide([row], links={("001", "1"): "U1"}, persons=[before]).links == {("900", "77"): "U1"}


def test_the_register_takes_a_number_that_a_business_gave_to_a_stranger():
    before = person(facts=Facts("乙", "1985-03-02", "1"), facts_of="900", resident=False)
    row = resident("1", 1, facts=Facts("甲", **WHOLE))
    found = decide([row], links={("900", "77"): "U1"}, persons=[before])
    assert found.ended == {"U1"}
    assert found.links == {("001", "1"): "+0"}
    assert [(f.link, f.code) for f in found.notices] == [(("900", "77"), "E0004")]


def test_two_mixed_up_numbers_change_places_in_one_file():
    links = {("001", "1"): "U1", ("001", "2"): "U2"}
    people = [person(), person(unified_no="U2", index=index(2))]
    found = decide([resident("1", 2), resident("2", 1, row=2)], links=links, persons=people)
    assert not found.faults
    assert {no: changed[0] for no, changed in found.numbers.items()} == {"U1": index(2), "U2": index(1)}
    assert not found.ended


def test_a_number_that_is_passed_on_leaves_nobody_with_two():
    links = {("001", "1"): "U1", ("001", "2"): "U2"}
    people = [person(), person(unified_no="U2", index=index(2))]
    found = decide([resident("1", 2), resident("2", 3, row=2)], links=links, persons=people)
    assert {no: changed[0] for no, changed in found.numbers.items()} == {"U1": index(2), "U2": index(3)}
    alone = decide([resident("1", 2)], links=links, persons=people)
    assert [f.code for f in alone.faults] == ["E0004"]


def test_two_residents_cannot_both_move_to_one_number():
    links = {("001", "1"): "U1", ("001", "2"): "U2"}
    people = [person(), person(unified_no="U2", index=index(2))]
    found = decide([resident("1", 3), resident("2", 3, row=2)], links=links, persons=people)
    assert [(f.row, f.code) for f in found.faults] == [(2, "E0004")]
    assert {no: changed[0] for no, changed in found.numbers.items()} == {"U1": index(3)}
    assert not found.ended
