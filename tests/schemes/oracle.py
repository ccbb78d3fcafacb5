"""The five schemes once more, in plain Python, one person at a time, written from the research notes alone.

Slow and readable on purpose. A person is a dict with the columns of the persons frame, incomes are dicts with those of
the incomes frame. `judge` returns what an assessment must say (without the note UNCONFIRMED_RULE).
"""

from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


# ---- days ------------------------------------------------------------------------------------------------------------


def attained(birth, age):
    """達する日: the day before the birthday; who was born on 29 February: 28 February."""
    if birth.month == 2 and birth.day == 29:
        return date(birth.year + age, 2, 28)
    return date(birth.year + age, birth.month, birth.day) - ONE_DAY


def birthday(birth, age):
    """First day of an age."""
    return attained(birth, age) + ONE_DAY


def after_school_year(birth, age):
    """The day after the first 31 March on or after the day of attaining an age."""
    day = attained(birth, age)
    end = date(day.year, 3, 31)
    return (end if day <= end else date(day.year + 1, 3, 31)) + ONE_DAY


def school_year(birth, on):
    """1 = first year of elementary school … 12 = last year of high school; other numbers outside."""
    return next(g for g in range(-6, 120) if on < after_school_year(birth, 6 + max(g, -6)))


# ---- the schemes -----------------------------------------------------------------------------------------------------

JIDOTEATE = {"limits": [6220000, 6600000, 6980000, 7360000], "more": 380000, "elderly": 60000, "minus_80000": True}
SUPPORTER = {"limits": [2360000, 2740000, 3120000, 3500000], "more": 380000, "elderly": 60000, "minus_80000": True}
PARENT_OLD = {
    "limits": [1920000, 2300000, 2680000],
    "more": 380000,
    "elderly": 100000,
    "young": 150000,
    "minus_80000": True,
}
PARENT_2020 = {
    "limits": [2440000, 2820000, 3200000],
    "more": 380000,
    "elderly": 100000,
    "young": 150000,
    "minus_80000": False,  # the figures are those before the flat deduction
}
NATIONAL_2024 = {
    "limits": [2080000, 2460000, 2840000, 3220000],
    "more": 380000,
    "elderly": 100000,
    "young": 150000,
    "minus_80000": True,
}
JUDO = {
    "limits": [6287000, 6536000, 6749000, 6962000],
    "more": 213000,
    "elderly": 60000,
    "except_one": True,
    "minus_80000": True,
}


def kodomo_stages(on):
    stages = [("age0_2", birthday, 3, "both"), ("preschool", after_school_year, 6, "both")]
    stages.append(("elementary", after_school_year, 12, "both"))
    stages.append(("junior_high", after_school_year, 15, "inpatient" if on < date(2024, 4, 1) else "both"))
    if on >= date(2025, 4, 1):
        stages.append(("high_school", after_school_year, 18, "both"))
    return stages


def shoni_stages(on):
    stages = [("age0", birthday, 1, "both"), ("preschool", after_school_year, 6, "both")]
    stages.append(("elementary_lower", after_school_year, 9, "both"))
    stages.append(("elementary_upper", after_school_year, 12, "both"))
    stages.append(("junior_high", after_school_year, 15, "inpatient" if on < date(2023, 9, 1) else "both"))
    if on >= date(2026, 9, 1):
        stages.append(("high_school", after_school_year, 18, "both"))
    return stages


SCHEMES = {
    "sapporo-kodomo": {
        "first": date(2021, 4, 1),
        "stages": kodomo_stages,
        "new_stage": ("high_school", 15, date(2025, 4, 1)),
        "roles": ["child"],
        "yields_to": ["judo", "hitorioya"],
        "mental_exception": True,
        "late": None,
        "switch": (8, 1),
        "subjects": {"breadwinner": JIDOTEATE},
        "spouse_special": False,
        "child_support": [],
    },
    "kawasaki-shoni": {
        "first": date(2017, 4, 1),
        "stages": shoni_stages,
        "new_stage": ("high_school", 15, date(2026, 9, 1)),
        "roles": ["child"],
        "yields_to": ["judo", "hitorioya"],
        "late": None,
        "switch": (9, 1),
        "subjects": {"breadwinner": JIDOTEATE, "parent": JIDOTEATE, "spouse": JIDOTEATE},
        "spouse_special": False,
        "child_support": [],
    },
    "sapporo-hitorioya": {
        "first": date(2019, 8, 26),
        "stages": lambda on: [("child", after_school_year, 18, "both")],
        "extension": ["dependent"],
        "roles": ["child", "parent"],
        "guardian_coverage": "inpatient",
        "yields_to": ["judo"],
        "late": 30,
        "law_change_late": True,
        "single_parent": True,
        "switch": (8, 1),
        "subjects": {"breadwinner": SUPPORTER},
        "spouse_special": True,
        "child_support": ["breadwinner"],
        "classes": True,
    },
    "sapporo-judo": {
        "first": date(2024, 4, 1),
        "stages": lambda on: [("under65", birthday, 65, "both"), ("over65", None, None, "both")],
        "roles": ["self"],
        "yields_to": [],
        "exclusions": ["public_assistance", "institution"],
        "late": 30,
        "law_change_late": True,
        "disability": True,
        "switch": (8, 1),
        "subjects": {"breadwinner": JUDO},
        "spouse_special": True,
        "child_support": [],
        "classes": True,
    },
    "kawasaki-hitorioya": {
        "first": date(2018, 11, 27),
        "stages": lambda on: [("child", after_school_year, 18, "both")],
        "extension": ["disability_middle", "in_school"],
        "roles": ["child", "parent", "caregiver"],
        "guardian_coverage": "both",
        "yields_to": ["judo"],
        "late": 30,
        "law_change_late": False,
        "single_parent": True,
        "switch": (1, 2),
        "subjects": {"parent": None, "spouse": SUPPORTER, "supporter": SUPPORTER, "caregiver": SUPPORTER},
        "spouse_special": True,
        "child_support": ["parent"],
        "parent_without_widow": True,
    },
}


def judge(scheme_id, person, incomes, on):
    """The whole decision as a dict."""
    scheme = SCHEMES[scheme_id]
    assert on >= scheme["first"]
    reasons = set()
    band, age_coverage, age_end = _age(scheme, person, on, reasons)
    _household(scheme, person, on, reasons)
    _other_schemes(scheme, person, on, reasons)
    coverage = _disability(scheme, person, age_coverage, reasons)
    income = _income(scheme_id, scheme, person, incomes, on, band)
    kept = _apply_income(scheme_id, on, band, coverage, income, reasons)
    copay_class = _copay_class(scheme_id, scheme, on, income, reasons)
    start = _start(scheme, person, on)
    end = min([d for d in (age_end, person["resident_to"], person["insured_to"]) if d is not None], default=None)
    rejections = reasons - PENDING - NOTES
    if not rejections and start is not None and end is not None and start >= end:
        rejections.add("NO_PERIOD")
        reasons.add("NO_PERIOD")
    if rejections:
        outcome = "rejected"
        reasons = reasons - PENDING - {"COPAY_CLASS_UNKNOWN", "INCOME_LIMITS_COVERAGE"}
    else:
        outcome = "pending" if reasons & PENDING else "eligible"
    accepted = outcome != "rejected"
    limited = income["limited"]
    return {
        "outcome": outcome,
        "reasons": reasons,
        "start": start if accepted else None,
        "end": end if accepted else None,
        "band": band,
        "coverage": _word(kept) if accepted else None,
        "copay_class": copay_class if accepted else None,
        "funding": _funding(scheme_id, on, band, kept, income) if accepted else None,
        "income_year": income["year"],
        "deciding_subject_id": income["decider"]["subject_id"] if income["decider"] else None,
        "net_income": income["decider"]["value"] if income["decider"] and limited else None,
        "income_limit": income["decider"]["limit"] if income["decider"] and limited else None,
    }


PENDING = {"BIRTH_DATE_UNKNOWN", "INCOME_SUBJECT_MISSING", "INCOME_UNDECLARED", "INCOME_UNKNOWN"}
NOTES = {"EXTENDED", "HELD_TOGETHER", "INCOME_LIMITS_COVERAGE", "COPAY_CLASS_UNKNOWN"}
PARTS = {"both": {"in", "out"}, "inpatient": {"in"}, "outpatient_only": {"out"}}


def _word(parts):
    return next((word for word, those in PARTS.items() if those == parts), None)


def _age(scheme, person, on, reasons):
    """Band, coverage by age, first day without entitlement by age."""
    if person["role"] not in scheme["roles"]:
        reasons.add("ROLE_NOT_COVERED")
    guardian = person["role"] in ("parent", "caregiver") and person["role"] in scheme["roles"]
    birth = person["child_birth_date"] if guardian else person["birth_date"]
    parts = PARTS[scheme["guardian_coverage"]] if guardian else PARTS["both"]
    if guardian and (not person["has_child"] or birth is None or birth > on):
        reasons.add("NO_CHILD")
    if birth is None:
        if not guardian:
            reasons.add("BIRTH_DATE_UNKNOWN")
        return None, parts, None
    if birth > on and not guardian:
        reasons.add("NOT_BORN")
    stages = scheme["stages"](on)
    last = stages[-1]
    end = last[1](birth, last[2]) if last[1] else None
    for name, rule, age, coverage in stages:
        if rule is None or on < rule(birth, age):
            return (person["role"] if guardian else name), parts if guardian else PARTS[coverage], end
    until = birthday(birth, 20)
    if any(person[c] for c in scheme.get("extension", [])) and on < until:
        if not guardian or birth <= on:
            reasons.add("EXTENDED")
        return (person["role"] if guardian else "extension"), parts, until
    reasons.add("NO_CHILD" if guardian else "AGE_OVER")
    return (person["role"] if guardian else None), parts, until if "extension" in scheme else end


def _household(scheme, person, on, reasons):
    resident = person["resident_from"] is not None and person["resident_from"] <= on
    if not resident or (person["resident_to"] is not None and on >= person["resident_to"]):
        reasons.add("NOT_RESIDENT")
    insured = person["insured_from"] is not None and person["insured_from"] <= on
    if not insured or (person["insured_to"] is not None and on >= person["insured_to"]):
        reasons.add("NOT_INSURED")
    if scheme.get("single_parent"):
        begun = person["single_parent_from"] is None or person["single_parent_from"] <= on
        if person["single_parent_reason"] not in range(1, 10) or not begun:
            reasons.add("NOT_SINGLE_PARENT")
        if person["de_facto_spouse"]:
            reasons.add("DE_FACTO_SPOUSE")
    exclusions = scheme.get("exclusions", ["public_assistance", "institution", "foster"])
    if person["public_assistance"]:
        reasons.add("PUBLIC_ASSISTANCE")
    if person["facility"] in exclusions:
        reasons.add({"institution": "IN_INSTITUTION", "foster": "IN_FOSTER_CARE"}[person["facility"]])


def _other_schemes(scheme, person, on, reasons):
    held = [k for k in person["held_kinds"] if k in scheme["yields_to"]]
    together = []
    if scheme.get("mental_exception") and person["birth_date"] is not None:
        fourth_to_ninth = 4 <= school_year(person["birth_date"], on) <= 9
        together = [k for k in held if k == "judo" and person["judo_mental_only"] and fourth_to_ninth]
    if len(held) > len(together):
        reasons.add("HOLDS_OTHER_SCHEME")
    elif together:
        reasons.add("HELD_TOGETHER")


def _disability(scheme, person, coverage, reasons):
    if not scheme.get("disability"):
        return coverage
    physical, internal = person["physical_grade"], person["physical_internal"]
    if physical is not None and (physical <= 2 or (physical == 3 and internal)):
        return coverage
    if person["intellectual"] == "A":
        return coverage
    if person["mental_grade"] == 1:
        return coverage & {"out"}
    reasons.add("NO_DISABILITY")
    return set()


# ---- income ----------------------------------------------------------------------------------------------------------


def _table(scheme_id, scheme, subject, on):
    if scheme_id == "kawasaki-shoni" and on >= date(2023, 9, 1):
        return None
    if scheme_id == "kawasaki-hitorioya" and subject == "parent":
        return PARENT_OLD if on < date(2020, 1, 1) else PARENT_2020
    return scheme["subjects"][subject]


def _limit(table, row):
    people = row["dependents"] or 0
    limits = table["limits"]
    limit = limits[people] if people < len(limits) else limits[-1] + (people - len(limits) + 1) * table["more"]
    elderly = row["dependents_elderly"] or 0
    if table.get("except_one") and elderly > 0 and elderly >= people:
        elderly -= 1
    young = (row["dependents_specific"] or 0) + (row["dependents_16_18"] or 0)
    return limit + elderly * table["elderly"] + young * table.get("young", 0)


def _net(scheme, row):
    """所得額 before the flat 80,000; None when not known."""
    if row["status_code"] == 4:
        return None
    total = row["total_income"]
    if total is None:
        if row["status_code"] != 1:
            return None
        total = 0
    if row["subject"] in scheme["child_support"]:
        exact = (row["child_support"] or 0) * 8
        total += exact // 10 + (1 if exact % 10 >= 5 else 0)
    total -= 270000 * (row["disabled_count"] or 0) + 400000 * (row["special_disabled_count"] or 0)
    if not (scheme.get("parent_without_widow") and row["subject"] == "parent"):
        total -= (270000 if row["widow"] else 0) + (350000 if row["single_parent"] else 0)
    total -= 270000 if row["working_student"] else 0
    for column in ("deduction_casualty", "deduction_medical", "deduction_small_business"):
        total -= row[column] or 0
    if scheme["spouse_special"]:
        total -= row["deduction_spouse_special"] or 0
    if row["income_year"] >= 2020:
        total -= min(100000, (row["salary_income"] or 0) + (row["pension_income"] or 0))
    return total


def _compared(net, table):
    return max(0, net - (80000 if table is not None and table["minus_80000"] else 0))


def _income(scheme_id, scheme, person, incomes, on, band):
    month, back = scheme["switch"]
    year = on.year - back if on.month >= month else on.year - back - 1
    subjects = []
    for row in incomes:
        if row["person_id"] == person["id"] and row["subject"] in scheme["subjects"]:
            key = (row["subject"], row["subject_id"])
            if row["income_year"] == year:
                subjects.append((key, row))
    known_keys = {key for key, _ in subjects}
    for row in incomes:
        key = (row["subject"], row["subject_id"])
        if row["person_id"] == person["id"] and row["subject"] in scheme["subjects"] and key not in known_keys:
            known_keys.add(key)
            subjects.append((key, None))
    judged = [_judge_subject(scheme_id, scheme, key, row, on) for key, row in subjects]
    has_limit = not (scheme_id == "kawasaki-shoni" and (on >= date(2023, 9, 1) or band in ("age0", None)))
    highest_decides = scheme_id != "kawasaki-hitorioya"
    return {
        "year": year,
        "limited": has_limit,
        "subjects": judged,
        "highest": highest_decides,
        "decider": _decider(judged, highest_decides),
    }


def _judge_subject(scheme_id, scheme, key, row, on):
    subject, subject_id = key
    if row is None:
        nothing = {"value": None, "limit": None, "over": False, "prefecture_over": False, "row": None}
        return {"subject_id": subject_id, "state": "unknown", **nothing}
    table = _table(scheme_id, scheme, subject, on)
    net = _net(scheme, row)
    limit = _limit(table, row) if table else None
    value = None if net is None else _compared(net, table)
    state = "undeclared" if row["status_code"] == 4 else "unknown" if net is None else "known"
    over = value is not None and limit is not None and value >= limit
    prefecture_over = False
    if scheme_id == "kawasaki-hitorioya" and net is not None:
        national = SUPPORTER if subject != "parent" else PARENT_OLD if on < date(2025, 1, 1) else NATIONAL_2024
        prefecture_over = _compared(net, national) >= _limit(national, row)
    return {
        "subject_id": subject_id,
        "state": state,
        "value": value,
        "limit": limit,
        "over": over,
        "prefecture_over": prefecture_over,
        "row": row,
    }


def _decider(judged, highest):
    best = None
    for one in judged:
        rank = (one["value"] or 0, one["over"]) if highest else (one["over"], one["value"] or 0)
        if best is None or rank > best[0]:
            best = (rank, one)
    return best[1] if best else None


def _apply_income(scheme_id, on, band, coverage, income, reasons):
    """What remains of the coverage after the income test."""
    if not income["limited"]:
        return coverage
    only_outpatient = scheme_id == "kawasaki-shoni" and on >= date(2019, 1, 1)
    at_stake = {"out"} if only_outpatient else {"in", "out"}
    states = {s["state"] for s in income["subjects"]}
    certain = states <= {"known"}
    if income["highest"]:
        over = certain and bool(income["subjects"]) and income["decider"]["over"]
    else:
        over = any(s["over"] for s in income["subjects"])
    if not only_outpatient or coverage & at_stake:
        if not income["subjects"]:
            reasons.add("INCOME_SUBJECT_MISSING")
        if "undeclared" in states:
            reasons.add("INCOME_UNDECLARED")
        if "unknown" in states:
            reasons.add("INCOME_UNKNOWN")
    if not over:
        return coverage
    kept = coverage - at_stake
    if coverage and not kept:
        reasons.add("INCOME_OVER")
    elif kept != coverage:
        reasons.add("INCOME_LIMITS_COVERAGE")
    return kept


def _copay_class(scheme_id, scheme, on, income, reasons):
    rows = [s["row"] for s in income["subjects"]]
    if scheme.get("classes") or (scheme_id == "sapporo-kodomo" and on < date(2024, 4, 1)):
        if not rows or any(r is None or r["status_code"] in (None, 4) for r in rows):
            reasons.add("COPAY_CLASS_UNKNOWN")
            return "taxed"
        return "untaxed" if income["decider"]["row"]["status_code"] == 1 else "taxed"
    if scheme_id == "kawasaki-shoni" and date(2023, 9, 1) <= on < date(2026, 9, 1):
        if not rows or any(r is None or _levy(r) is None for r in rows):
            reasons.add("COPAY_CLASS_UNKNOWN")
            return "levy"
        return "levy_zero" if _levy(income["decider"]["row"]) == 0 else "levy"
    return "standard"


def _levy(row):
    if row["status_code"] == 4:
        return None
    return 0 if row["status_code"] in (1, 2) else row["income_levy"]


def _funding(scheme_id, on, band, kept, income):
    if scheme_id == "sapporo-kodomo":
        return "prefecture" if band in ("age0_2", "preschool") and kept else "city"
    if scheme_id == "kawasaki-hitorioya":
        if band is None or not kept:
            return "city"
        if not income["subjects"] or any(s["state"] != "known" for s in income["subjects"]):
            return "unknown"
        return "city" if any(s["prefecture_over"] for s in income["subjects"]) else "prefecture"
    return "unknown"


# ---- start -----------------------------------------------------------------------------------------------------------


def _start(scheme, person, on):
    applied = person["application_date"] or on
    happened = person["event_date"] or applied
    event = person["event"]
    if event == "law_change" and not scheme.get("law_change_late"):
        start = happened
    elif event in ("birth", "move_in", "insurance", "law_change"):
        in_time = scheme["late"] is None or applied <= happened + timedelta(days=scheme["late"])
        start = happened if in_time else applied
    else:
        start = applied
    guardian = person["role"] in ("parent", "caregiver") and person["role"] in scheme["roles"]
    birth = person["child_birth_date"] if guardian else person["birth_date"]
    floors = [scheme["first"], birth, person["resident_from"], person["insured_from"]]
    if scheme.get("single_parent"):
        floors.append(person["single_parent_from"])
    if "new_stage" in scheme and birth is not None:
        # who was already too old when the scheme was widened is covered from the widening; younger ones grow into it
        _, age, since = scheme["new_stage"]
        if on >= since and after_school_year(birth, age) <= on and after_school_year(birth, age) < since:
            floors.append(since)
    return max([start] + [f for f in floors if f is not None])
