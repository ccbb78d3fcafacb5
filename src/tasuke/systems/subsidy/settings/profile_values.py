"""What the municipality's profile says beside the schemes, in words: numbers, procedure, confirmed values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tasuke.core.calendar import to_wareki
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Confirmation, PayerNumber, Profile
from tasuke.systems.subsidy.settings.rules import COPAYMENT, class_labels, kind_of, name_classes
from tasuke.systems.subsidy.settings.words import in_words

FUNDING = {"prefecture": "都道府県補助", "city": "市単独"}
NOTIFICATIONS = {
    "mailing_address": "送付先",
    "name": "氏名・通称",
    "insurance": "医療保険",
    "family": "生計維持者・扶養義務者",
    "account": "振込口座",
    "single_parent": "ひとり親等の状況",
    "loss": "資格の喪失",
}


@dataclass(frozen=True, slots=True)
class NumberLine:
    """公費負担者番号 with the part of the scheme that it stands for, in words."""

    number: PayerNumber
    band: str
    copay_class: str
    funding: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A value that was 未確認: what it is about, what it says, in which version; and who confirmed it.

    block, kind: where the page of the scheme's values shows it; "" when the scheme no longer has the value.
    """

    confirmation: Confirmation
    title: str
    words: str
    version: str
    block: str
    kind: str


def number_lines(profile: Profile) -> list[NumberLine]:
    """公費負担者番号 in the order of the profile."""
    lines = []
    for number in profile.payer_numbers:
        scheme = load_scheme(number.scheme)
        bands = {band.key: band.label for version in scheme.version for band in version.who.band}
        classes = class_labels(scheme)
        lines.append(
            NumberLine(
                number,
                bands.get(number.band, number.band) if number.band else "",
                classes.get(number.copay_class, number.copay_class) if number.copay_class else "",
                FUNDING[number.funding] if number.funding else "",
            )
        )
    return lines


def confirmed_values(profile: Profile) -> list[Confirmed]:
    """Every confirmation with the value as the scheme states it, by scheme and in the order of its file."""
    tables = {}
    for name in profile.schemes:
        scheme = load_scheme(name)
        labels, classes = {version.id: version.label for version in scheme.version}, class_labels(scheme)
        for place, (owner, key, table) in enumerate(scheme.sourced()):
            kind = kind_of(key)
            version = f"{to_wareki(date.fromisoformat(owner))}からの診療分" if kind == COPAYMENT else labels[owner]
            title, words = in_words(table)
            tables[name, key] = (place, title, name_classes(words, classes), version, owner, kind)
    found = []
    for said in profile.confirmations:
        place, *told = tables.get(
            (said.scheme, said.key), (0, said.key, "制度の定義に、この値はもうありません", "", "", "")
        )
        found.append((profile.schemes.index(said.scheme), place, Confirmed(said, *told)))
    return [line for _, _, line in sorted(found, key=lambda one: one[:2])]


def checked_notifications(profile: Profile) -> Sequence[str]:
    """Kinds of 届出 that another person compares with the paper, in words."""
    return [NOTIFICATIONS[kind] for kind in profile.processing.checked_notifications]
