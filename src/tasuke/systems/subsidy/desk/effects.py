"""What a change does to entitlements, certificates and payments: two states of some persons, and their difference."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates.holders import NoCertificateSettings, holders_frame, settings_of
from tasuke.systems.subsidy.certificates.queries import certificates_in_hand
from tasuke.systems.subsidy.certificates.selection import select_certificates, select_recalls
from tasuke.systems.subsidy.certificates.wording import copayment_words
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile

RECALL = "recall"
_SPELLS = """
SELECT e.scheme, e.atena_no, e.recipient_no, lower(e.valid) AS since, upper(e.valid) AS until, e.coverage,
       e.copay_class, e.payer_no, e.loss_reason, r.name, r.birth_date
FROM subsidy_entitlement e
LEFT JOIN LATERAL (SELECT c.name, c.birth_date FROM subsidy_resident_record c
                   WHERE c.atena_no = e.atena_no AND c.recorded_to IS NULL ORDER BY lower(c.valid) DESC LIMIT 1) r
  ON TRUE
WHERE e.atena_no = ANY(%s) AND e.recorded_to IS NULL ORDER BY e.scheme, e.atena_no, lower(e.valid)
"""
_CHECKS = """
SELECT k.scheme, k.atena_no, k.missing_from::text AS missing_from, coalesce(k.due_on::text, '') AS due_on
FROM subsidy_insurance_check k WHERE k.atena_no = ANY(%s) AND k.closed_on IS NULL
"""
_CONCERNED = """
SELECT DISTINCT x.atena_no FROM (
  SELECT unnest(%(people)s::text[]) AS atena_no
  UNION ALL
  SELECT m.atena_no FROM subsidy_resident_record c JOIN subsidy_resident_record m ON m.household_no = c.household_no
  WHERE c.atena_no = ANY(%(people)s) AND c.recorded_to IS NULL AND m.recorded_to IS NULL
    AND c.valid @> %(on)s::date AND m.valid @> %(on)s::date
  UNION ALL
  SELECT r.other_atena_no FROM subsidy_relation r WHERE r.atena_no = ANY(%(people)s) AND r.recorded_to IS NULL
  UNION ALL
  SELECT r.atena_no FROM subsidy_relation r WHERE r.other_atena_no = ANY(%(people)s) AND r.recorded_to IS NULL
) x
"""

Spells = dict[tuple[str, str], list[Row]]


@dataclass(frozen=True, slots=True)
class PersonsState:
    """spells: (scheme, person) → entitlements in order of time; papers: (scheme, person) → what their certificate needs
    (act: a CertificateKind or RECALL, cause, recipient_no, certificate_id); checks: (scheme, person) → the open
    question after an insurance (missing_from, due_on)."""

    spells: Spells
    papers: dict[tuple[str, str], Row]
    checks: dict[tuple[str, str], Row]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a 届出 does, as JSON can keep it. on: the day up to which it was reckoned; later: a day to come."""

    on: str
    later: bool
    entitlements: list[Row]
    certificates: list[Row]
    checks: list[Row]
    facts: list[Row]
    remarks: list[str]

    @property
    def digest(self) -> str:
        """The same effect has the same digest: what was previewed is what is saved."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:32]

    def as_json(self) -> Row:
        """For the row that keeps it."""
        names = ("on", "later", "entitlements", "certificates", "checks", "facts", "remarks")
        return {name: getattr(self, name) for name in names}


def concerned_by(*, using: str, people: Sequence[str], on: date) -> list[str]:
    """Whose entitlements may change when something of these persons changes: they, their household, who names them."""
    return sorted(row["atena_no"] for row in fetch(using, _CONCERNED, {"people": list(people), "on": on}))


def state_of_persons(*, using: str, people: Sequence[str], on: date) -> PersonsState:
    """Their current entitlements, and what a run on `on` would do about their certificates."""
    spells: Spells = {}
    for row in fetch(using, _SPELLS, [list(people)]):
        spells.setdefault((row["scheme"], row["atena_no"]), []).append(row)
    papers: dict[tuple[str, str], Row] = {}
    for scheme in sorted({scheme for scheme, _ in spells}):
        papers |= _papers(using, scheme, pl.Series(sorted({no for s, no in spells if s == scheme})), on)
    checks = {(row["scheme"], row["atena_no"]): row for row in fetch(using, _CHECKS, [list(people)])}
    return PersonsState(spells, papers, checks)


def _papers(using: str, scheme: str, people: pl.Series, on: date) -> dict[tuple[str, str], Row]:
    """What select_certificates and select_recalls say of some persons."""
    try:
        settings = settings_of(active_profile(), scheme)
    except NoCertificateSettings:
        return {}
    entitled = entitlements_frame(using=using, scheme=scheme, atena_nos=people)
    holders = holders_frame(using=using, entitlements=entitled, on=on).filter(pl.col("name").is_not_null())
    held = certificates_in_hand(using=using, scheme=scheme, atena_nos=people.to_list())
    needed = select_certificates(holders, held, settings=settings, on=on)
    found = {
        (scheme, row["atena_no"]): {
            "act": row["kind"],
            "cause": row["cause"],
            "recipient_no": row["recipient_no"],
            "certificate_id": row["certificate_id"],
        }
        for row in needed.iter_rows(named=True)
    }
    for row in select_recalls(entitled, held, on=on).iter_rows(named=True):
        told = {"act": RECALL, "cause": "", "recipient_no": row["recipient_no"]}
        found[scheme, row["atena_no"]] = {**told, "certificate_id": row["certificate_id"]}
    return found


def changed_entitlements(before: PersonsState, without: PersonsState, after: PersonsState) -> list[Row]:
    """One row per scheme and person whose entitlement changes: before, after, and `own`: by the 届出 itself.

    without: as it would stand without the 届出; what changes there already is some other change not yet acted on.
    """
    rows = []
    for key in sorted({*before.spells, *after.spells}):
        old, new = before.spells.get(key, []), after.spells.get(key, [])
        if _shape(old) != _shape(new):
            own = _shape(without.spells.get(key, [])) != _shape(new)
            sample = (new or old)[0]
            rows.append(
                {
                    "scheme": key[0],
                    "atena_no": key[1],
                    "name": sample["name"] or key[1],
                    "before": [_told(row) for row in old],
                    "after": [_told(row) for row in new],
                    "own": own,
                    "verdict": _verdict(old, new),
                }
            )
    return rows


def changed_papers(before: PersonsState, after: PersonsState) -> list[Row]:
    """What their certificates need after the change and did not need before."""
    rows = []
    for (scheme, atena_no), need in sorted(after.papers.items()):
        if before.papers.get((scheme, atena_no)) != need:
            spells = after.spells.get((scheme, atena_no)) or before.spells.get((scheme, atena_no)) or [{}]
            rows.append({"scheme": scheme, "atena_no": atena_no, "name": spells[0].get("name") or atena_no, **need})
    return rows


def changed_checks(before: PersonsState, after: PersonsState) -> list[Row]:
    """Questions after an insurance that are opened (`open`) or answered by the change."""
    rows = []
    for key in sorted({*before.checks, *after.checks}):
        if before.checks.get(key) != after.checks.get(key):
            spells = after.spells.get(key) or before.spells.get(key) or [{}]
            name = spells[0].get("name") or key[1]
            rows.append({**(after.checks.get(key) or before.checks[key]), "name": name, "open": key in after.checks})
    return rows


def _shape(spells: list[Row]) -> list[tuple[Any, ...]]:
    return [(s["since"], s["until"], s["coverage"], s["copay_class"], s["payer_no"]) for s in spells]


def _verdict(old: list[Row], new: list[Row]) -> str:
    """lost, shorter, longer, gained or changed: by the last day."""
    if not new:
        return "lost"
    if not old:
        return "gained"
    last_old, last_new = old[-1]["until"] or date.max, new[-1]["until"] or date.max
    if last_old == last_new:
        return "changed"
    return "longer" if last_new > last_old else "shorter"


def _told(spell: Row) -> Row:
    """An entitlement as the page shows it: days in ISO, the copayment in words."""
    scheme = load_scheme(spell["scheme"])
    words = copayment_words(scheme, spell["copay_class"], spell["since"], spell["until"], spell["birth_date"])
    return {
        "since": spell["since"].isoformat(),
        "until": spell["until"].isoformat() if spell["until"] else "",
        "coverage": spell["coverage"],
        "copayment": words.partition("\n")[0],
        "payer_no": spell["payer_no"],
        "loss_reason": spell["loss_reason"],
    }
