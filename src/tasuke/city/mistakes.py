"""Mistakes put in on purpose, each with a row in planted.csv, so that a system can be told what it found and missed."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
import polars as pl

from tasuke.city.draw import Ints, digits, stream, weight21, with_weight21


class MistakeKind(StrEnum):
    """What is wrong with a planted row."""

    DUPLICATE_IN_FILE = "duplicate_in_file"
    DUPLICATE_ACROSS_MONTHS = "duplicate_across_months"
    AFTER_LOSS = "after_loss"
    BEFORE_START = "before_start"
    RECIPIENT_CHECK_DIGIT = "recipient_check_digit"
    RECIPIENT_UNKNOWN = "recipient_unknown"
    RECIPIENT_OF_OTHER = "recipient_of_other"
    WRONG_PAYER = "wrong_payer"
    WRONG_BIRTH_DATE = "wrong_birth_date"
    COPAY_TOO_LOW = "copay_too_low"
    COPAY_TOO_HIGH = "copay_too_high"
    INSURER_DIFFERS = "insurer_differs"
    IN_KIND_AND_RECEIPT = "in_kind_and_receipt"
    SCHEME_PRIORITY = "scheme_priority"
    RETROACTIVE_LOSS = "retroactive_loss"
    RECEIPT_TOO_LATE = "receipt_too_late"
    RECEIPT_DOUBLED = "receipt_doubled"
    ACCOUNT_UNUSABLE = "account_unusable"


@dataclass(frozen=True, slots=True)
class MistakeRates:
    """Part of the claims of a month that is spoiled, by kind; about 2 % together. Receipts: part of the receipts."""

    duplicate_in_file: float = 0.002
    duplicate_across_months: float = 0.002
    after_loss: float = 0.002
    before_start: float = 0.001
    recipient_check_digit: float = 0.001
    recipient_unknown: float = 0.001
    recipient_of_other: float = 0.001
    wrong_payer: float = 0.001
    wrong_birth_date: float = 0.0015
    copay_too_low: float = 0.002
    copay_too_high: float = 0.002
    insurer_differs: float = 0.0015
    in_kind_and_receipt: float = 0.001
    scheme_priority: float = 0.001
    receipt_too_late: float = 0.02
    receipt_doubled: float = 0.02

    @property
    def total(self) -> float:
        """Part of the claims that is spoiled (receipts apart)."""
        return float(sum(getattr(self, f.name) for f in fields(self) if not f.name.startswith("receipt_")))


NO_MISTAKES = MistakeRates(**{f.name: 0.0 for f in fields(MistakeRates)})

PLANTED_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "file": pl.String,
    "line": pl.Int64,
    "kind": pl.String,
    "atena_no": pl.String,
    "recipient_no": pl.String,
    "amount": pl.Int64,
    "note": pl.String,
}
_MARKS: dict[str, pl.DataType | type[pl.DataType]] = {"kind": pl.String, "note": pl.String, "amount": pl.Int64}


@dataclass(frozen=True, slots=True)
class Material:
    """What a month's mistakes are made from.

    lost / early: recipients after their loss, and before their start (rows like the month's recipients, with days);
    other_numbers: (pid, payer_no, recipient_no) of a scheme that gives way to the one in force.
    """

    numbers: pl.DataFrame
    payer_numbers: list[str]
    insurers: list[str]


def with_marks(claims: pl.DataFrame) -> pl.DataFrame:
    """Claims with empty columns for the mistake: kind, note, amount."""
    return claims.with_columns(pl.lit(None, dtype=t).alias(name) for name, t in _MARKS.items())


def mark(rows: pl.DataFrame, kind: MistakeKind, note: str, amount: pl.Expr | None = None) -> pl.DataFrame:
    """Say what is wrong with the rows; amount: yen at stake (the subsidy unless said otherwise)."""
    value = amount if amount is not None else pl.col("subsidy")
    return rows.with_columns(kind=pl.lit(kind.value), note=pl.lit(note), amount=value.cast(pl.Int64))


def _wrong_digit(numbers: pl.Series) -> pl.Series:
    body = numbers.cast(pl.Int64).to_numpy() // 10
    digit = (weight21(body, len(str(numbers[0] or "")) or 7) + 3) % 10
    width = len(str(numbers[0])) if len(numbers) else 7
    return digits(body * 10 + digit, width)


def _recipient_check_digit(rows: pl.DataFrame, _: Material, __: np.random.Generator) -> pl.DataFrame:
    changed = rows.with_columns(recipient_no=_wrong_digit(rows["recipient_no"]))
    return mark(changed, MistakeKind.RECIPIENT_CHECK_DIGIT, "検証番号の合わない受給者番号")


def _recipient_unknown(rows: pl.DataFrame, _: Material, rng: np.random.Generator) -> pl.DataFrame:
    numbers = with_weight21(rng.integers(900_000, 999_999, rows.height), 6)
    return mark(rows.with_columns(recipient_no=numbers), MistakeKind.RECIPIENT_UNKNOWN, "交付していない受給者番号")


def _recipient_of_other(rows: pl.DataFrame, material: Material, rng: np.random.Generator) -> pl.DataFrame:
    """The number of another person of the same scheme."""
    parts = []
    for scheme in rows["scheme"].unique().sort().to_list():
        part = rows.filter(pl.col("scheme") == scheme)
        pool = material.numbers.filter(pl.col("scheme") == scheme)
        pick = rng.integers(0, pool.height, part.height)
        same = pool["pid"].gather(pick) == part["pid"]
        pick = np.where(same.to_numpy(), (pick + 1) % pool.height, pick)
        parts.append(part.with_columns(recipient_no=pool["recipient_no"].gather(pick)))
    changed = pl.concat(parts) if parts else rows
    return mark(changed, MistakeKind.RECIPIENT_OF_OTHER, "別の人の受給者番号")


def _wrong_payer(rows: pl.DataFrame, material: Material, rng: np.random.Generator) -> pl.DataFrame:
    """Another municipality's number, or ours with a wrong check digit."""
    body = rows["payer_no"].cast(pl.Int64).to_numpy() // 10
    other = with_weight21(body // 1000 * 1000 + (body % 1000 + rng.integers(31, 90, rows.height)) % 1000, 7)
    spoiled = _wrong_digit(rows["payer_no"]) if rows.height else other
    use = pl.Series(rng.random(rows.height) < 0.5)
    changed = rows.with_columns(payer_no=spoiled.zip_with(use, other))
    return mark(changed, MistakeKind.WRONG_PAYER, "公費負担者番号の誤り")


def _wrong_birth(rows: pl.DataFrame, _: Material, rng: np.random.Generator) -> pl.DataFrame:
    shift = rng.choice(np.array([-10, -1, 1, 9, 10], dtype=np.int64), rows.height)
    return mark(
        rows.with_columns(birth=pl.col("birth") + pl.Series(shift)),
        MistakeKind.WRONG_BIRTH_DATE,
        "生年月日の誤り",
        pl.lit(0),
    )


def _copay_low(rows: pl.DataFrame, _: Material, __: np.random.Generator) -> pl.DataFrame:
    return mark(
        rows.with_columns(copay=pl.lit(0, dtype=pl.Int64)),
        MistakeKind.COPAY_TOO_LOW,
        "一部負担金の徴収もれ",
        pl.col("burden"),
    )


def _copay_high(rows: pl.DataFrame, _: Material, __: np.random.Generator) -> pl.DataFrame:
    more = pl.min_horizontal(pl.lit(500, dtype=pl.Int64), pl.col("subsidy"))
    return mark(
        rows.with_columns(copay=pl.col("copay") + more), MistakeKind.COPAY_TOO_HIGH, "一部負担金の取りすぎ", more
    )


def _insurer(rows: pl.DataFrame, material: Material, rng: np.random.Generator) -> pl.DataFrame:
    """Another insurer of the same agency's kind: the register says otherwise."""
    pool = pl.Series(material.insurers)
    picked = pool.gather(rng.integers(0, len(pool), rows.height))
    following = pool.gather(rng.integers(0, len(pool) - 1, rows.height))
    changed = picked.zip_with(picked != rows["insurer_no"], following)
    changed = changed.zip_with(
        changed != rows["insurer_no"], pl.Series([material.insurers[-1]]).new_from_index(0, rows.height)
    )
    return mark(
        rows.with_columns(insurer_no=changed), MistakeKind.INSURER_DIFFERS, "保険者番号が資格情報と違う", pl.lit(0)
    )


_IN_PLACE: dict[MistakeKind, Callable[[pl.DataFrame, Material, np.random.Generator], pl.DataFrame]] = {
    MistakeKind.RECIPIENT_CHECK_DIGIT: _recipient_check_digit,
    MistakeKind.RECIPIENT_UNKNOWN: _recipient_unknown,
    MistakeKind.RECIPIENT_OF_OTHER: _recipient_of_other,
    MistakeKind.WRONG_PAYER: _wrong_payer,
    MistakeKind.WRONG_BIRTH_DATE: _wrong_birth,
    MistakeKind.COPAY_TOO_LOW: _copay_low,
    MistakeKind.COPAY_TOO_HIGH: _copay_high,
    MistakeKind.INSURER_DIFFERS: _insurer,
}


def _eligible_for(kind: MistakeKind) -> pl.Expr:
    """Claims on which the mistake can be seen."""
    if kind is MistakeKind.COPAY_TOO_LOW:
        return pl.col("burden") > 0
    if kind is MistakeKind.COPAY_TOO_HIGH:
        return (pl.col("subsidy") >= 200) & (pl.col("agency") == "1")
    if kind in (MistakeKind.INSURER_DIFFERS, MistakeKind.IN_KIND_AND_RECEIPT):
        return pl.col("agency") == "1"
    return pl.lit(value=True)


def expected_count(rate: float, total: int, seed: int, name: str) -> int:
    """How many of `total`: the rate with its fraction decided by chance."""
    exact = rate * total
    return int(exact) + int(stream(seed, f"count.{name}").random() < exact - int(exact))


def spoil_in_place(
    claims: pl.DataFrame, *, rates: MistakeRates, material: Material, seed: int, name: str
) -> pl.DataFrame:
    """Change some claims of the month; the others stay as they are. Rows keep their order."""
    free = claims.filter(pl.col("kind").is_null(), pl.col("national_payer").is_null())
    changed: list[pl.DataFrame] = []
    for kind, spoil in _IN_PLACE.items():
        rng = stream(seed, f"mistake.{kind.value}.{name}")
        pool = free.filter(_eligible_for(kind))
        wanted = min(
            pool.height, expected_count(getattr(rates, kind.value), claims.height, seed, f"{kind.value}.{name}")
        )
        if wanted == 0:
            continue
        rows = pool[np.sort(rng.choice(pool.height, wanted, replace=False))]
        free = free.join(rows.select("key"), on="key", how="anti", maintain_order="left")
        changed.append(spoil(rows, material, rng).select(claims.columns))
    if not changed:
        return claims
    spoiled = pl.concat(changed)
    rest = claims.join(spoiled.select("key"), on="key", how="anti", maintain_order="left")
    return pl.concat([rest, spoiled]).sort("key")


def copies(
    claims: pl.DataFrame, visits: pl.DataFrame, *, wanted: int, kind: MistakeKind, first_key: int, seed: int, name: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Exact copies of good claims under new keys: (claims, visits)."""
    rng = stream(seed, f"mistake.{kind.value}.{name}")
    pool = claims.filter(pl.col("kind").is_null())
    rows = pool[np.sort(rng.choice(pool.height, min(wanted, pool.height), replace=False))]
    keys = np.arange(first_key, first_key + rows.height, dtype=np.int64)
    table = rows.select("key").with_columns(new=pl.Series(keys))
    copied = visits.join(table, on="key", how="inner", maintain_order="left").with_columns(key="new").drop("new")
    note = "同じファイルの中の重複" if kind is MistakeKind.DUPLICATE_IN_FILE else "前の月のファイルと重複"
    return mark(rows.with_columns(key=pl.Series(keys)), kind, note), copied


def mark_retroactive(claims: pl.DataFrame, recipients: pl.DataFrame) -> pl.DataFrame:
    """Nobody's mistake: the certificate was good, and a later correction of an income takes it back. Rows keep their
    order. recipients: of the month, with `retroactive`."""
    lost = recipients.filter("retroactive").select("scheme", "pid").unique()
    hit = claims.join(lost, on=["scheme", "pid"], how="semi", maintain_order="left")
    if hit.is_empty():
        return claims
    marked = mark(hit, MistakeKind.RETROACTIVE_LOSS, "受診の後の所得の更正で資格が遡って消滅")
    rest = claims.join(marked.select("key"), on="key", how="anti", maintain_order="left")
    return pl.concat([rest, marked]).sort("key")


def rows_to_spoil(count: int, pool: int, seed: int, name: str) -> Ints:
    """Rows of a pool, without repetition, in order."""
    rng = stream(seed, f"rows.{name}")
    return np.sort(rng.choice(pool, min(count, pool), replace=False)).astype(np.int64)
