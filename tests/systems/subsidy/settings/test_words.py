"""Every table of every scheme has words: nobody reads a code or an empty line on the screen of the rules."""

import re

import pytest

from tasuke.schemes.catalogue_loader import load_all
from tasuke.systems.subsidy.settings.words import in_words

TABLES = [(s.id, owner, key, table) for s in load_all() for owner, key, table in s.sourced()]
CODE = re.compile(r"\b[a-z]{4,}(_[a-z]+)*\b")


@pytest.mark.parametrize("scheme", sorted({t[0] for t in TABLES}))
def test_every_table_says_something_in_japanese(scheme):
    for _, owner, key, table in (t for t in TABLES if t[0] == scheme):
        title, words = in_words(table)
        assert title, (owner, key)
        assert words, (owner, key)
        assert not CODE.search(title), (owner, key, title)
        assert type(table).__name__ not in words
        assert "None" not in words, (owner, key, words)


def test_words_of_a_limit_name_every_number_of_dependents():
    table = next(t for _, _, key, t in TABLES if key == "table.jidoteate")
    _, words = in_words(table)
    assert "扶養0人 6,220,000円" in words
    assert "以後1人につき380,000円" in words
