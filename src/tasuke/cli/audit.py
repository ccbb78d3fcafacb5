"""`tasuke audit …`: seal, prove and protect the audit trail."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasuke.cli.output import Exit, messages, stop, write_json

if TYPE_CHECKING:
    from tasuke.platform.audit.faults import Verdict

app = typer.Typer(no_args_is_help=True)
System = Annotated[str | None, typer.Option(help="システム(省略するとすべて)")]


@app.command()
def seal() -> None:
    """まだ封印されていない証跡を封印し、署名した検証点を書く(画面が動いている間は自動)。"""
    from tasuke.deploy.sealing import seal_all
    from tasuke.deploy.setup import configure
    from tasuke.platform.audit.keys import KeyUnusable
    from tasuke.platform.audit.services.seal_trail import TrailBroken

    configure()
    try:
        sealed = seal_all()
    except (TrailBroken, KeyUnusable) as error:
        stop(str(error), status=Exit.PROBLEMS)
    write_json({system: asdict(one) if one else None for system, one in sealed.items()})


@app.command()
def verify(
    system: System = None,
    checkpoints: Annotated[Path | None, typer.Option(help="別の場所に保管した検証点ファイル(--system と共に)")] = None,
    public_key: Annotated[Path | None, typer.Option(help="別の場所に保管した公開鍵")] = None,
) -> None:
    """証跡を検証する。改変、削除、差し込み、並べ替え、検証点ファイルの改変を見つけ、最初の箇所を示す。"""
    from tasuke.deploy.sealing import verify_all
    from tasuke.deploy.setup import configure
    from tasuke.platform.audit.keys import KeyUnusable

    if checkpoints and not system:
        stop("--checkpoints は --system と一緒に指定します。", status=Exit.WRONG_USE)
    for path in (checkpoints, public_key):
        if path is not None and not path.is_file():
            stop(f"ファイルがありません: {path}", status=Exit.WRONG_USE)
    systems = _systems(system)
    configure()
    try:
        verdicts = verify_all(systems=systems, checkpoints=checkpoints, key=public_key)
    except KeyUnusable as error:
        stop(str(error), status=Exit.WRONG_USE)
    for verdict in verdicts:
        _tell(verdict)
    write_json([_facts(verdict) for verdict in verdicts])
    raise typer.Exit(int(Exit.GOOD if all(v.sound for v in verdicts) else Exit.PROBLEMS))


@app.command()
def protect(
    admin_url: Annotated[str, typer.Argument(help="データベースの管理者の接続(postgresql://…)")],
) -> None:
    """証跡の表を専用の役割に移し、プログラムには追記と読取だけを許す(内蔵のデータベースでは自動)。"""
    import psycopg

    from tasuke.deploy.sealing import protect_all
    from tasuke.deploy.setup import configure

    configure()
    try:
        changed = protect_all(admin_url)
    except psycopg.Error as error:
        stop(f"権限を移せませんでした: {error}", status=Exit.PROBLEMS)
    messages.print("\n".join(f"{name}: 証跡を保護しました" for name in changed) or "変更はありません")


@app.command()
def restored(
    system: Annotated[str, typer.Argument(help="バックアップから戻したシステム")],
    by: Annotated[str, typer.Option("--by", help="行う人の個人ID")],
    reason: Annotated[str, typer.Option(help="理由(検証点ファイルに署名して残る)")],
) -> None:
    """データベースをバックアップから前の状態に戻したことを、理由とともに検証点ファイルに記録する。"""
    from tasuke.deploy.sealing import accept_restored
    from tasuke.deploy.setup import configure
    from tasuke.platform.audit.keys import KeyUnusable
    from tasuke.platform.audit.services.seal_trail import TrailBroken

    (name,) = _systems(system)
    if not reason.strip():
        stop("--reason に理由を書きます。", status=Exit.WRONG_USE)
    configure()
    try:
        line = accept_restored(system=name, by=by, reason=reason)
    except (TrailBroken, KeyUnusable) as error:
        stop(str(error), status=Exit.PROBLEMS)
    messages.print(f"記録しました。封印 {line.number} の後から続けます。")


def _systems(system: str | None) -> tuple[str, ...]:
    from tasuke.platform.database.systems import SYSTEMS

    if system is not None and system not in SYSTEMS:
        stop(f"システム「{system}」はありません: {', '.join(SYSTEMS)}", status=Exit.WRONG_USE)
    return (system,) if system else SYSTEMS


def _tell(verdict: "Verdict") -> None:
    if verdict.first:
        said = f"証跡が壊れています。最初の箇所: {verdict.first}"
    else:
        said = f"証跡は正しい({verdict.rows:,} 件、封印 {verdict.blocks:,}、封印待ち {verdict.pending:,} 件)"
    messages.print(f"{verdict.system}: {said}", markup=False)
    for weakness in verdict.weaknesses:
        messages.print(f"{verdict.system}: 注意 {weakness}", markup=False)


def _facts(verdict: "Verdict") -> dict[str, Any]:
    facts = {name: value for name, value in asdict(verdict).items() if name != "faults"}
    faults = [{"told": str(fault), **asdict(fault)} for fault in verdict.faults]
    return {**facts, "sound": verdict.sound, "first": faults[0] if faults else None, "faults": faults}
