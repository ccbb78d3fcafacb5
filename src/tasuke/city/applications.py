"""Applications: one row per child, parent or disabled person and scheme, with whom they name and when they came in.

The frame of this module speaks in pids and day numbers (SCHEMA); application_files turns it into feed rows. `tag` is
what the city knows the row for.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, Ints, chance, choose, day_number, stream, to_date
from tasuke.city.family import NOBODY, Families
from tasuke.city.fates import Fate
from tasuke.city.people import YEAR, HouseholdKind, Role, Window
from tasuke.city.register import BASE, Register
from tasuke.city.words import rates
from tasuke.core.calendar_columns import school_end_expr
from tasuke.schemes.definition import Scheme

CHILD, PARENT, SELF = "1", "2", "4"
BIRTH, MOVE_IN, INSURANCE, LAW, SINGLE, DISABILITY, OTHER = "1", "2", "3", "4", "5", "6", "9"
NEW, INSURANCE_CHANGE, ACCOUNT_CHANGE, LOSS, SUPPORTER_CHANGE = "1", "2", "3", "4", "5"
CHILD_KINDS = ("kodomo", "shoni")

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "scheme": pl.String,
    "scheme_kind": pl.String,
    "kind": pl.String,
    "pid": pl.Int64,
    "role": pl.String,
    "reason": pl.String,
    "event": pl.Int64,
    "received": pl.Int64,
    "applicant": pl.Int64,
    "breadwinner": pl.Int64,
    "single_reason": pl.Int64,
    "single_since": pl.Int64,
    "child_support": pl.Int64,
    "de_facto": pl.Boolean,
    "loss_reason": pl.String,
    "tag": pl.String,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the applications are made from."""

    register: Register
    families: Families
    income: Ints  # total income by pid in the first tax year
    welfare: pl.DataFrame
    seed: int


def _frame(scheme: Scheme, kind: str, columns: dict[str, object]) -> pl.DataFrame:
    """A frame in SCHEMA; what is not given is null (de_facto: false). `pid` is given as an array."""
    given = {"scheme": scheme.id, "scheme_kind": scheme.kind.value, "kind": kind, "de_facto": False, **columns}
    arrays = {k: pl.Series(k, v) for k, v in given.items() if isinstance(v, np.ndarray | pl.Series)}
    fixed = [pl.lit(given.get(k), dtype=t).alias(k) for k, t in SCHEMA.items() if k not in arrays]
    return (
        pl.DataFrame(list(arrays.values()))
        .select(*[pl.col(k).cast(SCHEMA[k]) for k in arrays], *fixed)
        .select(list(SCHEMA))
    )


def _children(facts: Facts) -> pl.DataFrame:
    """Children who live with a parent: pid, birth, since, household, parents."""
    people = facts.register.people
    child = people.filter(
        pl.col("role").is_in([int(Role.CHILD), int(Role.GRANDCHILD)]),
        pl.col("status") == 1,
        pl.col("kind") != int(HouseholdKind.ADULT_CHILD),
        pl.col("birth") > facts.register.window.start - int(20.5 * YEAR),
    )
    pids = child["pid"].to_numpy()
    families = facts.families
    return child.select("pid", "birth", "since", "household", "fate", "day", "back", "enter", "kind").with_columns(
        father=pl.Series(families.of(families.father, pids)),
        mother=pl.Series(families.of(families.mother, pids)),
        lone=pl.Series(families.of(families.lone, pids)),
    )


def breadwinners(facts: Facts, pids: Ints) -> Ints:
    """生計維持者 of children: the parent who earns more; the lone parent."""
    families, income = facts.families, facts.income
    father, mother = families.of(families.father, pids), families.of(families.mother, pids)
    lone = families.of(families.lone, pids)
    one = np.where(father == NOBODY, -1, income[np.maximum(father, 0)])
    two = np.where(mother == NOBODY, -2, income[np.maximum(mother, 0)])
    return np.where(lone != NOBODY, lone, np.where(two > one, mother, father))


def _age_end(children: pl.DataFrame, age: int) -> Ints:
    """First day after the school year in which the age is attained."""
    births = children.select(pl.col("birth").cast(pl.Int32).cast(pl.Date))
    end = births.select(school_end_expr(pl.col("birth"), age)).to_series()
    return end.cast(pl.Int32).cast(pl.Int64).to_numpy() + 1


def law_events(scheme: Scheme, children: pl.DataFrame, event: Ints, window: Window) -> tuple[Ints, Ints]:
    """When each child could first apply: (day, 1 if it is the start of a version that took the child in).

    A version counts when it is in force before the end of the window and the child is inside its last age band;
    NO_DAY = never. Who grew out of the rules in force at the start of the window can only come in by a later version.
    """
    today = scheme.version_on(to_date(window.start)).who.band[-1].until
    inside = np.full(children.height, True) if today is None else _age_end(children, today.age) > window.start
    first = np.full(children.height, NO_DAY, dtype=np.int64)
    by_law = np.zeros(children.height, dtype=np.int64)
    starts = [day_number(v.valid_from) for v in scheme.version]
    for version, begin, end in zip(scheme.version, starts, [*starts[1:], 2**40], strict=True):
        last = version.who.band[-1].until
        if begin >= window.end or last is None:
            continue
        day = np.maximum(event, begin)
        fits = (day < np.minimum(_age_end(children, last.age), end)) & (first == NO_DAY)
        fits &= inside | (begin > window.start)
        first = np.where(fits, day, first)
        by_law = np.where(fits & (begin > event), 1, by_law)
    return first, by_law


def child_applications(facts: Facts, scheme: Scheme, *, exclude: set[int]) -> pl.DataFrame:
    """子ども / 小児: every child once, at birth, on moving in, or when the law took the child in.

    exclude: children who are under 重度 or ひとり親 at the start (their own applications follow a loss there).
    """
    window = facts.register.window
    children = _children(facts).filter(~pl.col("pid").is_in(list(exclude)))
    rng = stream(facts.seed, f"apply.{scheme.id}")
    n = children.height
    applies = chance(rng, rates()["applications"]["apply_child"], n)
    event = children["since"].to_numpy()
    first, by_law = law_events(scheme, children, event, window)
    reason = np.where(by_law == 1, LAW, np.where(event == children["birth"].to_numpy(), BIRTH, MOVE_IN))
    lag = np.where(reason == LAW, -rng.integers(10, 60, n), rng.integers(1, 22, n))
    fixed_floor = day_number(scheme.version[0].valid_from)
    received = np.maximum(first + lag, np.where(reason == LAW, fixed_floor, event))
    pids = children["pid"].to_numpy()
    keeper = breadwinners(facts, pids)
    rows = applies & (first != NO_DAY) & (received < window.end) & (keeper != NOBODY)
    rows &= _age_end(children, _last_age(scheme)) > window.start
    frame = _frame(
        scheme,
        NEW,
        {
            "pid": pids,
            "role": CHILD,
            "reason": reason,
            "event": first,
            "received": received,
            "applicant": keeper,
            "breadwinner": keeper,
            "tag": "child",
        },
    ).filter(pl.Series(rows))
    return pl.concat([frame, _returning(facts, scheme, children, frame)])


def _last_age(scheme: Scheme) -> int:
    until = scheme.version[-1].who.band[-1].until
    return until.age if until is not None else 120


def _returning(facts: Facts, scheme: Scheme, children: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Families that left and came back apply again (再転入は新規申請)."""
    back = children.filter(
        pl.col("fate") == int(Fate.RETURN),
        pl.col("pid").is_in(before["pid"].implode()),
        pl.col("birth") < pl.col("day"),
    )
    rng = stream(facts.seed, f"again.{scheme.id}")
    pids = back["pid"].to_numpy()
    keeper = breadwinners(facts, pids)
    received = back["back"].to_numpy() + rng.integers(0, 12, back.height)
    frame = _frame(
        scheme,
        NEW,
        {
            "pid": pids,
            "role": CHILD,
            "reason": MOVE_IN,
            "event": back["back"].to_numpy(),
            "received": received,
            "applicant": keeper,
            "breadwinner": keeper,
            "tag": "return",
        },
    )
    return frame.filter(pl.col("received") < facts.register.window.end)


@dataclass(frozen=True, slots=True)
class SingleParents:
    """Lone-parent families by household: since when and why."""

    household: Ints
    parent: Ints
    since: Ints
    reason: Ints
    support: Ints
    applies: Ints
    divorced_in_window: Ints


def single_parents(facts: Facts) -> SingleParents:
    """Families of lone parents: those of that kind, and those that divorce within the window."""
    people, window = facts.register.people, facts.register.window
    rng = stream(facts.seed, "single_parents")
    lone = people.filter(
        (pl.col("pid").is_in(facts.families.lone[facts.families.lone != NOBODY].tolist())) & (pl.col("status") == 1)
    )
    divorced = people.filter(
        pl.col("fate").is_in([int(Fate.DIVORCE_STAY), int(Fate.DIVORCE_LEAVE)]), pl.col("role") == int(Role.SPOUSE)
    )
    youngest = (
        people.filter(pl.col("role").is_in([int(Role.CHILD), int(Role.GRANDCHILD)]))
        .group_by("household")
        .agg(pl.col("birth").max().alias("youngest"))
    )
    both = pl.concat([lone.with_columns(late=pl.lit(False)), divorced.with_columns(late=pl.lit(True))]).join(
        youngest, on="household", how="inner", maintain_order="left"
    )
    n = both.height
    late = both["late"].to_numpy()
    span = np.maximum(window.start - 40 - both["youngest"].to_numpy(), 1)
    since = both["youngest"].to_numpy() + (rng.random(n) * span).astype(np.int64)
    reason = np.array([2, 8, 1, 6, 5, 4, 7])[choose(rng, [0.80, 0.11, 0.06, 0.01, 0.01, 0.005, 0.005], n)]
    since = np.where(reason == 8, both["youngest"].to_numpy(), since)
    pays = (reason == 2) & chance(rng, 0.35, n)
    return SingleParents(
        household=both["household"].to_numpy(),
        parent=both["pid"].to_numpy(),
        since=np.where(late, both["day"].to_numpy(), since),
        reason=np.where(late, 2, reason),
        support=np.where(pays | (late & chance(rng, 0.3, n)), rng.integers(12, 73, n) * 10_000, 0),
        applies=chance(rng, rates()["applications"]["apply_single_parent"], n).astype(np.int64),
        divorced_in_window=late.astype(np.int64),
    )


_FAMILY = (
    "pid",
    "role",
    "birth",
    "since",
    "household",
    "parent",
    "single_since",
    "single_reason",
    "child_support",
    "lag",
)


def _single_parent_families(facts: Facts, scheme: Scheme, parents: SingleParents) -> pl.DataFrame:
    """Parents (role 2) and their children under the last age band (role 1) of the families that apply: _FAMILY."""
    people, window = facts.register.people, facts.register.window
    table = pl.DataFrame(
        {
            "household": parents.household,
            "parent": parents.parent,
            "single_since": parents.since,
            "single_reason": parents.reason,
            "child_support": parents.support,
            "lag": stream(facts.seed, f"apply.{scheme.id}").integers(2, 30, len(parents.parent)),
        }
    ).filter(pl.Series(parents.applies == 1))
    children = _children(facts).join(table, on="household", how="inner", maintain_order="left")
    start = np.maximum(children["single_since"].to_numpy(), window.start)
    inside = _age_end(children, _last_age(scheme)) > start
    children = children.filter(pl.Series(inside)).with_columns(role=pl.lit(CHILD))
    parent = table.filter(pl.col("household").is_in(children["household"].implode())).with_columns(
        pid=pl.col("parent"), role=pl.lit(PARENT)
    )
    parent = parent.join(people.select("pid", "birth", "since"), on="pid", how="left", maintain_order="left")
    return pl.concat([parent.select(_FAMILY), children.select(_FAMILY)])


def single_parent_applications(facts: Facts, scheme: Scheme, parents: SingleParents) -> pl.DataFrame:
    """ひとり親: the parent and each child; a family applies when the last of its events has happened."""
    window = facts.register.window
    rows = _single_parent_families(facts, scheme, parents)
    floor = day_number(scheme.version[0].valid_from)
    rows = rows.with_columns(event=pl.max_horizontal("single_since", "since", pl.lit(floor, dtype=pl.Int64)))
    rows = rows.with_columns(received=pl.col("event").max().over("household") + pl.col("lag"))
    settled = pl.col("event") < window.start
    rows = rows.with_columns(
        received=pl.when(settled).then(pl.min_horizontal("received", pl.lit(window.start - 3))).otherwise("received")
    )
    rows = rows.with_columns(received=pl.max_horizontal("received", "event"))
    reason = (
        pl.when(pl.col("event") == pl.col("single_since"))
        .then(pl.lit(SINGLE))
        .when(pl.col("event") == floor)
        .then(pl.lit(LAW))
        .when(pl.col("event") == pl.col("birth"))
        .then(pl.lit(BIRTH))
        .otherwise(pl.lit(MOVE_IN))
    )
    rows = rows.with_columns(reason=reason).filter(pl.col("received") < window.end).sort("household", "role", "pid")
    given = ("pid", "role", "reason", "event", "received", "single_reason", "single_since", "child_support")
    columns: dict[str, object] = {name: rows[name] for name in given}
    columns |= {"applicant": rows["parent"], "breadwinner": rows["parent"], "tag": "single_parent"}
    return _frame(scheme, NEW, columns)


def disability_applications(facts: Facts, scheme: Scheme) -> pl.DataFrame:
    """重度: persons with a handbook of a grade that may qualify."""
    people, window = facts.register.people, facts.register.window
    rng = stream(facts.seed, f"apply.{scheme.id}")
    grade, code = pl.col("grade"), pl.col("fact_code")
    severe = (
        ((code == "30") & (grade.str.slice(0, 1).is_in(["1", "2"]) | (grade == "3N")))
        | ((code == "31") & (grade == "A"))
        | ((code == "32") & (grade == "1"))
    )
    holders = facts.welfare.filter(severe).group_by("pid").agg(pl.col("valid_from").min()).sort("pid")
    joined = holders.join(people.select("pid", "since", "birth", "status", "group", "enter"), on="pid", how="left")
    joined = joined.filter(pl.col("status") == 1, pl.col("group") == BASE)
    n = joined.height
    floor = day_number(scheme.version[0].valid_from)
    event = np.maximum(np.maximum(joined["valid_from"].to_numpy(), joined["since"].to_numpy()), floor)
    received = event + rng.integers(5, 45, n)
    received = np.where(event < window.start, np.minimum(received, window.start - 3), received)
    received = np.maximum(received, event)
    pids = joined["pid"].to_numpy()
    young = (window.start - joined["birth"].to_numpy()) / YEAR < 20
    parent = breadwinners(facts, pids)
    keeper = np.where(young & (parent != NOBODY), parent, pids)
    rows = chance(rng, rates()["applications"]["apply_disability"], n) & (received < window.end)
    reason = np.where(event == joined["since"].to_numpy(), MOVE_IN, np.where(event == floor, LAW, DISABILITY))
    return _frame(
        scheme,
        NEW,
        {
            "pid": pids,
            "role": SELF,
            "reason": reason,
            "event": event,
            "received": received,
            "applicant": keeper,
            "breadwinner": keeper,
            "tag": "disability",
        },
    ).filter(pl.Series(rows))


def losses(facts: Facts, scheme: Scheme, applied: pl.DataFrame) -> pl.DataFrame:
    """喪失の届出: remarriage and de facto marriage (ひとり親), and half of the families that move out."""
    people, window = facts.register.people, facts.register.window
    rng = stream(facts.seed, f"loss.{scheme.id}")
    before = applied.filter(pl.col("kind") == NEW, pl.col("received") < window.start)
    joined = before.join(people.select("pid", "fate", "day", "household"), on="pid", how="left", maintain_order="left")
    partner = pl.col("fate").is_in([int(Fate.REMARRIAGE), int(Fate.DE_FACTO)]) & (pl.col("scheme_kind") == "hitorioya")
    leaves = (pl.col("fate") == int(Fate.MOVE_OUT)) & (pl.col("household") % 2 == 0)
    rows = joined.filter(partner | leaves)
    words = (
        pl.when(pl.col("fate") == int(Fate.REMARRIAGE))
        .then(pl.lit("婚姻"))
        .when(pl.col("fate") == int(Fate.DE_FACTO))
        .then(pl.lit("事実婚"))
        .otherwise(pl.lit("転出"))
    )
    # the notice comes days or weeks after the marriage; families who move tell it on leaving
    households = int(people["household"].to_numpy().max()) + 1
    lag = rng.integers(3, 40, households)[rows["household"].to_numpy()]
    lag = np.where(rows["fate"].to_numpy() == Fate.MOVE_OUT, 0, lag)
    rows = rows.with_columns(
        kind=pl.lit(LOSS),
        reason=pl.lit(OTHER),
        event=pl.col("day"),
        received=pl.col("day") + pl.Series(lag),
        loss_reason=words,
        de_facto=pl.col("fate") == int(Fate.DE_FACTO),
        tag=pl.lit("loss"),
    )
    return rows.filter(pl.col("received") < window.end).select(list(SCHEMA))


def after_loss(facts: Facts, scheme: Scheme, lost: pl.DataFrame) -> pl.DataFrame:
    """Children who leave ひとり親 by their parent's marriage apply for the child scheme."""
    birth = facts.register.people["birth"]
    children = lost.filter(pl.col("role") == CHILD, pl.col("loss_reason").is_in(["婚姻", "事実婚"]))
    pids = children["pid"].to_numpy()
    frame = _frame(
        scheme,
        NEW,
        {
            "pid": children["pid"],
            "role": CHILD,
            "reason": OTHER,
            "event": children["event"],
            "received": children["received"],
            "applicant": children["applicant"],
            "breadwinner": children["breadwinner"],
            "tag": "after_loss",
        },
    )
    ages = pl.DataFrame({"birth": birth.gather(pids)})
    return frame.filter(pl.Series(_age_end(ages, _last_age(scheme)) > children["event"].to_numpy()))
