"""Random persons and incomes for the comparison of engine and oracle. Values crowd around limits and turning days.

Hypothesis gives the day and the seed; the rows come from `random.Random`, so that thousands are drawn in no time.
"""

from datetime import date, timedelta
from random import Random

EVENTS = ["birth", "move_in", "insurance", "law_change", "single_parent", "disability", "other", None]
LIMITS = [
    1920000, 2080000, 2300000, 2360000, 2440000, 2740000, 2820000, 3200000, 6220000, 6287000, 6536000, 6600000, 6980000,
]  # fmt: skip
NUDGES = [0, 0, 80000, 100000, 180000, 270000, 350000, 380000, 430000]
KINDS = ["kodomo", "hitorioya", "judo", "shoni"]


def rarely(r: Random, make, otherwise=None):
    return make() if r.random() < 0.06 else otherwise


def day(r: Random, on: date, back: int, ahead: int) -> date:
    """A day around `on`, now and then a turning day of its year."""
    drawn = on + timedelta(days=r.randint(-back, ahead))
    return (
        r.choice([date(drawn.year, m, d) for m, d in ((3, 31), (4, 1), (2, 28), (1, 1))]) if r.random() < 0.2 else drawn
    )


def birth(r: Random, on: date) -> date:
    kind = r.random()
    if kind < 0.5:
        month, dom = r.choice([(4, 1), (2, 28), (3, 1), (on.month, min(on.day, 28))])
        age = r.choice([0, 1, 3, 6, 9, 10, 12, 15, 15, 16, 18, 18, 19, 20, 65])
        return date(on.year - age, month, dom) + timedelta(days=r.randint(-2, 2))
    if kind < 0.6:
        return date(r.randrange(1948, 2025, 4), 2, 29)
    return on - timedelta(days=r.randint(-60, 365 * 22 if kind < 0.9 else 365 * 90))


def person(r: Random, on: date, number: int, roles: list[str]) -> dict:
    child = rarely(r, lambda: None, birth(r, on))
    return {
        "id": f"P{number:04d}",
        "birth_date": rarely(r, lambda: None, birth(r, on)),
        "role": rarely(r, lambda: r.choice(["child", "parent", "caregiver", "self"]), r.choice(roles)),
        "resident_from": rarely(r, lambda: r.choice([None, on + timedelta(days=1)]), day(r, on, 6000, 0)),
        "resident_to": rarely(r, lambda: day(r, on, 30, 4000)),
        "insured_from": rarely(r, lambda: r.choice([None, on + timedelta(days=1)]), day(r, on, 6000, 0)),
        "insured_to": rarely(r, lambda: day(r, on, 30, 4000)),
        "insurance_kind": r.choice(["1", "3", "4", None]),
        "public_assistance": r.random() < 0.03,
        "facility": rarely(r, lambda: r.choice(["institution", "foster"])),
        "held_kinds": r.sample(KINDS, r.randint(1, 3)) if r.random() < 0.15 else [],
        "judo_mental_only": r.random() < 0.5,
        "single_parent_reason": rarely(r, lambda: None, r.randint(1, 9)),
        "single_parent_from": rarely(r, lambda: day(r, on, 900, 40)),
        "de_facto_spouse": r.random() < 0.03,
        "child_birth_date": child,
        "has_child": child is not None and r.random() < 0.95,
        "disability_middle": r.random() < 0.1,
        "in_school": r.random() < 0.4,
        "dependent": r.random() < 0.5,
        "physical_grade": r.choice([None, 1, 2, 3, 3, 4, 7]),
        "physical_internal": r.random() < 0.5,
        "intellectual": r.choice(["A", "B", None, None, None]),
        "mental_grade": r.choice([None, 1, 2, 3]),
        "application_date": r.choice([None, day(r, on, 400, 40), day(r, on, 30, 5)]),
        "event": r.choice(EVENTS),
        "event_date": r.choice([None, day(r, on, 500, 10), day(r, on, 60, 0)]),
    }


def incomes(r: Random, person_id: str, year: int, subjects: list[str]) -> list[dict]:
    rows = []
    for number in range(r.choice([0, 1, 1, 1, 1, 1, 2, 3])):
        subject = r.choice(subjects)
        subject_id = rarely(r, lambda: None, f"{person_id}S{number}")
        shifts = r.choice([[0], [0], [0], [0], [0], [0], [-1], [-1, 0], [0, -1, 1], [None], [None, 0]])
        years = [None if shift is None else year + shift for shift in shifts]
        rows += [_row(r, person_id, subject_id, subject, y) for y in years]
    return rows


def _row(r: Random, person_id: str, subject_id: str | None, subject: str, year: int | None) -> dict:
    status = r.choice([1, 2, 3, 3, 3, 3, 3, 3, 3, 4, None])
    near = r.choice(LIMITS) + r.choice(NUDGES) + r.choice([0, 0, 380000, 760000]) + r.randint(-1, 1)
    total = r.choice([near, near, near, r.randint(-500000, 9000000), rarely(r, lambda: None, 0)])
    plain = r.random() < 0.5  # without deductions, so that the edge of a limit is met often

    def some(*values):
        return None if plain else r.choice([None, 0, *values])

    return {
        "person_id": person_id,
        "subject_id": subject_id,
        "subject": subject,
        "income_year": year,
        "status_code": status,
        "total_income": None if status == 4 else total,
        "salary_income": r.choice([None, 0, 0, 1, 60000, 99999, 100000, 5000000]),
        "pension_income": r.choice([None, 0, 0, 39999, 40000, 1500000]),
        "deduction_casualty": some(1, 50000),
        "deduction_medical": some(1, 123456),
        "deduction_small_business": some(276000),
        "deduction_spouse_special": some(380000, 30000),
        "disabled_count": some(1, 2),
        "special_disabled_count": some(1),
        "widow": None if plain else r.random() < 0.1,
        "single_parent": None if plain else r.random() < 0.3,
        "working_student": None if plain else r.random() < 0.05,
        "dependents": r.choice([None, 0, 0, 1, 2, 3, 4, 6]),
        "dependents_elderly": None if plain else r.choice([None, 0, 1, 2]),
        "elderly_spouse": r.choice([True, False, None]),
        "dependents_specific": some(1, 2),
        "dependents_16_18": some(1, 2),
        "income_levy": r.choice([0, 0, 1, 120000, None]),
        "child_support": r.choice([None, 0, r.randint(0, 2000000)]),
    }
