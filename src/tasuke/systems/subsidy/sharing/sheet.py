"""What went over, as a file that the office can read: one line per person, codes in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from tasuke.contracts.sharing import ITEM_LABELS, SharedFacts, SharedPerson
from tasuke.core.shared_items import SharedItem
from tasuke.platform.export.tables import to_csv
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile
from tasuke.schemes.vocabulary import LABELS, Role
from tasuke.systems.subsidy.sharing.rules import labels

_SEXES = {"1": "男", "2": "女"}
Column = tuple[str, Callable[[SharedFacts], object]]


def sheet_of(persons: Sequence[SharedPerson], *, items: Sequence[SharedItem], scheme: str, profile: Profile) -> bytes:
    """CSV of those who were given: 宛名番号, the items, and what was left out for 支援措置."""
    columns = [column for item in items for column in _columns(scheme, profile)[item]]
    given = [(person, person.facts) for person in persons if person.facts is not None]
    cells: dict[str, list[str]] = {"宛名番号": [person.atena_no for person, _ in given]}
    for head, value in columns:
        cells[head] = [_text(value(facts)) for _, facts in given]
    cells["支援措置"] = [_protection(person) for person, _ in given]
    return to_csv(pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String)))


def _protection(person: SharedPerson) -> str:
    """A mark, also at who lives with somebody protected, where something is left out."""
    left_out = f"({'、'.join(labels(person.withheld))}は渡しません)" if person.withheld else ""
    return f"対象{left_out}" if person.protected else f"世帯に対象者{left_out}" if left_out else ""


def _columns(scheme: str, profile: Profile) -> Mapping[SharedItem, Sequence[Column]]:
    wards = {ward.code: ward.name for ward in profile.wards}
    classes = {r.key: r.label for version in load_scheme(scheme).version for r in version.copay_class.rule}
    roles: Mapping[Any, str] = LABELS[Role]
    special: dict[SharedItem, Sequence[Column]] = {
        "sex": [("性別", lambda f: _SEXES.get(f.sex or "", ""))],
        "ward": [(ITEM_LABELS["ward"], lambda f: wards.get(f.ward_code or "", ""))],
        "role": [("対象者区分", lambda f: roles.get(f.role, f.role))],
        "period": [("資格の開始日", lambda f: f.valid_from), ("資格の最終日", lambda f: f.last_day)],
        "copay_class": [("負担区分", lambda f: classes.get(f.copay_class or "", f.copay_class))],
        "application": [
            ("最後の申請の受付日", lambda f: f.application_on),
            ("最後の申請の状態", lambda f: f.application_state),
        ],
        "account": [("口座", _account)],
    }
    return {item: special.get(item) or [_plain(item)] for item in ITEM_LABELS}


def _plain(item: SharedItem) -> Column:
    def value(facts: SharedFacts) -> object:
        return getattr(facts, item)

    return ITEM_LABELS[item], value


def _account(facts: SharedFacts) -> str:
    account = facts.account
    if account is None:
        return ""
    parts = (account.bank_code, account.branch_code, account.account_kind, account.account_no, account.holder_kana)
    return " ".join(parts)


def _text(value: object) -> str:
    return "" if value is None else str(value)
