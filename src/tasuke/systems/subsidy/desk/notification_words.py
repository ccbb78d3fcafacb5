"""A 届出 and what it changes, in the words of the paper. Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import polars as pl

from tasuke.core.wareki import to_wareki_short
from tasuke.formats.application_feed import CHANNELS, SINGLE_PARENT_REASONS
from tasuke.systems.subsidy.desk import words
from tasuke.systems.subsidy.desk.models import NotificationKind

RELATIONS = {"1": "本人の別の住所", "2": "施設・病院", "3": "成年後見人など", "4": "代理人・親族", "9": "その他"}
LOSS_REASONS = {
    "1": "市外への転出",
    "2": "死亡",
    "3": "ほかの医療費助成・生活保護",
    "4": "婚姻・事実婚",
    "5": "医療保険がなくなった",
    "6": "本人の申出(辞退)",
    "9": "その他",
}
CHANNEL_WORDS = CHANNELS

Row = Mapping[str, Any]


def fact_changes(
    kind: NotificationKind, before: pl.DataFrame, after: pl.DataFrame, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of the kind's history that go and come: name, before and after in words, person by person.

    before, after: current rows of the persons (start, end and the table's columns). names: 宛名番号 → name.
    """
    changes = []
    for no in sorted({*before["atena_no"], *after["atena_no"]}):
        old = _lines(kind, before.filter(atena_no=no), names)
        new = _lines(kind, after.filter(atena_no=no), names)
        if old != new:
            changes.append(
                {
                    "atena_no": no,
                    "name": names.get(no, no),
                    "before": [line for line in old if line not in new],
                    "after": [line for line in new if line not in old],
                }
            )
    return changes


def _lines(kind: NotificationKind, rows: pl.DataFrame, names: Mapping[str, str]) -> list[str]:
    ordered = rows.sort("start").iter_rows(named=True)
    return [f"{_WORDS[kind](row, names)} ({_period(row['start'], row['end'])})" for row in ordered]


def _period(start: date, end: date | None) -> str:
    last = date.fromordinal(end.toordinal() - 1) if end else None
    return f"{to_wareki_short(start)}～{to_wareki_short(last) if last else ''}"


def _mailing(row: Row, names: Mapping[str, str]) -> str:
    parts = [_postal(row["postal_code"]), row["address"], row["address_detail"]]
    care_of = f"{row['addressee']} 気付" if row["addressee"] else ""
    return " ".join(part for part in (*parts, care_of) if part)


def _name(row: Row, names: Mapping[str, str]) -> str:
    return f"{row['name']} {row['name_kana']}".strip()


def _insurance(row: Row, names: Mapping[str, str]) -> str:
    kind = words.INSURANCE.get(row["insurance_kind"], row["insurance_kind"])
    relation = words.INSURED.get(row["insured_relation"], "")
    branch = f"-{row['branch_no']}" if row["branch_no"] else ""
    rate = f" {row['benefit_rate'] // 10}割" if row["benefit_rate"] else ""
    return f"{kind} {row['insurer_no']} {row['symbol']} {row['number']}{branch} {relation}{rate}".replace("  ", " ")


def _family(row: Row, names: Mapping[str, str]) -> str:
    other = row["other_atena_no"]
    return f"{words.RELATIONS.get(row['kind'], row['kind'])} {names.get(other, other)}"


def _account(row: Row, names: Mapping[str, str]) -> str:
    if row["public_account"] and not row["account_no"]:
        return "公金受取口座(照会前)"
    kind = words.ACCOUNT_KINDS.get(row["account_kind"], row["account_kind"])
    number = "*" * max(len(row["account_no"]) - 3, 0) + row["account_no"][-3:]
    return f"{row['bank_code']}-{row['branch_code']} {kind} {number} {row['holder_kana']}"


def _single_parent(row: Row, names: Mapping[str, str]) -> str:
    reason = str(SINGLE_PARENT_REASONS.get(row["reason"], row["reason"]))
    return f"{reason} 事実婚あり" if row["de_facto_spouse"] else reason


def _postal(code: str) -> str:
    return f"〒{code[:3]}-{code[3:]}" if code else ""


_WORDS: dict[NotificationKind, Callable[[Row, Mapping[str, str]], str]] = {
    NotificationKind.MAILING_ADDRESS: _mailing,
    NotificationKind.NAME: _name,
    NotificationKind.INSURANCE: _insurance,
    NotificationKind.FAMILY: _family,
    NotificationKind.ACCOUNT: _account,
    NotificationKind.SINGLE_PARENT: _single_parent,
}
