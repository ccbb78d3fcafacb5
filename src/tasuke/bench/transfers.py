"""transfers: payments to a Zengin file, twice, byte for byte the same; beside it the same bytes written to disk."""

import tempfile
from pathlib import Path

import polars as pl

from tasuke.bench.result import BenchResult, result, seconds
from tasuke.formats import bank_master, zengin


def measure(scale: float) -> BenchResult:
    """Seconds for 300,000 payments, names and codes of live branches."""
    n = int(300_000 * scale)
    master = bank_master.load()
    banks = pl.concat([master] * (n // master.height + 1)).head(n)
    payments = banks.select(
        "bank_code", "branch_code", bank_name="bank_kana", branch_name="branch_kana",
        account_kind=pl.lit("1"), account_no=(pl.int_range(n) * 7919 % 10_000_000).cast(pl.String).str.zfill(7),
        holder=pl.lit("ｺｳﾉ ｲﾁﾛｳ"), amount=pl.int_range(n) % 90_000 + 1, new_code=pl.lit("0"),
        customer_code1=pl.int_range(n).cast(pl.String).str.zfill(10), customer_code2=pl.lit("0" * 10),
    )  # fmt: skip
    header = zengin.Header(
        client_code="0000012345", client_name="ｻﾝﾌﾟﾙｼ", pay_day="1125", bank_code="9999", branch_code="999",
        account_kind="1", account_no="9000001",
    )  # fmt: skip
    files: list[bytes] = []
    times = [seconds(lambda: files.append(zengin.render(header, payments, separator="crlf"))) for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        disk = seconds(lambda: (Path(folder) / "z").write_bytes(files[0]))
    return result(
        "transfers", times[1], "s", target="<= 5 s, byte-identical again", peer_name="the same bytes to disk",
        peer=disk, payments=n, bytes=len(files[0]), identical=files[0] == files[1], first_run=round(times[0], 3),
    )  # fmt: skip
