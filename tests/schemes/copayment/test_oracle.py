"""The engine against plain Python written from the municipalities' texts (not from the engine), and its laws.

The oracle walks visit by visit with dictionaries; the engine works on columns. Random months must agree to the yen.
"""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasuke.schemes.copayment.compute import compute
from tasuke.schemes.copayment.visits import VISIT_SCHEMA

# The oracle -------------------------------------------------------------------------------------------------


def tens(amount):
    """10円未満四捨五入."""
    return int((Decimal(amount) / 10).quantize(Decimal(1), ROUND_HALF_UP)) * 10


def ones(amount):
    """1円未満四捨五入."""
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP))


def april_after(birth, age):
    """1 April that follows the 31 March on or after the day before the birthday."""
    early = (birth.month, birth.day) <= (4, 1)
    return date(birth.year + age + (0 if early else 1), 4, 1)


def basis_of(visit, *, in_kind=None):
    """Whole yen where the programme pays the institution, 10 yen where the patient pays (健康保険法75条)."""
    in_kind = visit["billed_in_kind"] if in_kind is None else in_kind
    left = Decimal(visit["cost"]) * (100 - visit["benefit_rate"]) / 100
    share = visit["patient_share"]
    if share is None or (in_kind and share == tens(left)):
        share = ones(left) if in_kind else tens(left)
    if visit["public_share"] is not None:
        share = visit["public_share"]
    return max(0, share - visit["high_cost"] - visit["extra_benefit"])


def rate_of(visit, percent):
    """定率 of the cost, rounded as the share is."""
    part = Decimal(visit["cost"]) * percent / 100
    return ones(part) if visit["billed_in_kind"] else tens(part)


def shares_of(visit, *, in_kind=None):
    """The burden of each visit: of a single visit the basis, of a month's row what was given."""
    return visit["visit_shares"] if visit["visits"] > 1 else [basis_of(visit, in_kind=in_kind)]


def in_order(visits):
    return sorted(visits, key=lambda v: (v["service_date"], v["id"]))


def sapporo_kodomo(visits):
    """schemes.md A-1, A-4."""
    month = defaultdict(int)
    out = {}
    for v in in_order(visits):
        day, basis, inpatient = v["service_date"], basis_of(v), v["inpatient"]
        if day < date(2021, 4, 1):
            end = None
        elif day < date(2024, 4, 1):
            end = april_after(v["birth_date"], 15 if inpatient else 12)
        elif day < date(2025, 4, 1):
            end = april_after(v["birth_date"], 15)
        else:
            end = april_after(v["birth_date"], 18)
        old = day < date(2024, 4, 1)
        if end is None or day >= end or (inpatient and old and v["care"] not in ("medical", "dental")):
            out[v["id"]] = (basis_of(v, in_kind=False), 0, False)
            continue
        if inpatient and old and v["copay_class"] == "taxed":
            key = (v["person_id"], day.year, day.month, v["institution"])
            burden = min(basis, rate_of(v, 10), 57600 - month[key])
            month[key] += burden
        elif inpatient and old and v["copay_class"] != "untaxed":
            out[v["id"]] = (basis_of(v, in_kind=False), 0, False)
            continue
        else:
            amount = {"medical": 580, "dental": 510}.get(v["care"], 0)
            burden = min(basis, amount * v["first_visits"])
        out[v["id"]] = (burden, 0, True)
    return out


def kawasaki_shoni(visits):
    """schemes.md C-1 川崎市 小児医療費助成."""
    out = {}
    for v in in_order(visits):
        day, basis, birth = v["service_date"], basis_of(v), v["birth_date"]
        outpatient_care = v["care"] != "pharmacy" and not v["inpatient"]
        grade4 = april_after(birth, 9)
        if day < date(2017, 4, 1):
            end, paying_until = None, None
        elif day < date(2023, 9, 1):
            end, paying_until = april_after(birth, 15 if v["inpatient"] else 12), april_after(birth, 12)
        elif day < date(2026, 9, 1):
            end, paying_until = april_after(birth, 15), april_after(birth, 15)
        else:
            end, paying_until = april_after(birth, 18), date.min
        if end is None or day >= end or (v["inpatient"] and v["care"] == "pharmacy" and day < date(2026, 9, 1)):
            out[v["id"]] = (basis_of(v, in_kind=False), 0, False)
            continue
        if v["inpatient"] and end == april_after(birth, 15) and april_after(birth, 12) <= day < date(2023, 9, 1):
            basis = basis_of(v, in_kind=False)  # 中学生の入院は償還払い
        burden = 0
        free = day >= date(2023, 9, 1) and v["copay_class"] == "levy_zero"
        if outpatient_care and grade4 <= day < paying_until and not free:
            burden = min(basis, sum(min(500, share) for share in shares_of(v)))
        out[v["id"]] = (burden, 0, True)
    return out


def osaka(visits):
    """1医療機関1日500円まで、月2日まで、入通院・医歯は別、調剤0円、1人月2,500円を超えた分は償還."""
    days, day_paid, month = defaultdict(list), defaultdict(int), defaultdict(int)
    out = {}
    for v in in_order(visits):
        basis, day = basis_of(v), v["service_date"]
        person_month = (v["person_id"], day.year, day.month)
        unit = (*person_month, v["institution"], v["inpatient"], v["care"] == "dental")
        burden = 0
        if v["care"] != "pharmacy":
            if day not in days[unit]:
                days[unit].append(day)
            if days[unit].index(day) < 2:
                burden = min(basis, 500 - day_paid[unit, day])
                day_paid[unit, day] += burden
        refund = max(0, month[person_month] + burden - 2500) - max(0, month[person_month] - 2500)
        month[person_month] += burden
        out[v["id"]] = (burden, refund, True)
    return out


def chiba(visits):
    """300円/回、通院6回目から0円、入院11日目から0円、調剤0円."""
    count = defaultdict(int)
    seen = set()
    day_paid = defaultdict(int)
    out = {}
    for v in in_order(visits):
        basis, day = basis_of(v), v["service_date"]
        unit = (v["person_id"], day.year, day.month, v["institution"], v["inpatient"], v["care"] == "dental")
        burden = 0
        if v["care"] != "pharmacy" and not v["inpatient"]:
            left = max(0, 5 - count[unit])
            charged = shares_of(v)[:left]
            burden = min(basis, sum(min(300, share) for share in charged))
            count[unit] += len(shares_of(v))
        elif v["care"] != "pharmacy":
            if (unit, day) not in seen:
                seen.add((unit, day))
                count[unit] += 1
                if count[unit] <= 10:
                    day_paid[unit, day] = 300
            burden = min(basis, day_paid[unit, day])
            day_paid[unit, day] -= burden
        out[v["id"]] = (burden, 0, True)
    return out


def hyogo(visits):
    """乳幼児 外来1日800円(低所得600円)月2回、入院1割・月3,200円(低所得2,400円)・4か月目から0円、小4から2割."""
    days, day_paid, month = defaultdict(list), defaultdict(int), defaultdict(int)
    stays = {
        (v["person_id"], v["institution"], v["service_date"].year * 12 + v["service_date"].month)
        for v in visits
        if v["inpatient"]
    }
    out = {}
    for v in in_order(visits):
        basis, day = basis_of(v), v["service_date"]
        low = v["copay_class"] == "low"
        person_month = (v["person_id"], day.year, day.month)
        unit = (*person_month, v["institution"], v["inpatient"], v["care"] == "dental")
        older = day >= april_after(v["birth_date"], 9)
        covered = day < april_after(v["birth_date"], 15) and not (older and v["inpatient"])
        covered = covered and (v["care"] != "pharmacy" or not v["inpatient"] or not older)
        if not covered:
            out[v["id"]] = (basis_of(v, in_kind=False), 0, False)
            continue
        if older:
            burden = min(basis, rate_of(v, 20))
        elif v["care"] == "pharmacy":
            burden = 0
        elif v["inpatient"]:
            index, run = day.year * 12 + day.month, 0
            while (v["person_id"], v["institution"], index - run) in stays:
                run += 1
            key = (*person_month, v["institution"])
            cap = 2400 if low else 3200
            burden = 0 if run >= 4 else min(basis, rate_of(v, 10), cap - month[key])
            month[key] += burden
        else:
            if day not in days[unit]:
                days[unit].append(day)
            burden = 0
            if days[unit].index(day) < 2:
                burden = min(basis, (600 if low else 800) - day_paid[unit, day])
                day_paid[unit, day] += burden
        out[v["id"]] = (burden, 0, True)
    return out


def hokkaido(visits):
    """道の標準の1割: 通院は機関ごと18,000円で窓口が止まり、合算と年144,000円は後から、入院57,600円・多数回44,400円."""
    window, month, year = defaultdict(int), defaultdict(int), defaultdict(int)
    stays = defaultdict(int)  # person, month index → what the stays of the month come to without a cap
    for v in visits:
        if v["inpatient"]:
            index = v["service_date"].year * 12 + v["service_date"].month
            stays[v["person_id"], index] += min(basis_of(v), rate_of(v, 10))
    cap_of, reached = {}, defaultdict(set)
    for person, index in sorted(stays, key=lambda key: key[1]):
        recent = [i for i in reached[person] if index - 11 <= i < index]
        cap_of[person, index] = 44400 if len(recent) >= 3 else 57600
        if stays[person, index] > cap_of[person, index]:
            reached[person].add(index)
    out, refunds = {}, defaultdict(int)
    for v in in_order(visits):
        basis, day = basis_of(v), v["service_date"]
        index = day.year * 12 + day.month
        burden = min(basis, rate_of(v, 10))
        if v["inpatient"]:
            burden = min(burden, cap_of[v["person_id"], index] - month["in", v["person_id"], index])
            month["in", v["person_id"], index] += burden
        else:
            at = v["prescriber"] if v["care"] == "pharmacy" and v["prescriber"] else v["institution"]
            burden = min(burden, 18000 - window[v["person_id"], index, at])
            window[v["person_id"], index, at] += burden
            kept = min(burden, 18000 - month["out", v["person_id"], index])
            month["out", v["person_id"], index] += kept
            start = day.year if day.month >= 8 else day.year - 1
            left = min(kept, 144000 - year[v["person_id"], start])
            year[v["person_id"], start] += left
            refunds[v["id"]] = burden - left
        out[v["id"]] = (burden, refunds[v["id"]], True)
    return out


# name: the oracle, the copay classes, the first service day that it knows
ORACLES = {
    "@sapporo-kodomo": (sapporo_kodomo, ["taxed", "untaxed", "standard", None], date.min),
    "@kawasaki-shoni": (kawasaki_shoni, ["levy", "levy_zero", "standard"], date.min),
    "osaka": (osaka, [None], date(2018, 4, 1)),
    "chiba": (chiba, [None], date(2023, 8, 1)),
    "hyogo": (hyogo, ["general", "low"], date(2014, 7, 1)),
    "hokkaido": (hokkaido, [None], date(2024, 4, 1)),
}

# Random visits ----------------------------------------------------------------------------------------------

WINDOWS = [
    date(2021, 3, 20),
    date(2023, 8, 20),
    date(2024, 3, 20),
    date(2025, 3, 20),
    date(2026, 8, 20),
    date(2025, 8, 1),
]
BIRTHS = [date(2006, 4, 2), date(2008, 4, 1), date(2010, 4, 2), date(2012, 2, 29), date(2014, 12, 31), date(2016, 4, 1),
          date(2021, 7, 15), date(1988, 6, 1)]  # fmt: skip


@st.composite
def visit_lists(draw, name):
    """A few people's visits over some weeks or months: single visits, months as one row, stays."""
    _, classes, first = ORACLES[name]
    start = draw(st.sampled_from([day for day in WINDOWS if day >= first]))
    span = draw(st.sampled_from([3, 40, 330]))
    people = [
        (f"p{n}", draw(st.sampled_from(BIRTHS)), draw(st.sampled_from(classes))) for n in range(draw(st.integers(1, 3)))
    ]
    visits = []
    for number in range(draw(st.integers(1, 14))):
        person, birth, copay_class = draw(st.sampled_from(people))
        cost = draw(st.sampled_from([0, 10, 430, 1660, 1670, 1673, 4990, 5005, 12340, 60000, 480000, 900000]))
        care = draw(st.sampled_from(["medical", "medical", "dental", "pharmacy"]))
        inpatient = care != "pharmacy" and draw(st.sampled_from([False, False, True]))
        rate = draw(st.sampled_from([70, 80, 90]))
        ten_yen = tens(Decimal(cost) * (100 - rate) / 100)
        share = draw(st.sampled_from([None, None, None, ten_yen, 0, 100, 577, 90000]))
        given_share = share if share is not None else ten_yen
        visits.append(
            {
                "id": f"{number:03}",
                "person_id": person,
                "birth_date": birth,
                "copay_class": copay_class,
                "service_date": start + timedelta(days=draw(st.integers(0, span))),
                "institution": draw(st.sampled_from("AB")),
                "prescriber": draw(st.sampled_from([None, "A", "B"])),
                "care": care,
                "inpatient": inpatient,
                "visits": 1,
                "first_visits": draw(st.integers(0, 1)),
                "days": 1,
                "cost": cost,
                "benefit_rate": rate,
                "patient_share": share,
                "high_cost": draw(st.sampled_from([0, 0, 0, 500, 100000])),
                "extra_benefit": draw(st.sampled_from([0, 0, 0, 30])),
                "public_share": draw(st.sampled_from([None, None, None, 0, 250, 2500])),
                "visit_shares": [given_share],
                "billed_in_kind": draw(st.sampled_from([True, True, False])),
            }
        )
    return visits


def frame_of(visits):
    return pl.DataFrame(visits, schema_overrides={name: VISIT_SCHEMA[name] for name in visits[0]})


def months_as_rows(data, visits):
    """Some rows become a month's row of several visits whose shares are known."""
    for visit in visits:
        many = data.draw(st.sampled_from([1, 1, 3, 6]))
        if many > 1 and visit["public_share"] is None and not visit["high_cost"] and not visit["extra_benefit"]:
            shares = [data.draw(st.sampled_from([0, 123, 300, 496, 500, 501, 2000])) for _ in range(many)]
            visit.update(visits=many, visit_shares=shares, patient_share=sum(shares), cost=sum(shares) * 10 // 3)
    return visits


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_engine_agrees_with_the_oracle(name, data, rules_of):
    oracle = ORACLES[name][0]
    visits = data.draw(visit_lists(name))
    if name in ("@kawasaki-shoni", "chiba"):
        visits = months_as_rows(data, visits)

    result = compute(rules_of(name), frame_of(visits))

    expected = oracle(visits)
    for row in result.iter_rows(named=True):
        burden, refund, covered = expected[row["id"]]
        assert (row["burden"], row["refund"], row["method"] != "none") == (burden, refund, covered), row


def assert_in_kind_adds_up(rows):
    """What the insurer pays of the cost, what the programme pays and what the receipt leaves to the patient: the cost.

    And the patient hands over what the receipt says, 10 yen for 10 yen; otherwise than in kind nothing is told of it.
    """
    in_kind = rows.filter(pl.col("method") == "in_kind")
    assert rows.filter(pl.col("method") != "in_kind").select(pl.col("window", "window_low").is_null().all()).row(0) == (
        True,
        True,
    )
    window = pl.col("window")
    assert in_kind.select((pl.col("window_low").is_between(0, window)).all()).item()
    assert in_kind.select((window - pl.col("burden")).is_between(-4, 5).all()).item()  # every row is one payment
    plain = in_kind.filter(
        pl.col("patient_share").is_null(), pl.col("public_share").is_null(), pl.col("cost") % 10 == 0
    ).filter(pl.col("high_cost") == 0, pl.col("extra_benefit") == 0)
    insurer = pl.col("cost") * pl.col("benefit_rate") // 100
    assert plain.select((insurer + pl.col("subsidy") + pl.col("burden") == pl.col("cost")).all()).item()


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_laws_hold(name, data, rules_of):
    visits = data.draw(visit_lists(name))
    frame, scheme = frame_of(visits), rules_of(name)

    together = compute(scheme, frame)

    assert together.get_column("id").equals(frame.get_column("id"))
    assert together.select((pl.col("burden") + pl.col("subsidy") == pl.col("basis")).all()).item()
    assert together.select((pl.col("burden") >= 0).all() & (pl.col("subsidy") >= 0).all()).item()
    assert together.select(pl.col("refund").is_between(0, pl.col("burden")).all()).item()
    assert_in_kind_adds_up(frame.join(together, on="id", maintain_order="left"))
    shuffled = visits[:]
    random.Random(len(visits)).shuffle(shuffled)
    assert_frame_equal(compute(scheme, frame_of(shuffled)).sort("id"), together.sort("id"))
    for person in frame.get_column("person_id").unique():
        alone = compute(scheme, frame.filter(pl.col("person_id") == person))
        assert_frame_equal(alone, together.join(alone.select("id"), on="id", maintain_order="left"))


@pytest.mark.parametrize("name", ["osaka", "hokkaido", "hyogo", "chiba"])
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_later_rows_with_prior_agree_with_all_at_once(name, data, rules_of):
    visits = sorted(data.draw(visit_lists(name)), key=lambda v: (v["service_date"], v["id"]))
    scheme, frame = rules_of(name), frame_of(visits)
    cut = data.draw(st.integers(0, len(visits)))
    whole = compute(scheme, frame)
    settled = frame.head(cut).join(whole.select("id", "burden", "refund"), on="id", maintain_order="left")
    reasons = whole.select("id", capped=pl.col("reasons").list.contains("MONTH_CAP"))
    settled = settled.join(reasons, on="id", maintain_order="left")

    later = compute(scheme, frame.tail(len(visits) - cut), prior=settled) if cut < len(visits) else whole.head(0)

    columns = ["id", "basis", "burden", "refund", "subsidy"]
    assert_frame_equal(later.select(columns), whole.tail(len(visits) - cut).select(columns))
