"""`tasuke keys`: keys of bodies that were stolen or lost; the keys of 個人番号."""

from typing import Annotated

import typer

from tasuke.cli.data import Person, ProfileName, begin
from tasuke.cli.output import Exit, messages, stop, write_json

app = typer.Typer(no_args_is_help=True)
Body = Annotated[str, typer.Argument(help="機関コード(例 B011002)")]
Why = Annotated[str, typer.Option(help="理由(証跡に残る)")]


@app.command()
def renew(body: Body, by: Person, why: Why, profile: ProfileName = None) -> None:
    """中間サーバー: 団体の署名と封緘の鍵を新しくする。次の周回で国の側に登録し、引き渡し用のフォルダにも置く。"""
    _begin(by, why, profile)
    from tasuke.deploy.chain.keys import renew_body_keys
    from tasuke.deploy.clock import now
    from tasuke.systems.midserver.tenancy import UnknownTenant

    try:
        signing, sealing = renew_body_keys(body=body, by=by, why=why, at=now())
    except (UnknownTenant, ValueError):
        stop(f"{body} は中間サーバーを利用していません。", status=Exit.WRONG_USE)
    write_json({"body": body, "signing": signing, "sealing": sealing})


@app.command()
def revoke(
    kid: Annotated[str, typer.Argument(help="鍵ID(国の代役の画面「機関と鍵」にある)")],
    by: Person,
    why: Why,
    profile: ProfileName = None,
) -> None:
    """国の代役: 鍵を失効させる。その鍵で署名した電文は受け付けず、拒否を記録する。"""
    _begin(by, why, profile)
    from tasuke.deploy.chain.keys import revoke_a_key
    from tasuke.deploy.clock import now

    if not revoke_a_key(kid=kid, by=by, why=why, at=now()):
        stop(f"有効な鍵「{kid}」はありません。", status=Exit.PROBLEMS)
    messages.print(f"失効させました: {kid}", markup=False)


@app.command()
def replace(body: Body, by: Person, why: Why, profile: ProfileName = None) -> None:
    """国の代役: 引き渡された新しい鍵を登録し、その機関のほかの鍵をすべて失効させる。"""
    _begin(by, why, profile)
    from tasuke.deploy.chain.keys import NothingHandedOver, replace_body_keys
    from tasuke.deploy.clock import now
    from tasuke.systems.nis.services.receive_envelopes import UnknownBody

    try:
        replace_body_keys(body=body, by=by, why=why, at=now())
    except (NothingHandedOver, UnknownBody) as error:
        stop(str(error), status=Exit.PROBLEMS)
    messages.print(f"取り替えました: {body}", markup=False)


@app.command()
def rotate(by: Person, why: Why, profile: ProfileName = None) -> None:
    """団体内統合宛名: 個人番号を守る鍵を新しくし、保管してある番号を新しい鍵で封じ直す。"""
    _begin(by, why, profile)
    from tasuke.deploy.clock import now
    from tasuke.systems.unified_id.services.rotate_keys import rotate_keys

    done = rotate_keys(using="unified_id", by=by, why=why, at=now())
    write_json({"data_key": done.data_key, "sealing": done.sealing_kid, "resealed": done.resealed})


def _begin(by: str, why: str, profile: str | None) -> None:
    if not why.strip() or not by.strip():
        stop("理由(--why)と行う人(--by)を書いてください。", status=Exit.WRONG_USE)
    begin(profile)
