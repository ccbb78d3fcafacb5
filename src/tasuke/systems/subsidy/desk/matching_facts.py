"""An application beside what else the city holds: incomes, 生活保護, other schemes, insurance.

What a scheme asks for (the income year and whose income, who is excluded, which scheme goes first, which insurance
counts) is read from its version in force when the application is judged. Rules that nobody has confirmed are
未確認 on the panel as well.
"""

from collections.abc import Iterator

import polars as pl

from tasuke.formats.nhi_feed import INSURANCE_KINDS
from tasuke.schemes.catalogue_loader import load_all, load_scheme
from tasuke.schemes.copayment.definition import Sourced
from tasuke.schemes.definition import Scheme, Version, is_unconfirmed, walk_version
from tasuke.schemes.vocabulary import ExclusionKind
from tasuke.systems.subsidy.desk.matching_reading import Compared
from tasuke.systems.subsidy.desk.matching_words import MatchKind
from tasuke.systems.subsidy.profile import active_profile

_UNDECLARED = "4"
_ROLES = {"1": "child", "2": "parent", "3": "caregiver", "4": "self"}
_ASKED = {"held": "承認待ち", "waiting": "送信待ち", "sent": "照会中", "answered": "回答あり(未取込)"}
_UNKNOWN_WELFARE = "未確認(福祉情報がまだ取り込まれていません)"


def match_facts(compared: Compared, people: pl.DataFrame) -> list[pl.DataFrame]:
    """Findings that differ and findings that only say how things stand."""
    found: list[pl.DataFrame] = []
    for scheme, version, cases in _by_version(compared.cases):
        mine = people.join(cases.select("id"), on="id", how="semi")
        found += [
            _incomes(compared, scheme, version, cases, mine),
            *_welfare(compared, scheme, version, cases, mine),
            *_schemes(compared, scheme, version, cases),
            *_insurance(compared, scheme, version, cases),
        ]
    return found


def _by_version(cases: pl.DataFrame) -> Iterator[tuple[Scheme, Version, pl.DataFrame]]:
    """The cases of each version, by the day on which an application is judged."""
    judged = cases.with_columns(pl.max_horizontal("received_on", "event_date").alias("judged_on"))
    for name in judged["scheme"].unique().sort():
        scheme = load_scheme(name)
        mine = judged.filter(pl.col("scheme") == name)
        days = [version.valid_from for version in scheme.version] + [None]
        for place, version in enumerate(scheme.version):
            first, end = version.valid_from, days[place + 1]
            begun = pl.col("judged_on") >= first
            part = mine.filter(begun if end is None else begun & (pl.col("judged_on") < end))
            if not part.is_empty():
                yield scheme, version, part


def _doubt(scheme: Scheme, version: Version, *parts: Sourced) -> str:
    """(未確認) where one of these tables of the version is unconfirmed and the city has not confirmed it."""
    confirmed = active_profile().confirmed_keys(scheme.id)
    open_ones = [
        key for key, value in walk_version(version) if is_unconfirmed(value) and any(value is part for part in parts)
    ]
    return "(未確認)" if set(open_ones) - confirmed else ""


def _incomes(
    compared: Compared, scheme: Scheme, version: Version, cases: pl.DataFrame, people: pl.DataFrame
) -> pl.DataFrame:
    """One finding for each person whose income counts: the year that is asked for, and what is known of it."""
    if version.income is None:
        return cases.select(
            "id",
            pl.lit(MatchKind.INCOME.value).alias("kind"),
            pl.col("atena_no").alias("about"),
            pl.lit("").alias("part"),
            pl.lit("この制度は所得を見ません").alias("said"),
            pl.lit("―").alias("known"),
            pl.lit(value=False).alias("differs"),
        )
    switch = version.income.year_switch
    early = (pl.col("judged_on").dt.month() < switch.month).cast(pl.Int64)
    tax_year = pl.col("judged_on").dt.year().cast(pl.Int64) - switch.years_back - early + 1
    whose = _subjects({str(subject.subject) for subject in version.income.subject}, cases, people)
    asked = whose.join(cases.select("id", tax_year.alias("year")), on="id")
    known = compared.facts.filter(pl.col("fact") == "income").select("person", "year", "code", "amount")
    inquiry = (
        compared.facts.filter(pl.col("fact") == "inquiry")
        .unique(["person", "year"], keep="last", maintain_order=True)
        .select("person", "year", pl.col("code").alias("asked"), pl.col("since").alias("asked_on"))
    )
    beside = asked.join(known, on=["person", "year"], how="left").join(inquiry, on=["person", "year"], how="left")
    waiting = pl.col("asked").replace_strict(_ASKED, default="", return_dtype=pl.String)
    there = pl.col("code").is_not_null() & (pl.col("code") != _UNDECLARED)
    words = (
        pl.when(there)
        .then(pl.lit("あり"))
        .when(pl.col("code") == _UNDECLARED)
        .then(pl.lit("未申告"))
        .when(pl.col("asked").is_not_null())
        .then(pl.concat_str([pl.lit("なし(情報照会: "), waiting, pl.lit(")")]))
        .otherwise(pl.lit("なし"))
    )
    return beside.select(
        "id",
        pl.lit(MatchKind.INCOME.value).alias("kind"),
        pl.col("person").alias("about"),
        "part",
        pl.format("{}年度({}年分)が必要{}", "year", pl.col("year") - 1, pl.lit(_doubt(scheme, version, switch))).alias(
            "said"
        ),
        words.alias("known"),
        pl.when(there).then(None).otherwise("asked_on").alias("since"),
        (~there).alias("differs"),
        pl.when(there).then("amount").alias("figure"),
    )


def _subjects(kinds: set[str], cases: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Whose income counts: id, person, part. Of a child, the parent is who names it, else the 生計維持者."""
    parts = people.explode("parts")
    direct = parts.filter(pl.col("parts").is_in(sorted(kinds & {"breadwinner", "spouse", "supporter"})))
    role = pl.col("role").replace_strict(_ROLES, default="", return_dtype=pl.String)
    own = cases.filter(role.is_in(sorted(kinds - {"child"}))).select("id", pl.col("atena_no").alias("person"))
    themselves = people.join(own, on=["id", "person"], how="semi")
    children = (
        cases.filter(role == "child").select("id") if kinds & {"parent", "caregiver"} else cases.clear().select("id")
    )
    raised = parts.filter(pl.col("parts") == "parent").join(children, on="id", how="semi")
    otherwise = parts.filter(pl.col("parts") == "breadwinner").join(
        children.join(raised.select("id"), on="id", how="anti"), on="id", how="semi"
    )
    columns = ["id", "person", "part"]
    found = [frame.select(columns) for frame in (direct, themselves, raised, otherwise)]
    return pl.concat(found).unique(maintain_order=True)


def _welfare(
    compared: Compared, scheme: Scheme, version: Version, cases: pl.DataFrame, people: pl.DataFrame
) -> list[pl.DataFrame]:
    """生活保護 and 施設措置・里親委託 of everybody on the form; a difference where the scheme excludes it."""
    ways = [
        (MatchKind.PUBLIC_ASSISTANCE, {"10": "受給中"}, {ExclusionKind.PUBLIC_ASSISTANCE}),
        (
            MatchKind.CARE,
            {"20": "児童福祉施設措置", "21": "里親等委託"},
            {ExclusionKind.INSTITUTION, ExclusionKind.FOSTER},
        ),
    ]
    found = []
    for kind, words, kinds in ways:
        rules = [rule for rule in version.who.exclusion if rule.kind in kinds]
        excludes = bool(rules)
        said = f"該当すると対象外{_doubt(scheme, version, *rules)}" if excludes else "制度の要件ではない"
        codes = list(words)
        facts = compared.facts.filter((pl.col("fact") == "welfare") & pl.col("code").is_in(codes))
        held = _standing(people, facts, compared).with_columns(
            pl.col("code").replace_strict(words, default="", return_dtype=pl.String).alias("known")
        )
        told = held.select(
            "id",
            pl.lit(kind.value).alias("kind"),
            pl.col("person").alias("about"),
            "part",
            pl.lit(said).alias("said"),
            "known",
            "since",
            "at_receipt",
            "at_today",
            pl.lit(excludes).alias("differs"),
        )
        none = cases.join(held.select("id"), on="id", how="anti").select(
            "id",
            pl.lit(kind.value).alias("kind"),
            pl.col("atena_no").alias("about"),
            pl.lit("").alias("part"),
            pl.lit("申請にある人全員").alias("said"),
            pl.lit("記録なし" if compared.welfare_known else _UNKNOWN_WELFARE).alias("known"),
            pl.lit(value=False).alias("differs"),
        )
        found += [told, none]
    return found


def _schemes(compared: Compared, scheme: Scheme, version: Version, cases: pl.DataFrame) -> list[pl.DataFrame]:
    """Entitlements of the 対象者 at the same time, here and in other schemes, and which of two goes first."""
    ours = {other.id: other for other in load_all()}
    names = {name: other.name.removeprefix(other.municipality).strip() for name, other in ours.items()}
    priority = version.who.priority
    first = {str(kind) for kind in priority.yields_to} if priority else set()
    doubt = _doubt(scheme, version, priority) if priority else ""
    ahead = [name for name, other in ours.items() if str(other.kind) in first]
    behind = [name for name, other in ours.items() if _yields(other, scheme)]
    targets = cases.select("id", pl.col("atena_no").alias("person"), "received_on").with_columns(
        pl.lit("対象者").alias("part")
    )
    held = _standing(targets, compared.facts.filter(pl.col("fact") == "held"), compared)
    same = pl.col("code") == scheme.id
    rule = (
        pl.when(same)
        .then(pl.lit("新規の申請"))
        .when(pl.col("code").is_in(ahead))
        .then(pl.lit(f"相手の制度が優先{doubt}"))
        .when(pl.col("code").is_in(behind))
        .then(pl.lit("この制度が優先(相手は喪失)"))
        .otherwise(pl.lit("併給できる"))
    )
    kind = pl.when(same).then(pl.lit(MatchKind.SAME_SCHEME.value)).otherwise(pl.lit(MatchKind.OTHER_SCHEME.value))
    told = held.select(
        "id",
        kind.alias("kind"),
        pl.col("person").alias("about"),
        "part",
        rule.alias("said"),
        pl.concat_str(
            [pl.col("code").replace_strict(names, default=pl.col("code"), return_dtype=pl.String), pl.lit("の資格あり")]
        ).alias("known"),
        "since",
        "at_receipt",
        "at_today",
        (same | pl.col("code").is_in([*ahead, *behind])).alias("differs"),
    )
    other = held.filter(~same)
    none = cases.join(other.select("id"), on="id", how="anti").select(
        "id",
        pl.lit(MatchKind.OTHER_SCHEME.value).alias("kind"),
        pl.col("atena_no").alias("about"),
        pl.lit("対象者").alias("part"),
        pl.lit("―").alias("said"),
        pl.lit("なし").alias("known"),
        pl.lit(value=False).alias("differs"),
    )
    return [told, none]


def _yields(other: Scheme, scheme: Scheme) -> bool:
    """Whether the other scheme gives way to this one, by its newest version."""
    priority = other.version[-1].who.priority
    return priority is not None and scheme.kind in priority.yields_to


def _insurance(compared: Compared, scheme: Scheme, version: Version, cases: pl.DataFrame) -> list[pl.DataFrame]:
    """The insurance of the 対象者: none, one that is outside the scheme, or which."""
    targets = cases.select("id", pl.col("atena_no").alias("person"), "received_on").with_columns(
        pl.lit("対象者").alias("part")
    )
    held = _standing(targets, compared.facts.filter(pl.col("fact") == "insurance"), compared)
    doubt = _doubt(scheme, version, version.who.insurance)
    outside = pl.col("code").is_in(list(version.who.insurance.excluded_kinds))
    told = held.select(
        "id",
        pl.lit(MatchKind.INSURANCE.value).alias("kind"),
        pl.col("person").alias("about"),
        "part",
        pl.when(outside).then(pl.lit("この保険は対象外")).otherwise(pl.lit(f"加入が要件{doubt}")).alias("said"),
        pl.col("code").replace_strict(INSURANCE_KINDS, default="種別不明", return_dtype=pl.String).alias("known"),
        "since",
        "at_receipt",
        "at_today",
        (outside | ~pl.col("at_today")).alias("differs"),
    )
    none = targets.join(held.select("id"), on="id", how="anti").select(
        "id",
        pl.lit(MatchKind.INSURANCE.value).alias("kind"),
        pl.col("person").alias("about"),
        "part",
        pl.lit(f"加入が要件{doubt}" if version.who.insurance.required else "要件ではない").alias("said"),
        pl.lit("加入の記録なし").alias("known"),
        pl.lit(version.who.insurance.required).alias("differs"),
    )
    return [told, none]


def _standing(people: pl.DataFrame, facts: pl.DataFrame, compared: Compared) -> pl.DataFrame:
    """Facts that hold on the day of receipt or today: the columns of both, at_receipt, at_today."""

    def holds(day: pl.Expr) -> pl.Expr:
        begun = pl.col("since").is_null() | (pl.col("since") <= day)
        return begun & (pl.col("until").is_null() | (pl.col("until") > day))

    beside = people.join(facts.select("person", "code", "since", "until"), on="person", maintain_order="left")
    return beside.with_columns(
        holds(pl.col("received_on")).alias("at_receipt"), holds(pl.lit(compared.on)).alias("at_today")
    ).filter(pl.col("at_receipt") | pl.col("at_today"))
