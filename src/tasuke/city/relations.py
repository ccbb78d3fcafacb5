"""続柄 (formats.md 6.1): code and words by role, sex and who the head is."""

import numpy as np
import polars as pl

from tasuke.city.draw import Ints
from tasuke.city.people import Role

LABELS = {
    "02": "世帯主",
    "11": "夫",
    "12": "妻",
    "13": "夫（未届）",
    "14": "妻（未届）",
    "20": "子",
    "2020": "子の子",
    "51": "父",
    "52": "母",
    "1151": "夫の父",
    "1152": "夫の母",
    "74": "弟",
    "84": "妹",
    "99": "同居人",
}


def relation_codes(role: Ints, sex: Ints) -> pl.Series:
    """Codes as seen from the head of the household."""
    men, women = sex == 1, sex == 2
    conditions = [
        role == Role.HEAD,
        (role == Role.SPOUSE) & men,
        (role == Role.SPOUSE) & women,
        (role == Role.CHILD) | (role == Role.LONE_CHILD),
        role == Role.GRANDCHILD,
        role == Role.FATHER,
        role == Role.MOTHER,
        (role == Role.NEW_PARTNER) & men,
        (role == Role.NEW_PARTNER) & women,
    ]
    codes = ["02", "11", "12", "20", "2020", "51", "52", "11", "12"]
    return pl.Series(np.select(conditions, codes, default="99"))


def relation_labels(codes: pl.Series) -> pl.Series:
    """The words of the codes."""
    return codes.replace_strict(LABELS, default=None, return_dtype=pl.String)
