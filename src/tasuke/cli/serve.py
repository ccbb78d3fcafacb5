"""`tasuke serve`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tasuke.cli.data import ProfileName, begin
from tasuke.cli.output import Exit, messages, stop

Port = Annotated[int, typer.Option(min=1, max=65535, help="ポート")]
Host = Annotated[str, typer.Option(help="待ち受けるアドレス")]


def serve(
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

    if (certificate is None) != (key is None):
        stop("--certificate と --key は一緒に指定します。", status=Exit.WRONG_USE)
    listen = Listen(host, port, workers, certificate, key)
    try:
        prepare_environment(listen)
    except UnsafeListen as error:
        stop(str(error), status=Exit.WRONG_USE)
    _name_profile(profile)
    begin(profile)
    messages.print(f"画面: [bold]{listen.address}[/]  (止めるには Ctrl-C)")
    run_server(listen)


def _name_profile(profile: str | None) -> None:
    """The worker processes open the profile by themselves."""
    if profile:
        os.environ["TASUKE_PROFILE"] = profile
