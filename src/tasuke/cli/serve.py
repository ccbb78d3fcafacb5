"""`tasuke serve`."""

import importlib
import os
from pathlib import Path
from typing import Annotated

import typer

from tasuke.cli.data import ProfileName, begin
from tasuke.cli.output import Exit, messages, stop

Port = Annotated[int, typer.Option(min=1, max=65535, help="ポート")]
Host = Annotated[str, typer.Option(help="待ち受けるアドレス")]


Systems = Annotated[list[str] | None, typer.Argument(help="動かすシステム(既定は全部)")]
# systems that other organisations run: each has people of its own
_OF_OTHERS = ("midserver", "nis")


def serve(
    systems: Systems = None,
    port: Port = 8000,
    host: Host = "127.0.0.1",
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="プロセスの数(既定はプロセッサの数)")] = None,
    certificate: Annotated[Path | None, typer.Option(help="TLS の証明書(PEM)")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS の秘密鍵(PEM)")] = None,
    profile: ProfileName = None,
) -> None:
    """画面を動かす(止めるには Ctrl-C)。"""
    from tasuke.deploy.serving import Listen, UnsafeListen, prepare_environment
    from tasuke.deploy.serving import serve as run_server

    hold_only(systems or [])
    if (certificate is None) != (key is None):
        stop("--certificate と --key は一緒に指定します。", status=Exit.WRONG_USE)
    listen = Listen(host, port, workers, certificate, key)
    try:
        prepare_environment(listen)
    except UnsafeListen as error:
        stop(str(error), status=Exit.WRONG_USE)
    _name_profile(profile)
    begin(profile)
    from tasuke.deploy.chain.cycle import start_turning
    from tasuke.deploy.chain.opening import open_chain
    from tasuke.deploy.clock import now
    from tasuke.deploy.profiles import open_profile

    missing = open_chain(profile=open_profile(profile), clock=now)
    for way in missing:
        messages.print(f"接続がありません: {way}", markup=False)
    start_turning()
    messages.print(f"画面: [bold]{listen.address}[/]  (止めるには Ctrl-C)")
    run_server(listen)


def hold_only(systems: list[str]) -> None:
    """This process holds these systems alone: no tables, no addresses and no passwords of the others."""
    if not systems:
        return
    others = [name for name in systems if name in _OF_OTHERS]
    if others and len(systems) > 1:
        stop(f"{'・'.join(others)} は別の組織のシステムです。ひとつずつ動かします。", status=Exit.WRONG_USE)
    os.environ["TASUKE_SYSTEMS"] = ",".join(systems)
    if others:
        os.environ.setdefault("TASUKE_ORGANISATION", others[0])
    try:
        importlib.import_module("tasuke.platform.database.systems")
    except ValueError as error:
        stop(str(error), status=Exit.WRONG_USE)


def _name_profile(profile: str | None) -> None:
    """The worker processes open the profile by themselves."""
    if profile:
        os.environ["TASUKE_PROFILE"] = profile
