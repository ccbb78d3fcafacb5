"""Re-run a decision from what it kept: the facts, the day and the version. Nothing of today's register is read."""

import json
from dataclasses import dataclass
from datetime import date

from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.facts import parse_facts, to_frames
from tasuke.schemes.reasons import ReasonCode
from tasuke.systems.subsidy.entitlements.models import Decision
from tasuke.systems.subsidy.profile import active_profile


class RulesChanged(Exception):
    """The catalogue's version of that day is not the one that the decision was made by."""

    def __init__(self, decision: Decision, found: str) -> None:
        super().__init__(f"決定 {decision.pk} の規則({decision.version_hash[:12]})と今の規則({found[:12]})が違います")
        self.found = found


@dataclass(frozen=True, slots=True)
class Rerun:
    """The result of the facts that were kept. same: it is what was decided then."""

    outcome: str
    reasons: tuple[str, ...]
    start: date | None
    end: date | None
    same: bool


def rerun_decision(*, using: str, decision_id: int) -> Rerun:
    """Judge again what a decision kept. Raises RulesChanged when the version has another hash today.

    A loss and a renewal that ended an entitlement count as the same when the facts still lead to a rejection for the
    reasons kept. What a city has confirmed of 未確認 rules since then does not count.
    """
    decision = Decision.objects.using(using).get(pk=decision_id)
    scheme = load_scheme(decision.scheme)
    found = scheme.version_on(decision.judged_on).hash
    if found != decision.version_hash:
        raise RulesChanged(decision, found)
    facts, problems = parse_facts(json.dumps(decision.facts).encode(), f"decision {decision_id}")
    if facts is None:
        raise ValueError("\n".join(str(p) for p in problems))
    persons, incomes = to_frames(facts)
    confirmed = active_profile().confirmed_keys(scheme.id)
    row = assess(scheme, persons, incomes, decision.judged_on, confirmed).row(0, named=True)
    reasons = tuple(row["reasons"])
    return Rerun(
        outcome=row["outcome"],
        reasons=reasons,
        start=row["start"],
        end=row["end"],
        same=_weighty(reasons) == _weighty(decision.reasons) and _agrees(decision, row["outcome"]),
    )


def _weighty(reasons: tuple[str, ...] | list[str]) -> list[str]:
    return [r for r in reasons if r != ReasonCode.UNCONFIRMED_RULE]


def _agrees(decision: Decision, outcome: str) -> bool:
    # a loss by notice (喪失届) ends what the rules alone would let go on
    return outcome == decision.outcome or (decision.outcome == "lost" and outcome in ("rejected", "eligible"))
