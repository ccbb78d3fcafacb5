"""Commands on numbers: does the check digit of an insurer, a 公費 or any other number hold."""

import sys
from typing import Annotated

import typer

from tasuke.cli.output import Exit, show_problems, stop, write_json
from tasuke.core.numbers import NumberCheck, NumberKind, check_number

app = typer.Typer(no_args_is_help=True)


@app.callback()
def number() -> None:
    """番号と検査数字。"""


@app.command("check")
def check(
    kind: Annotated[str, typer.Argument(help=" ".join(NumberKind))],
    value: Annotated[str, typer.Argument(help="番号。- なら標準入力から読む(個人番号を履歴に残さないため)")],
) -> None:
    """番号の桁数・構造・検査数字を調べ、結果をJSONで出す。"""
    wanted = _kind(kind)
    if wanted is None:
        stop(f"種類「{kind}」はありません: {', '.join(NumberKind)}", status=Exit.WRONG_USE)
    result = check_number(wanted, sys.stdin.readline() if value == "-" else value)
    show_problems(result.problems)
    write_json(_as_json(result))
    raise typer.Exit(int(Exit.PROBLEMS if result.problems else Exit.GOOD))


def _kind(text: str) -> NumberKind | None:
    """By its value (insurer_no) or its name (INSURER, insurer)."""
    plain = text.strip().lower().replace("-", "_")
    return next((k for k in NumberKind if plain in (k.value, k.name.lower())), None)


def _as_json(result: NumberCheck) -> dict[str, object]:
    """What was found; of a 個人番号 the digits are never printed."""
    found: dict[str, object] = {"kind": result.kind, "valid": result.valid}
    if result.kind is not NumberKind.MY_NUMBER:
        found |= {"value": result.value, "body": result.body, "check_digit": result.check_digit, "parts": result.parts}
    return {**found, "problems": result.problems, "note": result.note}
