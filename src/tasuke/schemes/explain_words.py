"""Words for rules and values, for the explanation of a decision."""

from dataclasses import dataclass
from datetime import date

from tasuke.core.calendar import to_wareki
from tasuke.schemes.copayment.definition import AgePoint, AgeSwitch, Sourced
from tasuke.schemes.definition import LimitTable, StartCase
from tasuke.schemes.vocabulary import label_of
from tasuke.schemes.who_columns import COVERAGE_MASK

_AGE_WORDS = {
    AgeSwitch.APRIL: "{age}歳に達する日以後最初の3月31日まで",
    AgeSwitch.BIRTHDAY: "{age}歳の誕生日の前日まで",
    AgeSwitch.ATTAIN: "{age}歳に達する日の前日まで",
    AgeSwitch.NEXT_MONTH: "{age}歳に達する日の属する月の末日まで",
}


@dataclass(frozen=True, slots=True)
class Marks:
    """Which tables of a version are 未確認 and not confirmed by the municipality, by identity."""

    tables: frozenset[int]

    def of(self, table: Sourced) -> bool:
        """True when this table is still 未確認."""
        return id(table) in self.tables


def day_words(day: date | None) -> str:
    """令和7年4月1日, or that nobody knows."""
    return "不明" if day is None else to_wareki(day)


def yen_words(amount: int | None) -> str:
    """1,234円, or that nobody knows."""
    return "不明" if amount is None else f"{amount:,}円"


def limit_words(point: AgePoint | None) -> str:
    """The rule of an age limit."""
    return "上限なし" if point is None else _AGE_WORDS[point.switch].format(age=point.age)


def coverage_words(mask: int) -> str:
    """入院・通院, 入院のみ, 通院のみ, なし."""
    return next((label_of(word) for word, number in COVERAGE_MASK.items() if number == mask), "なし")


def start_words(case: StartCase) -> str:
    """The rule of a start day."""
    words = f"{label_of(case.rule)}から"
    if case.otherwise is None:
        return words
    limits = [f"事由から{case.within_days}日以内"] if case.within_days is not None else []
    limits += ["事由と同じ月"] if case.same_month else []
    return f"{'または'.join(limits)}の申請は{words}、遅れたときは{label_of(case.otherwise)}から"


def table_words(table: LimitTable) -> str:
    """A limit table in one line."""
    basis = "一律控除の控除後" if table.basis == "after_flat" else "一律控除の控除前"
    amounts = "・".join(f"{n}人 {limit:,}円" for n, limit in enumerate(table.limits))
    parts = [f"{table.label}: {amounts}、以降1人につき{table.per_additional:,}円"]
    if table.elderly:
        less = "(他に扶養親族等がなければ1人を除く)" if table.elderly_except_one else ""
        parts.append(f"老人扶養1人につき{table.elderly:,}円加算{less}")
    if table.specific:
        parts.append(f"特定扶養・16〜18歳1人につき{table.specific:,}円加算")
    return "。".join([*parts, f"{basis}の所得と比べる"])
