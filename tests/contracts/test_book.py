"""Every contract holds what it promises: an example for each operation that its messages accept and give back."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tasuke.contracts.book import CONTRACTS, operation_at
from tasuke.contracts.kit import Contract, Operation, json_schema

OPERATIONS = [(contract, operation) for contract in CONTRACTS for operation in contract.operations]
_ids = [f"{c.id}.{o.name}" for c, o in OPERATIONS]


@pytest.mark.parametrize(("contract", "operation"), OPERATIONS, ids=_ids)
def test_examples_are_accepted_and_travel_unchanged(contract: Contract, operation: Operation[Any, Any]) -> None:
    example = contract.examples[operation.name]
    for side, message in (("request", operation.request), ("reply", operation.reply)):
        read = message.model_validate_json(json.dumps(example[side]))
        again = message.model_validate_json(read.model_dump_json())
        assert again == read


@pytest.mark.parametrize(("contract", "operation"), OPERATIONS, ids=_ids)
def test_an_unknown_field_is_refused(contract: Contract, operation: Operation[Any, Any]) -> None:
    with pytest.raises(ValidationError):
        operation.request.model_validate({**contract.examples[operation.name]["request"], "surplus": 1})


def test_every_address_is_there_once() -> None:
    paths = [operation.path for _, operation in OPERATIONS]
    assert len(set(paths)) == len(paths)
    assert all(operation_at(o.contract, o.version, o.name) is o for _, o in OPERATIONS)


def test_every_operation_of_a_contract_has_its_id_and_version() -> None:
    assert all((o.contract, o.version) == (c.id, c.version) for c, o in OPERATIONS)


@pytest.mark.parametrize(("contract", "operation"), OPERATIONS, ids=_ids)
def test_schemas_forbid_what_they_do_not_name(contract: Contract, operation: Operation[Any, Any]) -> None:
    assert json_schema(operation.request)["additionalProperties"] is False
