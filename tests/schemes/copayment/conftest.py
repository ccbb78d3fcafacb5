"""Rules and golden cases for the copayment tests."""

from pathlib import Path

import pytest

from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.copayment.files import parse_rules

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def rules_of():
    """The scheme of the catalogue ("@id") or the rules of another municipality (a file of this folder)."""

    def load(name):
        if name.startswith("@"):
            return load_scheme(name[1:])
        return parse_rules((HERE / "rules" / f"{name}.toml").read_text(encoding="utf-8"))

    return load
