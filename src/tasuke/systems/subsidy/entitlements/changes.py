"""What changes of the register do to entitlements: losses, new bands and classes, and time that was cut off wrongly.

The scheme's own rules say so: each entitlement is judged again, on columns, on the days on which a fact about it
changed (`change_days`). The first day of a rejection ends it; a day with another band, coverage, class or funding part
splits it; when everything holds on the very day after its end, it goes on (a corrected move, an insurer that followed
without a gap). Who has no insurance is asked first (insurance_checks) and comes back with the next one; who comes back
to the city after a gap has to apply. A change of ward changes nothing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.core.period import Period
from tasuke.platform.bulk import copy_out
from tasuke.schemes.reasons import NOTES, ReasonCode
from tasuke.systems.subsidy.entitlements.change_days import change_days, horizon
from tasuke.systems.subsidy.entitlements.facts import read_register
from tasuke.systems.subsidy.entitlements.insurance_checks import (
    find_closings,
    find_waits,
    open_checks,
    return_days,
    with_gaps,
)
from tasuke.systems.subsidy.entitlements.judging import Rules, judge_cases, payer_number_expr
from tasuke.systems.subsidy.entitlements.losses import PRIORITY, cases_of, first_reason
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.registry.tables import people_table

_INCOME = [
    str(code)
    for code in (
        ReasonCode.INCOME_OVER,
        ReasonCode.INCOME_SUBJECT_MISSING,
        ReasonCode.INCOME_UNDECLARED,
        ReasonCode.INCOME_UNKNOWN,
    )
]
_NOTES = [str(code) for code in NOTES]
_NOTHING = pl.lit([], dtype=pl.List(pl.String))
_NOT_JUDGED = {"rejected": False, "eligible": False, "first": True, "anchor": False}
VALUES = ("band", "coverage", "copay_class", "funding", "payer_no")
# two joins by index and their union: one join with OR may fall to a scan of all decisions for each entitlement
_UPHELD = """
SELECT DISTINCT ON (id) id, judged_on, income_year FROM (
  SELECT e.id, d.judged_on, d.income_year, d.id AS decision FROM subsidy_entitlement e
  JOIN {0} p ON p.atena_no = e.atena_no JOIN subsidy_decision d ON d.id = e.decision_id
  WHERE e.scheme = %s AND e.recorded_to IS NULL
  UNION ALL
  SELECT e.id, d.judged_on, d.income_year, d.id FROM subsidy_entitlement e
  JOIN {0} p ON p.atena_no = e.atena_no
  JOIN subsidy_decision d ON d.atena_no = e.atena_no AND d.scheme = e.scheme AND d.outcome = 'eligible'
  WHERE e.scheme = %s AND e.recorded_to IS NULL AND e.valid @> d.judged_on
) upheld ORDER BY id, judged_on DESC, decision DESC
"""
_TAKEN_OVER = """
SELECT DISTINCT ON (t.atena_no) t.atena_no, t.taken_on, array_to_string(t.our_reasons, E'\\x1f')
FROM subsidy_taken_over t JOIN {} p USING (atena_no)
WHERE t.scheme = %s ORDER BY t.atena_no, t.taken_on DESC, t.id DESC
"""
_TAKEN = {"atena_no": pl.String(), "taken_on": pl.Date(), "open_reasons": pl.List(pl.String())}
_LEARNED = {"entitlement_id": pl.Int64(), "judged_on": pl.Date(), "decided_year": pl.Int64()}


@dataclass(frozen=True, slots=True)
class EntitlementChanges:
    """What is to be written, all with the columns of judge_cases for the day that made the change.

    lost: one row per entitlement that ends earlier, with lost_on and loss_reason. pieces: the parts into which an
    entitlement falls (valid_from, valid_to, VALUES, changed b: a new decision shapes it). reopened: entitlements that
    go on after their end, or come back after a gap, with start and end of the further part, and `same` b: nothing but
    the end is new. held: entitlements that wait for an insurance, with missing_from, due_on and check_id (null: the
    question is new). closings: questions that are answered (check_id, result).
    """

    lost: pl.DataFrame
    pieces: pl.DataFrame
    reopened: pl.DataFrame
    held: pl.DataFrame
    closings: pl.DataFrame

    def of(self, people: pl.Series) -> "EntitlementChanges":
        """The part that concerns some persons."""
        chosen = pl.col("atena_no").is_in(people.implode())
        lost, pieces, reopened, held, closings = (frame.filter(chosen) for frame in self._frames())
        return EntitlementChanges(lost, pieces, reopened, held, closings)

    def still_current(self, entitlement_ids: pl.Series) -> "EntitlementChanges":
        """The part that concerns entitlements that nobody else has changed since."""
        chosen = pl.col("entitlement_id").is_in(entitlement_ids.implode())
        lost, pieces, reopened, held = (frame.filter(chosen) for frame in self._frames()[:-1])
        return EntitlementChanges(lost, pieces, reopened, held, self.closings)

    def people(self) -> pl.Series:
        """Who is concerned."""
        return pl.concat([frame["atena_no"] for frame in self._frames()]).unique()

    def _frames(self) -> tuple[pl.DataFrame, ...]:
        return self.lost, self.pieces, self.reopened, self.held, self.closings


def find_changes(
    *, using: str, rules: Rules, on: date, notices: pl.DataFrame, atena_nos: pl.Series | None = None
) -> EntitlementChanges:
    """Judge again what is in force (or ended within two years), on the days on which something changed up to `on`.

    notices: 喪失の届出 not yet acted on: atena_no, event_date, notice (its reason in words). Reads only.
    """
    entitlements = _with_decisions(using, rules, on, atena_nos)
    start = entitlements["valid_from"].min()
    first_year = start.year if isinstance(start, date) else on.year
    register = read_register(
        using=using, scheme=rules.scheme, people=entitlements["atena_no"], years=(first_year, on.year)
    )
    days = _ours(change_days(register=register, scheme=rules.scheme, entitlements=entitlements, on=on), entitlements)
    told = _told(entitlements, notices, on)
    back = return_days(entitlements, register.insurance, rules.profile, on=on)
    all_days = pl.concat([days, told.select("entitlement_id", "on"), back]).unique().sort("entitlement_id", "on")
    cases = cases_of(all_days.rename({"on": "day"}).join(entitlements, on="entitlement_id"), on=pl.col("day")).drop(
        "day"
    )
    judged = judge_cases(using=using, rules=rules, cases=cases.sort("entitlement_id", "on"), register=register)
    marked = with_gaps(_with_anchors(_mark(judged)), register.insurance)
    checks = open_checks(using=using, scheme=rules.scheme.id, atena_nos=entitlements["atena_no"])
    for_others = _lost(marked.filter(~pl.col("only_insurance")), told)
    grace = rules.profile.insurance_grace_on(on)
    waits = find_waits(marked, for_others, checks, grace=grace, on=on)
    no_matter = pl.concat([waits.held["id"], waits.passed_over["id"]])
    marked = marked.with_columns(pl.col("rejected") & ~pl.col("id").is_in(no_matter.implode()))
    lost = _lost(marked, told)
    held = (
        waits.held.join(lost.select("entitlement_id"), on="entitlement_id", how="anti")
        .sort("atena_no", "on", "entitlement_id")
        .unique("atena_no", keep="first", maintain_order=True)
    )
    return EntitlementChanges(
        lost=lost,
        pieces=_pieces(marked, lost, rules),
        reopened=_reopened(marked, lost, entitlements, rules),
        held=held,
        closings=find_closings(checks, held, lost, lost.filter(pl.col("again_from") <= on)),
    )


def _with_decisions(using: str, rules: Rules, on: date, atena_nos: pl.Series | None) -> pl.DataFrame:
    """Current entitlements with the day and income year of the last decision that upheld them (a renewal adds none)."""
    frame = entitlements_frame(
        using=using, scheme=rules.scheme.id, overlapping=Period(horizon(on), None), atena_nos=atena_nos
    )
    with people_table(using=using, atena_nos=frame["atena_no"]) as name:
        query = _UPHELD.format(name)
        learned = copy_out(connections[using], query, [rules.scheme.id] * 2, schema=_LEARNED)
        known = copy_out(connections[using], _TAKEN_OVER.format(name), [rules.scheme.id], schema=_TAKEN)
    return frame.join(learned, on="entitlement_id", how="left", maintain_order="left").join(
        known, on="atena_no", how="left", maintain_order="left"
    )


def _ours(days: pl.DataFrame, entitlements: pl.DataFrame) -> pl.DataFrame:
    """The day of the take-over and those after it: what held until then was the old system's to judge.

    A day further back on which something changed counts from the day of the take-over on. An entitlement that we ended
    on that very day may go on from it; one that the old system ended is left alone.
    """
    ended_by_us = (pl.col("valid_to") == pl.col("taken_on")) & (pl.col("loss_reason") != "")
    taken = entitlements.filter(
        pl.col("valid_from") <= pl.col("taken_on"),
        pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("taken_on")) | ended_by_us,
    )
    if taken.is_empty() and entitlements["taken_on"].null_count() == entitlements.height:
        return days
    later = days.join(entitlements.select("entitlement_id", "taken_on"), on="entitlement_id", how="left").filter(
        pl.col("taken_on").is_null() | (pl.col("on") > pl.col("taken_on"))
    )
    first_days = taken.select("entitlement_id", on="taken_on")
    return pl.concat([later.select("entitlement_id", "on"), first_days]).unique().sort("entitlement_id", "on")


def _told(entitlements: pl.DataFrame, notices: pl.DataFrame, on: date) -> pl.DataFrame:
    joined = entitlements.select("entitlement_id", "atena_no", "valid_from", "valid_to").join(
        notices.rename({"event_date": "on"}), on="atena_no", how="inner"
    )
    inside = (pl.col("on") >= pl.col("valid_from")) & (
        pl.col("valid_to").is_null() | (pl.col("on") < pl.col("valid_to"))
    )
    return joined.filter(inside & (pl.col("on") <= on)).select("entitlement_id", "on", "notice")


def _mark(judged: pl.DataFrame) -> pl.DataFrame:
    """rejected: for a reason that is ours to act on. A new income year is the renewal's business, not a change."""
    # what our rules objected to at the take-over already ends nothing, but from the day on which a decision of ours has
    # upheld it; and a scheme that was taken over beside this one is no news of the day itself (what is gained later
    # ends the lower scheme by itself)
    upheld = (pl.col("judged_on") > pl.col("taken_on")) & (pl.col("on") >= pl.col("judged_on"))
    excused = pl.when(upheld | (pl.col("valid_from") > pl.col("taken_on"))).then(_NOTHING).otherwise("open_reasons")
    anchor = (pl.col("on") == pl.col("taken_on")).fill_null(value=False)
    hard = pl.col("reasons").list.filter(~pl.element().is_in(_NOTES)).list.set_difference(excused.fill_null([]))
    hard = pl.when(anchor).then(hard.list.filter(pl.element() != PRIORITY)).otherwise(hard)
    others = hard.list.eval(pl.element().filter(~pl.element().is_in(_INCOME))).list.len() > 0
    same_year = pl.col("income_year").eq_missing(pl.col("decided_year"))
    return judged.with_columns(
        ((pl.col("outcome") == "rejected") & (hard.list.len() > 0) & (others | same_year)).alias("rejected"),
        (pl.col("outcome") == "eligible").alias("eligible"),
        (pl.col("on") == pl.col("valid_from")).alias("first"),
        anchor.alias("anchor"),
        same_year.alias("same_year"),
        (pl.col("valid_to").is_null() | (pl.col("on") < pl.col("valid_to"))).alias("within"),
    )


def _with_anchors(marked: pl.DataFrame) -> pl.DataFrame:
    """With a row for the first day of what was taken over: judged by nobody, as it came until the take-over."""
    before = marked.filter("anchor", "within", ~pl.col("first")).with_columns(
        pl.format("{}/first", "id").alias("id"),
        pl.col("valid_from").alias("on"),
        *[pl.lit(value=v).alias(c) for c, v in _NOT_JUDGED.items()],
    )
    return pl.concat([marked, before])


def _lost(marked: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The first day of each entitlement on which it does not hold, by rule or by notice."""
    noted = marked.join(told, on=["entitlement_id", "on"], how="left", maintain_order="left")
    ends = noted.filter(pl.col("within") & (pl.col("rejected") | pl.col("notice").is_not_null()))
    reason = pl.when(pl.col("rejected")).then(first_reason()).otherwise(pl.col("notice").str.slice(0, 60))
    return (
        ends.sort("entitlement_id", "on", "notice")
        .unique("entitlement_id", keep="first", maintain_order=True)
        .with_columns(pl.col("on").alias("lost_on"), reason.alias("loss_reason"))
        .drop("notice")
    )


def _pieces(marked: pl.DataFrame, lost: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Entitlements that fall into parts of different band, coverage, class or funding; unchanged ones have none."""
    ends = lost.select("entitlement_id", "lost_on")
    holds = marked.join(ends, on="entitlement_id", how="left", maintain_order="left").filter(
        pl.col("within") & (pl.col("lost_on").is_null() | (pl.col("on") < pl.col("lost_on")))
    )
    stands = holds.filter(pl.col("eligible") | pl.col("first"))
    first = pl.col("first")
    later = pl.col("on") >= pl.col("judged_on")
    moved = pl.col("band") != pl.col("own_band")
    usable = pl.col("eligible")
    # with a new band everything is taken as judged, else the class of a new income year waits for the renewal
    fresh = usable & later & ~first & ~pl.col("anchor") & (pl.col("same_year") | moved)
    # on the day of the take-over nothing is new but a class that a corrected income changes
    corrected = usable & pl.col("anchor") & pl.col("same_year") & (pl.col("copay_class") != pl.col("own_copay_class"))
    said = {
        "band": pl.when(usable & later & ~first & ~pl.col("anchor")).then("band"),
        "coverage": pl.when(fresh | corrected).then("coverage"),
        "copay_class": pl.when(fresh | (usable & pl.col("same_year"))).then("copay_class"),
        "funding": pl.when(fresh | corrected).then("funding"),
    }
    # what a day does not say anew goes on as it was; the first day of all says what the entitlement says
    filled = (
        stands.sort("entitlement_id", "on")
        .with_columns([pl.coalesce(e, pl.when(first).then(f"own_{c}")).alias(c) for c, e in said.items()])
        .with_columns([pl.col(c).forward_fill().over("entitlement_id") for c in said])
    )
    valued = filled.with_columns(pl.col("on").alias("start")).with_columns(payer_number_expr(rules).alias("payer_no"))
    valued = valued.with_columns(pl.when(_as_before(said)).then("own_payer_no").otherwise("payer_no").alias("payer_no"))
    return _cut(valued)


def _as_before(columns: Iterable[str]) -> pl.Expr:
    return pl.all_horizontal([pl.col(c).eq_missing(pl.col(f"own_{c}")) for c in columns])


def _cut(valued: pl.DataFrame) -> pl.DataFrame:
    same = pl.all_horizontal([pl.col(c).eq_missing(pl.col(c).shift(1).over("entitlement_id")) for c in VALUES])
    begins = pl.col("entitlement_id").is_first_distinct()
    steps = valued.filter(begins | ~same)
    following = pl.col("on").shift(-1).over("entitlement_id")
    own = pl.all_horizontal([pl.col(c).eq_missing(pl.col(f"own_{c}")) for c in VALUES])
    parts = steps.with_columns(
        pl.min_horizontal(pl.coalesce(following, "valid_to"), "lost_on").alias("piece_to"),
        pl.when("first").then("valid_from").otherwise("on").alias("piece_from"),
        (~(own & pl.col("first"))).alias("changed"),
    )
    affected = parts.filter("changed")["entitlement_id"].unique()
    return parts.filter(pl.col("entitlement_id").is_in(affected.implode())).with_columns(
        pl.col("piece_from").alias("valid_from"), pl.col("piece_to").alias("valid_to")
    )


def _reopened(marked: pl.DataFrame, lost: pl.DataFrame, entitlements: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Entitlements that ended although everything still holds on the day after, or holds again on the first day of the
    next insurance, until the end of what holds now."""
    following = entitlements.select("entitlement_id", "atena_no", "valid_from").sort("atena_no", "valid_from")
    following = following.with_columns(pl.col("valid_from").shift(-1).over("atena_no").alias("next_from"))
    ended = (
        marked.filter(pl.col("eligible") & (pl.col("on") >= pl.col("valid_to")))
        .sort("entitlement_id", "on")
        .unique("entitlement_id", keep="first", maintain_order=True)
    )
    by_rule = (pl.col("loss_reason") == "") | pl.col("loss_reason").is_in([str(c) for c in ReasonCode])
    grown = (pl.col("band") == "extension") & (pl.col("own_band") != "extension")  # an extension has to be applied for
    free = ended.join(
        following.select("entitlement_id", "next_from"), on="entitlement_id", how="left", maintain_order="left"
    ).filter(by_rule & ~grown & (pl.col("next_from").is_null() | (pl.col("next_from") > pl.col("on"))))
    end = pl.min_horizontal("end", "next_from")
    kept = free.join(
        lost.select("entitlement_id"), on="entitlement_id", how="anti", maintain_order="left"
    ).with_columns(pl.col("on").alias("start"), end.alias("end"))
    valued = kept.with_columns(payer_number_expr(rules).alias("payer_no"))
    same = pl.all_horizontal([pl.col(c).eq_missing(pl.col(f"own_{c}")) for c in VALUES])
    gapless = pl.col("start") == pl.col("valid_to")
    return valued.filter(pl.col("end").is_null() | (pl.col("end") > pl.col("start"))).with_columns(
        (same & gapless).alias("same"), gapless.alias("gapless")
    )
