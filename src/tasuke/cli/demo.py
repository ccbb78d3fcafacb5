"""`tasuke demo`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tasuke.cli.output import Exit, messages, stop, write_json


def demo(
    city: Annotated[str, typer.Option(help="市: sapporo か kawasaki、またはプロファイルの TOML")] = "sapporo",
    residents: Annotated[int, typer.Option(min=500, help="住民の数")] = 20_000,
    months: Annotated[int, typer.Option(min=1, max=24, help="月数")] = 6,
    seed: Annotated[int, typer.Option(help="乱数の種(同じ種なら同じ市)")] = 1,
    out: Annotated[Path | None, typer.Option(help="できたものを置くフォルダー")] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="終わったら画面を動かす")] = True,
) -> None:
    """架空の市で、医療費助成の仕事を最初から最後まで行う。もう一度実行しても何も変わらない。"""
    from tasuke.deploy.profiles import UnknownProfile, open_profile

    try:
        profile = open_profile(city)
    except UnknownProfile as error:
        stop(str(error), status=Exit.WRONG_USE)
    name = f"{profile.id}_{residents}_{months}_{seed}"
    folder = out or Path(os.environ.get("TASUKE_HOME", "var")) / "demo" / name
    folder.mkdir(parents=True, exist_ok=True)
    # a database and an archive of its own for each demo city: a second run finds everything done
    os.environ["TASUKE_DATABASE_PREFIX"] = f"tasuke_demo_{name}"
    os.environ["TASUKE_ARCHIVE"] = str((folder / "archive").resolve())
    result = _run(profile, residents, months, seed, folder)
    write_json({"out": str(folder), **result})
    if serve:
        messages.print("画面はまだありません(次の版で入ります)。できたファイルを上のフォルダーで見てください。")


def _run(profile: object, residents: int, months: int, seed: int, folder: Path) -> dict[str, object]:
    from tasuke.deploy.setup import configure, prepare_databases

    configure()
    prepare_databases()
    from tasuke.demo.run import run_demo
    from tasuke.schemes.profile import Profile

    assert isinstance(profile, Profile)
    return run_demo(profile=profile, residents=residents, months=months, seed=seed, out=folder, console=messages)
