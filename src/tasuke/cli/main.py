"""The `tasuke` command: mounts the commands of each room."""

import sys

import typer

from tasuke.cli import (
    accounts,
    audit,
    chain,
    copay,
    data,
    demo,
    feed,
    held,
    keys,
    number,
    operate,
    schemes,
    serve,
    uke,
    zengin,
)

app = typer.Typer(
    name="tasuke",
    help="医療費助成の事務を最初から最後まで(申請、受給者証、レセプト、支払、統計)",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("demo-code")(demo.demo_code)
app.command("assess")(schemes.assess)
app.command("copay")(copay.copay)
app.command("schema")(schemes.schema)
app.command("schemes")(schemes.schemes)
app.add_typer(zengin.app, name="zengin", help="全銀協の総合振込ファイル")
app.add_typer(uke.app, name="uke", help="レセプト電算ファイル")
app.add_typer(number.app, name="number", help="番号と検証番号")
app.add_typer(feed.app, name="feed", help="庁内連携ファイルの検査")
app.add_typer(audit.app, name="audit", help="証跡の封印と検証")
app.command("import")(data.import_file)
app.command("run")(data.run_named_job)
app.command("runs")(data.list_runs)
app.add_typer(held.app, name="held", help="合計が合わないレセプトのファイル")
app.command("serve")(serve.serve)
app.command("found")(chain.found)
app.add_typer(keys.app, name="keys", help="番号連携の鍵の失効と取替え")
app.add_typer(accounts.app, name="accounts", help="最初の管理者と端末")
app.command("worker")(operate.worker)
app.command("setup")(operate.setup)
app.command("doctor")(operate.doctor)
app.command("bench")(operate.bench)


def run() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    app()
