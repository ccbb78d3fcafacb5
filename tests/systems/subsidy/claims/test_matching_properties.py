"""Nothing is lost: whatever a file says, every claim ends in exactly one state, and the totals add up."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.systems.subsidy.claims.reasons import INFO, ClaimReason

MONTHS = [date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1), None]
NUMBERS = ["0000018", "0000026", "0000034", "0000019", "18", "", None, "いろは"]
PAYERS = ["81149015", "88149018", "81149016", "81136244", "52146012", "12140123", "", None]
NAMES = ["髙橋　花子", "高橋花子", "？橋　花子", "佐藤　一郎", "田中　次郎", "ＡＢＣ", "", None]

claims = st.fixed_dictionaries(
    {
        "institution_code": st.sampled_from(["1410000011", "1310000012", None]),
        "service_month": st.sampled_from(MONTHS),
        "care": st.sampled_from(["medical", "dental", "pharmacy", "nursing"]),
        "inpatient": st.booleans(),
        "receipt_type": st.sampled_from(["1126", "1125", "1328", None]),
        "name": st.sampled_from(NAMES),
        "birth_date": st.sampled_from([date(2015, 6, 1), date(2012, 2, 3), date(2022, 8, 9), None]),
        "insurer_no": st.sampled_from(["140012", "01130012", None]),
        "benefit_rate": st.sampled_from([70, 80, 0, None]),
        "cost": st.sampled_from([0, 10_000, 1_000_000, None]),
        "days": st.sampled_from([1, 2, None]),
        "visit_days": st.integers(0, 2**31 - 1),
        "first_visits": st.integers(0, 3),
        "insurance_share": st.sampled_from([None, 0, 3000, 90_000]),
    }
)
programmes = st.lists(
    st.fixed_dictionaries(
        {
            "payer_no": st.sampled_from(PAYERS),
            "recipient_no": st.sampled_from(NUMBERS),
            "copay": st.sampled_from([None, 0, 500, 10_000_000]),
            "cost": st.sampled_from([None, 0, 10_000]),
        }
    ),
    max_size=4,
)
periods = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 200), st.sampled_from(["", "NOT_RESIDENT", "WHATEVER"])),
    max_size=3,
)


def entitlements(desk, spans):
    """Rows of one person that do not overlap."""
    rows, day = [], date(2026, 3, 1).toordinal()
    for number, (gap, length, word) in enumerate(spans):
        start = day + gap
        day = start + length
        rows.append(
            desk.entitlement(
                entitlement_id=number,
                valid_from=date.fromordinal(start),
                valid_to=date.fromordinal(day),
                loss_reason=word,
            )
        )
    return desk.entitlements(*rows)


@settings(max_examples=60)
@given(st.lists(st.tuples(claims, programmes), min_size=1, max_size=12), periods)
def test_every_claim_ends_in_one_state_and_the_sums_agree(desk, files, spans):
    rows = [desk.claim(line=10 * n, **changes) for n, (changes, _) in enumerate(files, start=1)]
    kohi = [
        desk.kohi(line=10 * n, kohi_line=10 * n + place, order=place, **changes)
        for n, (_, many) in enumerate(files, start=1)
        for place, changes in enumerate(many, start=1)
    ]
    decided = desk.decide(rows, kohi, register=desk.register(entitlements=entitlements(desk, spans)))
    found = decided.claims
    assert found["line"].to_list() == [row["line"] for row in rows]
    assert set(found["state"]) <= {"accepted", "query", "return"}
    accepted = found["state"] == "accepted"
    assert found.filter(accepted)["subsidy"].to_list() == found.filter(accepted)["expected_subsidy"].to_list()
    assert found.filter(~accepted).select("subsidy", "meals_subsidy").sum().row(0) == (0, 0)
    assert found.filter(accepted)["entitlement_id"].null_count() == 0
    assert found.select((pl.col("burden_low") <= pl.col("burden")).all(), (pl.col("basis") >= 0).all()).row(0) == (
        True,
        True,
    )
    # an accepted claim pays what the patient did not: nothing of the burden is lost or paid twice
    paid = found.filter(accepted)
    assert (paid["subsidy"] + paid["billed_burden"]).to_list() == paid["basis"].to_list()
    for reasons, state in found.select("reasons", "state").iter_rows():
        gravest = {INFO[ClaimReason(code)].state.value for code in reasons}
        expected = "return" if "return" in gravest else "query" if "query" in gravest else "accepted"
        assert state == expected
    told = decided.findings.group_by("line").agg(pl.col("reason").sort())
    assert dict(told.iter_rows()) == {
        line: sorted(reasons) for line, reasons in found.select("line", "reasons").iter_rows() if reasons
    }
    assert decided.kohi.height + found["kohi_order"].count() == len(kohi)
