"""Files of claims whose totals differ: which ones wait, and what a person decided."""

from typing import Annotated

import typer

from tasuke.cli.data import Person, ProfileName, begin, seal
from tasuke.cli.output import Exit, stop, write_json

app = typer.Typer(no_args_is_help=True)
_NOTE_LENGTH = 400


@app.command("list")
def list_held(profile: ProfileName = None) -> None:
    """合計が明細と合わず、人の判断を待っているレセプトのファイルを一覧する。"""
    begin(profile)
    from tasuke.deploy.clock import TOKYO
    from tasuke.platform.exchange.models import InboundFile, InboundState

    waiting = InboundFile.objects.using("subsidy").filter(kind="claims", state=InboundState.HELD).order_by("pk")
    write_json(
        [
            {
                "file": f.pk,
                "name": f.name,
                "reason": f.reason,
                "received_at": f.received_at.astimezone(TOKYO),
                "received_by": f.received_by,
            }
            for f in waiting
        ]
    )


@app.command("decide")
def decide(
    file: Annotated[int, typer.Argument(help="ファイルの番号(tasuke held list の file)")],
    by: Person,
    note: Annotated[str, typer.Option(help="判断の内容(だれに何を確かめたか)")],
    accept: Annotated[bool, typer.Option("--accept/--reject", help="計算どおり支給する / どの明細も支給しない")],
    profile: ProfileName = None,
) -> None:
    """合計が合わないファイルを、承認する、または差し戻す。疑義のある明細は、承認の後も疑義のまま残る。"""
    if not note.strip() or not by.strip():
        stop("判断の内容(--note)と行う人(--by)を書いてください。", status=Exit.WRONG_USE)
    if len(note) > _NOTE_LENGTH:
        stop(f"判断の内容(--note)は{_NOTE_LENGTH}文字までです。", status=Exit.WRONG_USE)
    begin(profile)
    from tasuke.deploy.clock import now
    from tasuke.platform.exchange.models import InboundFile
    from tasuke.platform.exchange.services.record_files import NotHeld
    from tasuke.systems.subsidy.claims.services.decide_file import decide_file

    try:
        booked = decide_file(using="subsidy", file_id=file, accept=accept, note=note.strip(), by=by, now=now())
    except InboundFile.DoesNotExist:
        stop(f"ファイル {file} はありません。番号は tasuke held list で見られます。", status=Exit.WRONG_USE)
    except NotHeld as error:
        stop(str(error), status=Exit.PROBLEMS)
    seal()
    state = InboundFile.objects.using("subsidy").get(pk=file).state
    write_json({"file": file, "state": state, "booked": booked})
