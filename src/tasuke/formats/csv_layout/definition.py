"""What a neutral CSV layout is: columns, codes, keys and cross-field rules, all as data.

The layouts are our own (no national standard covers the feeds of 医療費助成, formats.md §6.1); names and codes follow
the vocabulary of 住民基本台帳, 障害者福祉 and 児童手当 so that another system can write them without thinking.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Severity

EARLIEST = date(1868, 1, 1)  # 明治元年: nobody in a register is older
LATEST = date(2199, 12, 31)  # 9999-12-31 as "open end" of other systems is refused: the field is left empty instead


class Kind(StrEnum):
    """How the text of a field is read."""

    TEXT = "text"  # any text; line breaks are allowed inside quotes
    DIGITS = "digits"  # a number that is a name: leading zeros count, never computed with
    DIGITS_LIST = "digits_list"  # several of them, separated by a semicolon
    INT = "int"  # amounts in yen, counts, years
    DATE = "date"  # ISO 8601, 2026-11-21
    FLAG = "flag"  # 1 or 0
    CODE = "code"  # one of a table


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a layout.

    name: column of the frame; label: header in the file; max_length: in characters as a reader counts them (a base and
    its variation selector are one); lengths: the only lengths allowed (digits); values: the only integers allowed;
    pattern: a regular expression that a text must match as a whole; pattern_hint: that rule in Japanese;
    hyphens: hyphens are taken out (postal codes); check: check digit that is looked at (a warning, never a refusal);
    check_lengths: lengths at which it is looked at (empty: all).
    """

    name: str
    label: str
    kind: Kind
    required: bool = True
    max_length: int | None = None
    codes: dict[str, str] | None = None
    lengths: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    minimum: int = 0
    maximum: int = 999_999_999_999
    pattern: str | None = None
    pattern_hint: str = ""
    hyphens: bool = False
    check: NumberKind | None = None
    check_lengths: tuple[int, ...] = ()
    note: str = ""
    example: str = ""

    @property
    def dtype(self) -> pl.DataType:
        """Type of the column in the frame."""
        return _DTYPES.get(self.kind, pl.String())


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule over several fields of one row. broken: true where the row breaks it (null counts as false)."""

    code: str
    field: str
    message: str
    broken: pl.Expr
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Key:
    """A business key within one file. The first row stands; a later one with the same key is reported.

    With severity ERROR the later row is left out; with WARNING it is used.
    """

    fields: tuple[str, ...]
    message: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One feed: id (file name of its page), title (Japanese), version, columns in the order of the file."""

    id: str
    title: str
    version: str
    fields: tuple[Field, ...]
    keys: tuple[Key, ...] = ()
    rules: tuple[Rule, ...] = ()
    purpose: str = ""
    notes: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Columns of the parsed frame: `line` (1-based physical line) and then one per field."""
        return {"line": pl.Int64(), **{f.name: f.dtype for f in self.fields}}

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when the layout has none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


_DTYPES: dict[Kind, pl.DataType] = {Kind.INT: pl.Int64(), Kind.DATE: pl.Date(), Kind.FLAG: pl.Boolean()}
