"""Whatever the chain's screens name has a name in Japanese."""

import pytest

from tasuke.contracts.book import CONTRACTS
from tasuke.contracts.distribution import PUT_HOUSEHOLDS
from tasuke.contracts.inquiry import ASK, CANCEL
from tasuke.contracts.mediation import WANT_CODES
from tasuke.contracts.unified import REGISTER
from tasuke.contracts.words import business_title, operation_title, system_title
from tasuke.deploy.chain.grants import GRANTS

POSTED = (PUT_HOUSEHOLDS, REGISTER, WANT_CODES, ASK, CANCEL)


@pytest.mark.parametrize("system", sorted({name for pair in GRANTS for name in pair} | {c.provider for c in CONTRACTS}))
def test_every_system_of_the_chain_has_a_name(system):
    assert not system_title(system).isascii()


@pytest.mark.parametrize("operation", POSTED, ids=lambda o: o.name)
def test_every_operation_that_waits_in_an_outbox_has_a_name(operation):
    assert not operation_title(operation.name, contract=operation.contract).isascii()


def test_what_has_no_name_stands_as_it_is():
    assert (system_title("x"), business_title("XYZ"), operation_title("y", contract="x")) == ("x", "XYZ", "x y")
