from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.schemes.profile import CertificateSettings
from tasuke.systems.subsidy.certificates.queries import _IN_HAND
from tasuke.systems.subsidy.certificates.selection import select_certificates, select_recalls

YEARLY = CertificateSettings(scheme="s", title="証", validity="renewal", renewal_month=8)
LASTING = CertificateSettings(scheme="s", title="証", validity="entitlement")
ON = date(2026, 5, 1)
HOLDER = {
    "entitlement_id": 1, "recipient_no": "1", "payer_no": "p", "copay_class": "c", "valid_from": date(2025, 1, 1),
    "valid_to": None, "ward_code": "", "postal_code": "", "atena_no": "101", "name": "甲", "printed_address": "町",
    "restored_from": None,
}  # fmt: skip
_DAYS = ("valid_from", "valid_to", "restored_from")
SCHEMA = {k: pl.Date if k in _DAYS else pl.Int64 if k == "entitlement_id" else pl.String for k in HOLDER}
PAPER = {
    "certificate_id": 7, "scheme": "s", "atena_no": "101", "recipient_no": "1", "payer_no": "p", "copay_class": "c",
    "valid_from": date(2025, 8, 1), "valid_to": date(2026, 8, 1), "name": "甲", "printed_address": "町",
}  # fmt: skip


def holders(*rows):
    return pl.DataFrame([{**HOLDER, **row} for row in rows], schema=SCHEMA)


def papers(*rows):
    return pl.DataFrame([{**PAPER, **row} for row in rows], schema=_IN_HAND)


def chosen(rows, old, how=YEARLY, on=ON):
    return select_certificates(rows, old, settings=how, on=on).select("kind", "cause", "first", "until").rows()


@pytest.mark.parametrize(
    ("holder", "paper", "expected"),
    [
        ({}, {}, []),
        ({"valid_to": date(2026, 6, 1)}, {}, []),  # ends earlier: recalled on its day, not replaced before
        ({"copay_class": "d"}, {}, [("change", "負担区分の変更", ON, date(2026, 8, 1))]),
        ({"name": "乙", "printed_address": "村"}, {}, [("change", "氏名の変更、住所の変更", ON, date(2026, 8, 1))]),
        ({}, {"valid_to": date(2026, 6, 1)}, [("renewal", "", ON, date(2026, 8, 1))]),
        ({"name": "乙"}, {"valid_to": ON}, [("renewal", "氏名の変更", ON, date(2026, 8, 1))]),
        ({"valid_to": ON}, {}, []),
        ({"valid_from": date(2026, 9, 1)}, {}, [("renewal", "", date(2026, 9, 1), date(2027, 8, 1))]),
    ],
)
def test_who_has_a_paper_gets_another_when_it_is_no_longer_right(holder, paper, expected):
    assert chosen(holders(holder), papers(paper)) == expected


def test_the_first_paper_holds_from_the_first_day():
    assert chosen(holders({}), papers()) == [("new", "", date(2025, 1, 1), date(2026, 8, 1))]


@pytest.mark.parametrize("how", [YEARLY, LASTING])
def test_who_came_back_gets_no_first_paper_and_none_of_past_days(how):
    back = date(2026, 4, 10)
    until = date(2026, 8, 1) if how is YEARLY else None
    rows = holders({"restored_from": back})
    assert chosen(rows, papers(), how) == [("restored", "資格の回復", back, until)]
    assert chosen(rows, papers({"valid_to": until}), how) == []


def test_a_yearly_paper_of_an_old_entitlement_shows_the_current_year():
    rows = holders({"valid_from": date(2019, 4, 27)})
    assert chosen(rows, papers()) == [("new", "", date(2025, 8, 1), date(2026, 8, 1))]
    assert chosen(rows, papers(), LASTING) == [("new", "", date(2019, 4, 27), None)]


def test_a_new_band_alone_does_not_end_the_paper():
    rows = holders(
        {"valid_to": date(2026, 9, 1)},
        {"entitlement_id": 2, "valid_from": date(2026, 9, 1), "valid_to": date(2030, 4, 1)},
        {"entitlement_id": 3, "valid_from": date(2030, 4, 1), "valid_to": date(2031, 4, 1), "copay_class": "d"},
    )
    assert chosen(rows, papers(), LASTING) == [("new", "", date(2025, 1, 1), date(2030, 4, 1))]


def test_a_gap_ends_the_paper():
    rows = holders({"valid_to": date(2026, 9, 1)}, {"entitlement_id": 2, "valid_from": date(2026, 10, 1)})
    assert chosen(rows, papers(), LASTING) == [("new", "", date(2025, 1, 1), date(2026, 9, 1))]


def test_recalls_are_papers_that_outlive_their_entitlement():
    rows = holders({"valid_to": ON}, {"recipient_no": "2"})
    old = papers({}, {"recipient_no": "2"}, {"recipient_no": "3"}, {"recipient_no": "4", "valid_to": ON})
    assert select_recalls(rows, old, on=ON)["recipient_no"].to_list() == ["1", "3"]


DAYS = st.dates(date(2025, 1, 1), date(2028, 1, 1))


@settings(max_examples=80)
@given(st.lists(st.tuples(st.sampled_from("123"), DAYS, st.integers(1, 900)), max_size=6), DAYS, st.booleans())
def test_after_the_issue_everyone_in_force_has_one_right_paper(rows, on, yearly):
    taken = {}
    for n, (number, start, length) in enumerate(rows):
        end = date.fromordinal(start.toordinal() + length)
        if all(end <= a or start >= b for a, b, _ in taken.get(number, [])):
            taken.setdefault(number, []).append((start, end, n))
    frame = holders(
        *(
            {"recipient_no": number, "valid_from": a, "valid_to": b, "entitlement_id": n}
            for number, spells in taken.items()
            for a, b, n in spells
        )
    )
    how = YEARLY if yearly else LASTING
    made = select_certificates(frame, papers(), settings=how, on=on)
    assert sorted(made["recipient_no"]) == sorted(n for n, s in taken.items() if any(b > on for _, b, _ in s))
    assert (made["first"] < made["until"]).all()
    printed = made.select(
        certificate_id=pl.int_range(pl.len()), scheme=pl.lit("s"), atena_no="atena_no", recipient_no="recipient_no",
        payer_no="payer_no", copay_class="copay_class", valid_from="first", valid_to="until", name="name",
        printed_address="printed_address",
    )  # fmt: skip
    assert select_certificates(frame, printed, settings=how, on=on).is_empty()
    assert select_recalls(frame, printed, on=on).is_empty()
