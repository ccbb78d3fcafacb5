"""A scheme as it stands: versions, and every value with its source and whether somebody has confirmed it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.confirmation import still_unconfirmed
from tasuke.schemes.definition import NoVersionInForce, Scheme, Source, is_unconfirmed
from tasuke.schemes.profile import Confirmation, Profile
from tasuke.systems.subsidy.settings.words import in_words

# a version and a period of copayment rules may begin on the same day: the kind tells them apart, in keys too
WHO, COPAYMENT = "who", "copayment"
_CLASSES = re.compile(r"区分 ([a-z0-9_-]+(?:・[a-z0-9_-]+)*)")


class UnknownRules(LookupError):
    """The municipality does not run this scheme, or the scheme has no such block of rules."""


@dataclass(frozen=True, slots=True)
class Value:
    """One table in words. unconfirmed: by the scheme; confirmation: who has looked it up for this municipality."""

    key: str
    title: str
    words: str
    sources: Sequence[tuple[str, Source | None]]
    note: str
    unconfirmed: bool
    confirmation: Confirmation | None

    @property
    def open(self) -> bool:
        """未確認 and confirmed by nobody."""
        return self.unconfirmed and self.confirmation is None


@dataclass(frozen=True, slots=True)
class Block:
    """A version of who and how, or a period of copayment rules. open: values that nobody has confirmed."""

    id: str
    kind: str
    label: str
    start: date
    end: date | None
    current: bool
    open: int


@dataclass(frozen=True, slots=True)
class SchemeEntry:
    """One line of the list of schemes."""

    scheme: Scheme
    version: str
    unconfirmed: int
    open: int


def scheme_list(*, profile: Profile, on: date) -> list[SchemeEntry]:
    """The schemes of the municipality with the version of a day and what is still 未確認 in it."""
    entries = []
    for name in profile.schemes:
        scheme = load_scheme(name)
        try:
            version = scheme.version_on(on).label
        except NoVersionInForce:
            entries.append(SchemeEntry(scheme, "", 0, 0))
            continue
        left = still_unconfirmed(scheme, profile.confirmed_keys(name), on=on)
        entries.append(SchemeEntry(scheme, version, len(scheme.unconfirmed(on=on)), len(left)))
    return entries


def blocks_of(*, profile: Profile, scheme_id: str, on: date) -> tuple[Scheme, list[Block], list[Block]]:
    """The scheme, its versions and its periods of copayment rules. Raises UnknownRules."""
    if scheme_id not in profile.schemes:
        raise UnknownRules(scheme_id)
    scheme = load_scheme(scheme_id)
    left = Counter(
        (kind_of(value.key), owner)
        for value in still_unconfirmed(scheme, profile.confirmed_keys(scheme_id))
        for owner in value.versions
    )
    starts = [v.valid_from for v in scheme.version]
    ends = [*starts[1:], None]
    versions = [
        Block(v.id, WHO, v.label, v.valid_from, end, _holds(v.valid_from, end, on), left[WHO, v.id])
        for v, end in zip(scheme.version, ends, strict=True)
    ]
    rules = [
        Block(r.id, COPAYMENT, "一部負担金の規則", r.valid_from, r.valid_to, r.in_force_on(on), left[COPAYMENT, r.id])
        for r in scheme.copayment
    ]
    return scheme, versions, rules


def values_of(*, profile: Profile, scheme_id: str, kind: str, block: str, on: date) -> list[Value]:
    """Every value of a version or a period of rules, in the order of the scheme's file. Raises UnknownRules."""
    if scheme_id not in profile.schemes:
        raise UnknownRules(scheme_id)
    scheme = load_scheme(scheme_id)
    confirmed = {c.key: c for c in profile.confirmations if c.scheme == scheme_id}
    labels = class_labels(scheme)
    values = []
    for owner, key, table in scheme.sourced():
        if owner != block or kind_of(key) != kind:
            continue
        title, words = in_words(table)
        words = name_classes(words, labels)
        sources = [(name, scheme.sources.get(name)) for name in table.source.split()]
        doubtful = is_unconfirmed(table, on)
        values.append(Value(key, title, words, sources, table.note, doubtful, confirmed.get(key) if doubtful else None))
    if not values:
        raise UnknownRules(f"{scheme_id} {block}")
    return values


def class_labels(scheme: Scheme) -> dict[str, str]:
    """負担区分: key → label, of the newest version that has it."""
    return {rule.key: rule.label for version in scheme.version for rule in version.copay_class.rule}


def name_classes(words: str, labels: Mapping[str, str]) -> str:
    """Words in which 負担区分 stand by their labels instead of the scheme's keys."""
    return _CLASSES.sub(lambda m: "区分 " + "・".join(labels.get(key, key) for key in m[1].split("・")), words)


def kind_of(key: str) -> str:
    """Which of the two kinds of blocks a value belongs to."""
    return COPAYMENT if key.startswith("copayment.") else WHO


def _holds(start: date, end: date | None, on: date) -> bool:
    return start <= on and (end is None or on < end)
