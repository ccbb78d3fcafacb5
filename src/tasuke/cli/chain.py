"""`tasuke found`: let systems in processes of their own know each other."""

import os
from typing import Annotated

import typer

from tasuke.cli.data import ProfileName, begin
from tasuke.cli.output import messages, write_json
from tasuke.cli.serve import hold_only

Systems = Annotated[list[str] | None, typer.Argument(help="この機械のシステム(既定は全部)")]


def found(systems: Systems = None, profile: ProfileName = None) -> None:
    """番号連携を開設する。何度行ってもよい。

    別々のプロセスでは、引き渡し用のフォルダ(TASUKE_HANDOVER)を通して、中間サーバー、国の代役、もう一度中間サーバー、
    そのほかの順に行う。
    """
    hold_only(systems or [])
    begin(profile)
    from tasuke.deploy.chain.founding import found as found_chain
    from tasuke.deploy.chain.handover import handover_folder
    from tasuke.deploy.chain.opening import open_chain
    from tasuke.deploy.clock import now
    from tasuke.deploy.profiles import open_profile

    opened = open_profile(profile)
    left = found_chain(profile=opened, at=now())
    for task in left:
        messages.print(f"人の申請と承認が要ります: {task}", markup=False)
    missing = open_chain(profile=opened, clock=now)
    for way in missing:
        messages.print(f"まだ接続がありません: {way}", markup=False)
    write_json(
        {
            "handover": str(handover_folder()),
            "systems": os.environ.get("TASUKE_SYSTEMS", ""),
            "missing": missing,
            "left": left,
        }
    )
