"""`tasuke accounts`: what cannot be done on a screen yet, because nobody can sign in."""

from typing import Annotated

import typer

from tasuke.cli.data import Person, ProfileName, begin
from tasuke.cli.output import Exit, messages, stop, write_json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def accounts() -> None:
    """最初の管理者と端末。"""


@app.command("first")
def first(
    by: Person,
    person: Annotated[list[str], typer.Option(help="管理者の職員ID(二人)")],
    name: Annotated[list[str], typer.Option(help="管理者の氏名(同じ順)")],
    profile: ProfileName = None,
) -> None:
    """最初の二人の管理者を登録し、PINと認証アプリの鍵を一度だけ示す。"""
    if len(person) != len(name):
        stop("--person と --name は同じ数だけ指定します。", status=Exit.WRONG_USE)
    begin(profile)
    from django.core.exceptions import ValidationError

    from tasuke.deploy.clock import now
    from tasuke.platform.access.services.found_administration import (
        AlreadyFounded,
        TwoPeopleNeeded,
        found_administration,
    )
    from tasuke.platform.accounts.services.create_user import PersonalIdTaken

    try:
        made = found_administration(people=list(zip(person, name, strict=True)), by=by, at=now())
    except (TwoPeopleNeeded, PersonalIdTaken) as error:
        stop(str(error), status=Exit.WRONG_USE)
    except ValidationError as error:
        stop("、".join(error.messages), status=Exit.WRONG_USE)
    except AlreadyFounded as error:
        stop(str(error), status=Exit.PROBLEMS)
    write_json(made)
    messages.print("それぞれの本人に渡し、この表示を残さないでください。PINは最初のサインインで変わります。")


@app.command("terminal")
def terminal(
    label: Annotated[str, typer.Argument(help="端末名")],
    by: Person,
    office: Annotated[str, typer.Option(help="区のコード(本庁は空)")] = "",
    profile: ProfileName = None,
) -> None:
    """端末の登録番号を出す(15分有効、一度だけ使える)。"""
    begin(profile)
    from tasuke.deploy.clock import now
    from tasuke.platform.accounts.services.prepare_terminal import TerminalLabelTaken, prepare_terminal

    try:
        made, ticket = prepare_terminal(label=label, office=office, by=by, at=now())
    except TerminalLabelTaken as error:
        stop(str(error), status=Exit.PROBLEMS)
    write_json({"terminal": made.pk, "label": made.label, "ticket": ticket})
