"""Limits as predicates: nothing, wards, schemes, and pairs that are not a product."""

from tasuke.platform.access import Scope

A, B = frozenset({"141313"}), frozenset({"141321"})
CHILDREN, SINGLE = frozenset({"kawasaki-shoni"}), frozenset({"kawasaki-hitorioya"})


def test_without_a_limit_every_row_is_permitted():
    scope = Scope.of([(None, None), (A, CHILDREN)])
    assert scope.sql("ward_code") == ("TRUE", [])
    assert scope.sql_pair(ward="w", scheme="s") == ("TRUE", [])
    assert scope.allows(ward=None)
    assert not scope.q()


def test_a_limit_of_wards_leaves_out_rows_without_a_ward():
    scope = Scope.of([(A, None)])
    assert scope.sql("r.ward_code") == ("r.ward_code = ANY(%s)", [["141313"]])
    assert scope.allows(ward="141313", scheme="anything")
    assert not scope.allows(ward=None)
    assert not scope.allows(ward="141321")


def test_two_grants_are_not_a_product():
    scope = Scope.of([(A, CHILDREN), (B, SINGLE)])
    assert scope.allows(ward="141313", scheme="kawasaki-shoni")
    assert not scope.allows(ward="141321", scheme="kawasaki-shoni")
    assert scope.sql_pair(ward="w", scheme="s") == (
        "((w = ANY(%s) AND s = ANY(%s)) OR (w = ANY(%s) AND s = ANY(%s)))",
        [["141313"], ["kawasaki-shoni"], ["141321"], ["kawasaki-hitorioya"]],
    )
    assert (scope.offices, scope.schemes) == (A | B, CHILDREN | SINGLE)


def test_no_grant_at_all_permits_no_row():
    scope = Scope.of([])
    assert not scope.allows(ward="141313")
    assert scope.sql("w") == ("w = ANY(%s)", [[]])
    assert scope.sql_pair(ward="w", scheme="s") == ("((w = ANY(%s) AND s = ANY(%s)))", [[], []])
