"""The pages and schemas of docs/interfaces/contracts say what the contracts say, and the schemas take the examples."""

import importlib.util
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tasuke.contracts.book import CONTRACTS

DOCS = Path(__file__).parents[2] / "docs"


def _maker():
    spec = importlib.util.spec_from_file_location("make_contract_pages", DOCS / "make_contract_pages.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker


MAKER = _maker()


def test_every_page_is_current_and_none_is_left_over():
    written = {p.name: p.read_text("utf-8") for p in MAKER.FOLDER.iterdir()}
    told = "run .venv/bin/python docs/make_contract_pages.py"
    assert sorted(written) == sorted(MAKER.pages()), told
    assert [name for name, text in MAKER.pages().items() if written[name] != text] == [], told


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.id)
def test_the_published_schemas_are_valid_and_take_the_examples(contract):
    published = json.loads((MAKER.FOLDER / f"{contract.id}.v{contract.version}.json").read_text("utf-8"))
    assert (published["contract"], published["version"]) == (contract.id, contract.version)
    assert set(published["operations"]) == {o.name for o in contract.operations}
    for operation in published["operations"].values():
        for side in ("request", "reply"):
            Draft202012Validator.check_schema(operation[side])
            checker = Draft202012Validator(operation[side])
            assert list(checker.iter_errors(operation["example"][side])) == []
            assert list(checker.iter_errors({**operation["example"][side], "surplus": 1}))


def test_the_index_lists_every_contract():
    index = (DOCS / "interfaces" / "index.md").read_text("utf-8")
    missing = [c.id for c in CONTRACTS if f"(contracts/{c.id}.md)" not in index or c.title not in index]
    assert missing == []
