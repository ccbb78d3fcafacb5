"""Reads `[[copayment]]` blocks by themselves: for rules of other municipalities, trials and tests."""

import tomllib

from pydantic import BaseModel, ConfigDict

from tasuke.schemes.copayment.definition import CopaymentRules


class RulesFile(BaseModel):
    """A TOML file that holds nothing of a scheme but its copayment rules (other top-level keys are ignored)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    copayment: tuple[CopaymentRules, ...]


def parse_rules(text: str) -> RulesFile:
    """The blocks of a TOML text. Raises tomllib.TOMLDecodeError and pydantic.ValidationError."""
    return RulesFile.model_validate(tomllib.loads(text))
