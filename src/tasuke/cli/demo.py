"""`tasuke demo`."""

import base64
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasuke.cli.output import Exit, messages, stop, write_json
from tasuke.cli.serve import Host, Port

if TYPE_CHECKING:
    from tasuke.deploy.serving import Listen
    from tasuke.platform.access.demo_people import DemoUser
    from tasuke.schemes.profile import Profile

STEP = 30  # seconds for which a code stands (RFC 6238)


def demo(
    city: Annotated[str, typer.Option(help="市: sapporo か kawasaki、またはプロファイルの TOML")] = "sapporo",
    residents: Annotated[int, typer.Option(min=500, help="住民の数")] = 20_000,
    months: Annotated[int, typer.Option(min=1, max=24, help="月数")] = 6,
    seed: Annotated[int, typer.Option(help="乱数の種(同じ種なら同じ市)")] = 1,
    out: Annotated[Path | None, typer.Option(help="できたものを置くフォルダー")] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="終わったら画面を動かす")] = True,
    port: Port = 8000,
    host: Host = "127.0.0.1",
) -> None:
    """架空の市で、医療費助成の仕事を最初から最後まで行う。もう一度実行しても何も変わらない。"""
    from tasuke.deploy.profiles import UnknownProfile, open_profile
    from tasuke.schemes.profile import ProfileInvalid

    try:
        profile = open_profile(city)
    except (UnknownProfile, ProfileInvalid) as error:
        stop(str(error), status=Exit.WRONG_USE)
    name = f"{profile.id}_{residents}_{months}_{seed}"
    home = Path(os.environ.get("TASUKE_HOME", "var"))
    folder = out or home / "demo" / name
    folder.mkdir(parents=True, exist_ok=True)
    # a database and an archive of its own for each demo city: a second run finds everything done. The archive stands
    # with the database, not in the folder, which may be another one next time, or have been thrown away.
    os.environ["TASUKE_DATABASE_PREFIX"] = f"tasuke_demo_{name}"
    os.environ["TASUKE_ARCHIVE"] = str((home / "archive" / name).resolve())
    os.environ["TASUKE_HANDOVER"] = str((home / "handover" / name).resolve())
    listen = _listen(host, port)
    result = _run(profile, residents, months, seed, folder)
    write_json({"out": str(folder), **result})
    if serve:
        os.environ["TASUKE_PROFILE"] = city
        _serve(profile, listen)


def _listen(host: str, port: int) -> "Listen":
    from tasuke.deploy.serving import Listen, UnsafeListen, prepare_environment

    listen = Listen(host, port)
    os.environ.setdefault("TASUKE_REQUIRE_TERMINAL", "0")  # any machine may look at a city that does not exist
    try:
        prepare_environment(listen)
    except UnsafeListen as error:
        stop(str(error), status=Exit.WRONG_USE)
    return listen


def _serve(profile: "Profile", listen: "Listen") -> None:
    """Show the address and one sign-in per role, and serve until Ctrl-C. Only a fictitious city gets such people."""
    from tasuke.deploy.chain.cycle import start_turning
    from tasuke.deploy.chain.founding import NEIGHBOURS
    from tasuke.deploy.chain.opening import open_chain
    from tasuke.deploy.clock import now
    from tasuke.deploy.serving import serve
    from tasuke.platform.access.demo_users import NotFictitious, create_demo_users

    try:
        people = create_demo_users(
            fictitious=profile.fictitious,
            wards=[ward.code for ward in profile.wards],
            at=now(),
            municipality=profile.municipality_code,
            neighbour=NEIGHBOURS[0].municipality_code or "",
        )
    except NotFictitious as error:
        messages.print(f"{error}。画面は自分の職員IDで使ってください。")
    else:
        show_sign_ins(people, at=now())
    open_chain(profile=profile, clock=now)
    start_turning()  # inquiries asked on the screens walk the chain beside the pages
    messages.print(f"画面: [bold]{listen.address}[/]  (止めるには Ctrl-C)")
    serve(listen)


def show_sign_ins(people: "list[DemoUser]", *, at: datetime) -> None:
    """Who can sign in, with everything that it takes: for a city that does not exist."""
    from tasuke.platform.access.roles import role_label

    messages.print("\n[bold]見本の利用者[/](架空の市だけ。PIN はどれも同じ、番号は今のもの)")
    width = max(len(one.personal_id) for one in people) + 2
    for one in people:
        secret = base64.b32encode(one.secret).decode()
        label = f"{role_label(one.role)}  {one.name}"
        messages.print(f"  [cyan]{one.personal_id:<{width}}[/]PIN {one.pin}  番号 {one.code(at)}  鍵 {secret}  {label}")
    messages.print(
        "番号は30秒ごとに変わり、一度だけ使えます。鍵を認証アプリに入れるか、`tasuke demo-code 職員ID` で出します。\n"
        "端末の登録は見本では求めません(本番は TASUKE_REQUIRE_TERMINAL=1 が既定)。"
    )


def demo_code(
    personal_id: Annotated[str, typer.Argument(help="見本の利用者の職員ID")] = "demo-clerk",
) -> None:
    """見本の利用者の、今のワンタイムパスワードを出す(架空の市だけで使う鍵)。"""
    from tasuke.deploy.clock import now
    from tasuke.platform.access.demo_people import demo_people

    found = {one.personal_id: one for one in demo_people()}.get(personal_id)
    if found is None:
        stop(f"見本の利用者「{personal_id}」はいません", status=Exit.WRONG_USE)
    moment = now()
    left = STEP - int(moment.timestamp()) % STEP
    write_json({"personal_id": personal_id, "pin": found.pin, "code": found.code(moment), "seconds_left": left})


def _run(profile: object, residents: int, months: int, seed: int, folder: Path) -> dict[str, object]:
    from tasuke.deploy.setup import configure, prepare_databases

    configure()
    prepare_databases()
    from tasuke.demo.run import run_demo
    from tasuke.schemes.profile import Profile

    assert isinstance(profile, Profile)
    return run_demo(profile=profile, residents=residents, months=months, seed=seed, out=folder, console=messages)
