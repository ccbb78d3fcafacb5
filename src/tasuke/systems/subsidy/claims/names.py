"""Whether the name on a claim is the name in the register.

Claims are written in JIS X 0208: 髙 comes as 高 or as ？, names are cut at 20 characters, foreign residents come under
their alias. So equality is not asked for (記録条件仕様; formats.md 2.1): kanji fold to their parent, ？ fits anything.
"""

import polars as pl

from tasuke.core.text import search_key_series

_UNKNOWN = "?"  # ？ in a search key (NFKC)
_CUT_AT = 20  # 氏名: 40 bytes


def same_name(frame: pl.DataFrame) -> pl.Series:
    """True where the claim's `name` or `kana` fits p_name, p_alias or p_name_kana; null where nothing is comparable."""
    plain = [_without_spaces(c) for c in ("name", "p_name", "p_alias")]
    quick = frame.select(*plain, "kana", "p_name_kana").with_row_index("row")
    quick = quick.with_columns(
        known=pl.col("name").str.len_chars().gt(0) & pl.col("p_name").is_not_null(),
        equal=(pl.col("name") == pl.col("p_name")) | (pl.col("name") == pl.col("p_alias")),
    )
    left = quick.filter(pl.col("known") & ~pl.col("equal").fill_null(value=False))
    same = quick.select("row", "known", "equal")
    if left.height:
        same = same.update(left.select("row", equal=_by_keys(left)), on="row", how="left")
    return same.select(same=pl.when("known").then(pl.col("equal").fill_null(value=False))).get_column("same")


def _without_spaces(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"[\s　]+", "").alias(column)


def _by_keys(left: pl.DataFrame) -> pl.Series:
    keys = left.select([search_key_series(left.get_column(c)).alias(c) for c in left.columns[1:6]])
    equal = keys.select(
        equal=pl.any_horizontal(
            pl.col("name") == pl.col("p_name"),
            pl.col("name") == pl.col("p_alias"),
            pl.col("kana") == pl.col("p_name_kana"),
        ).fill_null(value=False)
    ).get_column("equal")
    odd = pl.col("name").str.contains(_UNKNOWN, literal=True) | (pl.col("name").str.len_chars() >= _CUT_AT)
    rows = keys.with_columns(equal=equal).with_row_index("at").filter(~pl.col("equal") & odd)
    if rows.is_empty():
        return equal
    fits = [
        _fits(name, p_name) or _fits(name, p_alias)
        for name, p_name, p_alias in rows.select("name", "p_name", "p_alias").iter_rows()
    ]
    return equal.scatter(rows.get_column("at"), pl.Series(fits, dtype=pl.Boolean))


def _fits(billed: str, registered: str | None) -> bool:
    if not registered:
        return False
    if len(billed) >= _CUT_AT:
        registered = registered[: len(billed)]
    return len(billed) == len(registered) and all(b in (_UNKNOWN, r) for b, r in zip(billed, registered, strict=True))
