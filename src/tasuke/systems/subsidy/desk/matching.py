"""突合 (SUB-16): what an application says beside what the register and the other rooms hold. Columns in, columns out.

The panel of an application and the job over all open ones call the same function, `find_matches`.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.vocabulary import SchemeKind
from tasuke.systems.subsidy.desk.matching_facts import match_facts
from tasuke.systems.subsidy.desk.matching_reading import Compared, read_compared
from tasuke.systems.subsidy.desk.matching_stated import match_stated
from tasuke.systems.subsidy.desk.matching_words import PART_WORDS, MatchKind
from tasuke.systems.subsidy.desk.words import RESIDENT_STATES

# application_id, whom it is about, what they are on the form (words), what both sides say, since when the register
# says so, whether it is so on the day of receipt and today; differs: somebody should look; figure: yen of an income
FINDINGS = {
    "id": pl.Int64(),
    "kind": pl.String(),
    "about": pl.String(),
    "part": pl.String(),
    "said": pl.String(),
    "known": pl.String(),
    "since": pl.Date(),
    "at_receipt": pl.Boolean(),
    "at_today": pl.Boolean(),
    "differs": pl.Boolean(),
    "figure": pl.Int64(),
}
_PARTNER = r"(11|12|13|14)$"  # 夫, 妻, 夫(未届), 妻(未届) at the end of a chain of 続柄
_MOVES = {"home": "住所", "household_no": "世帯", "name_key": "氏名", "status": "住民状態"}


def find_matches(
    *, using: str, on: date, schemes: Sequence[str], application_id: int | None = None
) -> tuple[Compared, pl.DataFrame]:
    """What was read, and the findings (FINDINGS) of open new applications received by a day, of one or of all.

    Applications of a day before their scheme's first version are compared with the register alone.
    """
    compared = read_compared(using=using, on=on, schemes=schemes, application_id=application_id)
    return compared, match_compared(compared)


def match_compared(compared: Compared) -> pl.DataFrame:
    """Findings (FINDINGS), by application and kind. Pure."""
    people = _people(compared)
    days = _on_days(compared, people)
    parts = [
        *match_household(compared, people, days),
        *match_stated(compared, people, days),
        *match_facts(compared, people),
    ]
    order = pl.Enum([kind.value for kind in MatchKind])
    found = pl.concat([_shaped(part) for part in parts])
    return found.sort(pl.col("id"), pl.col("kind").cast(order), "about", "since", maintain_order=True)


def match_household(compared: Compared, people: pl.DataFrame, days: pl.DataFrame) -> list[pl.DataFrame]:
    """The form beside the register: who is unknown, gone, apart, missing, a partner, or has moved since."""
    wide = _target_beside(compared, days)
    return [
        _unknown(compared, people),
        _not_resident(people, days),
        _apart(people, wide),
        *_missing_and_partners(compared, people, days),
        _moved(compared, people, days),
    ]


def _people(compared: Compared) -> pl.DataFrame:
    """Everybody on a form, once: id, person, part (words), parts (codes), received_on."""
    codes = list(PART_WORDS)
    rank = pl.col("part").replace_strict({c: n for n, c in enumerate(codes)}, default=len(codes), return_dtype=pl.Int64)
    words = pl.col("part").replace_strict(PART_WORDS, default="", return_dtype=pl.String)
    ordered = compared.parts.with_columns(rank.alias("rank"), words.alias("words")).sort("id", "person", "rank")
    joined = ordered.group_by("id", "person", maintain_order=True).agg(
        pl.col("words").str.join("・").alias("part"), pl.col("part").alias("parts")
    )
    return joined.join(compared.cases.select("id", "received_on"), on="id", how="left", maintain_order="left")


def _on_days(compared: Compared, people: pl.DataFrame) -> pl.DataFrame:
    """The register's row of everybody near a case on both days: id, person, day (receipt, today), the row's columns.

    Near: on the form, or in the household of the 対象者 on that day.
    """
    asked = pl.concat(
        [
            compared.cases.select("id", pl.col("received_on").alias("date"), pl.lit("receipt").alias("day")),
            compared.cases.select("id", pl.lit(compared.on).alias("date"), pl.lit("today").alias("day")),
        ]
    )
    named = people.select("id", "person").join(asked, on="id").join(compared.register, on="person")
    named = _in_force(named)
    targets = compared.cases.select("id", pl.col("atena_no").alias("person"))
    homes = (
        named.join(targets, on=["id", "person"], how="semi")
        .filter(pl.col("household_no") != "")
        .select("id", "date", "day", "household_no")
    )
    members = _in_force(homes.join(compared.register, on="household_no"))
    return pl.concat([named.select(members.columns), members]).unique(["id", "person", "day"], maintain_order=True)


def _in_force(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(
        (pl.col("start") <= pl.col("date")) & (pl.col("end").is_null() | (pl.col("end") > pl.col("date")))
    )


def _target_beside(compared: Compared, days: pl.DataFrame) -> pl.DataFrame:
    """`days` with the household of the 対象者 of that day beside: home_no, home_since."""
    targets = compared.cases.select("id", pl.col("atena_no").alias("person"))
    homes = days.join(targets, on=["id", "person"], how="semi").select(
        "id", "day", pl.col("household_no").alias("home_no"), pl.col("household_no_since").alias("home_since")
    )
    return days.join(homes, on=["id", "day"], how="left", maintain_order="left")


def _unknown(compared: Compared, people: pl.DataFrame) -> pl.DataFrame:
    known = compared.register.select("person").unique()
    return people.join(known, on="person", how="anti").select(
        "id",
        pl.lit(MatchKind.UNKNOWN_PERSON.value).alias("kind"),
        pl.col("person").alias("about"),
        "part",
        pl.col("part").alias("said"),
        pl.lit("住民情報にいません").alias("known"),
    )


def _not_resident(people: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    words = pl.col("status").replace_strict(RESIDENT_STATES, default="不明", return_dtype=pl.String)
    named = days.join(people.select("id", "person", "part"), on=["id", "person"])
    gone = named.filter(pl.col("status") != "1").with_columns(
        words.alias("known"), pl.col("status_since").alias("since")
    )
    return _both_days(gone, MatchKind.NOT_RESIDENT, said=pl.col("part"))


def _apart(people: pl.DataFrame, wide: pl.DataFrame) -> pl.DataFrame:
    """Residents on the form who live in another household than the 対象者, 扶養義務者 as well."""
    named = wide.join(people.select("id", "person", "part"), on=["id", "person"])
    apart = named.filter((pl.col("status") == "1") & (pl.col("household_no") != pl.col("home_no"))).with_columns(
        pl.lit("対象者と別の世帯").alias("known"),
        pl.max_horizontal("household_no_since", "home_since").alias("since"),
    )
    return _both_days(apart, MatchKind.APART, said=pl.col("part"))


def _missing_and_partners(compared: Compared, people: pl.DataFrame, days: pl.DataFrame) -> list[pl.DataFrame]:
    """Members of the 対象者's household who are not on the form; and who by 続柄 is the partner of the applicant."""
    wide = _target_beside(compared, days)
    members = wide.filter((pl.col("household_no") == pl.col("home_no")) & (pl.col("home_no") != "")).filter(
        pl.col("status") == "1"
    )
    applicants = compared.cases.filter(pl.col("scheme").is_in(_single_parent_schemes(compared))).select(
        "id", pl.col("applicant").alias("person")
    )
    heads = members.join(applicants, on=["id", "person"], how="semi").select(
        "id", "day", pl.col("person").alias("applicant"), _base().alias("base"), _is_partner().alias("is_partner")
    )
    pairs = members.with_columns(_base().alias("own_base")).join(heads, on=["id", "day"])
    partners = pairs.filter(
        (pl.col("person") != pl.col("applicant"))
        & (pl.col("own_base") == pl.col("base"))
        & (_is_partner() != pl.col("is_partner"))
    ).with_columns(_told_relationship(), pl.col("household_no_since").alias("since"))
    entitled = _entitled_in_scheme(compared)
    missing = (
        members.join(people.select("id", "person"), on=["id", "person"], how="anti")
        .join(entitled, on=["id", "person"], how="anti")
        .join(partners.select("id", "person"), on=["id", "person"], how="anti")
        .with_columns(_told_relationship(), pl.col("household_no_since").alias("since"))
    )
    partners = partners.join(people.select("id", "person", "part"), on=["id", "person"], how="left")
    return [
        _both_days(missing, MatchKind.NOT_ON_FORM, said=pl.lit("なし")),
        _both_days(partners, MatchKind.PARTNER, said=pl.col("part").fill_null("なし")),
    ]


def _told_relationship() -> pl.Expr:
    words = pl.when(pl.col("relationship") == "").then(pl.lit("続柄不明")).otherwise("relationship")
    return pl.concat_str([pl.lit("同じ世帯("), words, pl.lit(")")]).alias("known")


def _base() -> pl.Expr:
    """The person of whom somebody is the partner, by the chain of 続柄: 12 → head (""), 2012 → 20."""
    code = pl.col("relationship_code")
    return pl.when(code == "02").then(pl.lit("")).otherwise(code.str.replace(_PARTNER, ""))


def _is_partner() -> pl.Expr:
    return pl.col("relationship_code").str.contains(_PARTNER)


def _single_parent_schemes(compared: Compared) -> list[str]:
    return [name for name in compared.cases["scheme"].unique() if load_scheme(name).kind is SchemeKind.HITORIOYA]


def _entitled_in_scheme(compared: Compared) -> pl.DataFrame:
    """Who has the scheme already: a brother or sister need not be on the paper."""
    held = compared.facts.filter(
        (pl.col("fact") == "held")
        & (pl.col("since") <= compared.on)
        & (pl.col("until").is_null() | (pl.col("until") > compared.on))
    )
    return (
        compared.cases.select("id", pl.col("scheme").alias("code"))
        .join(held.select("code", "person"), on="code")
        .select("id", "person")
    )


def _moved(compared: Compared, people: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """What the register says otherwise since the day of receipt; where to is not said: the address may be protected."""
    today = days.filter(pl.col("day") == "today").join(people.select("id", "person", "part", "received_on"),
                                                       on=["id", "person"])  # fmt: skip
    changed = [pl.when(pl.col(f"{c}_since") > pl.col("received_on")).then(pl.lit(w)) for c, w in _MOVES.items()]
    since = [pl.when(pl.col(f"{c}_since") > pl.col("received_on")).then(f"{c}_since") for c in _MOVES]
    return today.select(
        "id",
        pl.lit(MatchKind.MOVED_SINCE.value).alias("kind"),
        pl.col("person").alias("about"),
        "part",
        pl.col("part").alias("said"),
        pl.concat_str(changed, separator="、", ignore_nulls=True).alias("known"),
        pl.min_horizontal(since).alias("since"),
        pl.lit(value=False).alias("at_receipt"),
    ).filter(pl.col("known") != "")


def _both_days(rows: pl.DataFrame, kind: MatchKind, *, said: pl.Expr) -> pl.DataFrame:
    """One finding a person from rows of one or both days; what holds today is what is told."""
    if "part" not in rows.columns:
        rows = rows.with_columns(pl.lit("").alias("part"))
    ordered = rows.with_columns(said.alias("said"), (pl.col("day") == "today").alias("now")).sort("id", "person", "now")
    found = ordered.group_by("id", "person", maintain_order=True).agg(
        pl.col("part").last().fill_null(""),
        pl.col("said").last(),
        pl.col("known").last(),
        pl.col("since").last(),
        (~pl.col("now")).any().alias("at_receipt"),
        pl.col("now").any().alias("at_today"),
    )
    return found.rename({"person": "about"}).with_columns(pl.lit(kind.value).alias("kind"))


def _shaped(part: pl.DataFrame) -> pl.DataFrame:
    """All columns of FINDINGS; what a finding does not say is the usual."""
    usual = {"since": None, "at_receipt": True, "at_today": True, "differs": True, "figure": None}
    missing = [pl.lit(value).alias(name) for name, value in usual.items() if name not in part.columns]
    return part.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
