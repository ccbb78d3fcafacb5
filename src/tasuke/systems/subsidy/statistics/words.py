"""Codes of the cube in the words of the office."""

import polars as pl

from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile

CARE = {
    "medical": "医科",
    "dental": "歯科",
    "pharmacy": "調剤",
    "nursing": "訪問看護",
    "judo": "柔道整復",
    "acupuncture": "はり・きゅう",
    "massage": "あん摩マッサージ",
    "device": "治療用装具",
}
FUNDING = {"prefecture": "都道府県補助", "city": "市単独", "unknown": "未判定", "": "未判定"}
METHOD = {"in_kind": "現物給付", "reimbursement": "償還払い"}
ROLE = {"child": "児童", "parent": "父または母", "caregiver": "養育者", "self": "本人"}
HEADS = {
    "month": "支払月",
    "service_month": "診療月",
    "scheme": "制度",
    "band": "年齢区分",
    "ward_code": "区",
    "care": "診療種別",
    "inpatient": "入院・外来",
    "funding": "財源",
    "method": "給付方法",
    "claims": "件数",
    "persons": "人数",
    "days": "日数",
    "cost": "医療費(円)",
    "burden": "一部負担金(円)",
    "subsidy": "助成額(円)",
    "role": "対象者区分",
    "copay_class": "負担区分",
}


def in_words(cells: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The same cells with Japanese words for codes and heads."""
    schemes = {s: load_scheme(s) for s in profile.schemes}
    names = {key: scheme.name for key, scheme in schemes.items()}
    # parents and caregivers have no age band: the judgement puts their role there
    bands = (
        ROLE
        | {"": "区分なし"}
        | {b.key: b.label for scheme in schemes.values() for v in scheme.version for b in v.who.band}
    )
    classes = {r.key: r.label for scheme in schemes.values() for v in scheme.version for r in v.copay_class.rule}
    wards = {w.code: w.name for w in profile.wards} | {"": "市外・不明"}
    words = {
        "scheme": names, "band": bands, "ward_code": wards, "care": CARE, "funding": FUNDING, "method": METHOD,
        "role": ROLE, "copay_class": classes,
    }  # fmt: skip
    changed = [
        pl.col(column).replace(mapping).alias(column) for column, mapping in words.items() if column in cells.columns
    ]
    if "inpatient" in cells.columns:
        changed.append(pl.when(pl.col("inpatient")).then(pl.lit("入院")).otherwise(pl.lit("外来")).alias("inpatient"))
    return cells.with_columns(changed).rename({k: v for k, v in HEADS.items() if k in cells.columns})
