"""How every command speaks: JSON on stdout, messages on stderr, one meaning per exit status."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any, NoReturn

import typer
from rich.console import Console

from tasuke.core.problems import Problem

messages = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """Exit status of every command."""

    GOOD = 0
    PROBLEMS = 1
    WRONG_USE = 2


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def write_json(value: Any, *, line: bool = False) -> None:
    """One JSON value on stdout; line: on one line (JSON lines)."""
    text = json.dumps(value, ensure_ascii=False, indent=None if line else 2, default=_plain)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_problems(problems: Iterable[Problem], *, most: int = 50) -> None:
    """Problems on stderr, the first `most` of them."""
    listed = list(problems)
    for problem in listed[:most]:
        messages.print(str(problem), markup=False)
    if len(listed) > most:
        messages.print(f"… 他 {len(listed) - most:,} 件")


def stop(message: str, *, status: Exit) -> NoReturn:
    """Say why and end with a status."""
    messages.print(message, markup=False)
    raise typer.Exit(int(status))
