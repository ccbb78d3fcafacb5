from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.formats import zengin
from tasuke.systems.subsidy.payments.bank_table import CLOSED_SCHEMA
from tasuke.systems.subsidy.payments.selection import ACCOUNT, select_payments
from tasuke.systems.subsidy.reimbursements.queries import PAYABLE_SCHEMA

ON = date(2026, 5, 25)
MASTER = pl.DataFrame(
    [
        {"bank_code": b, "bank_name": "銀行", "bank_kana": "ｷﾞﾝｺｳ", "branch_code": s, "branch_name": "",
         "branch_kana": "ﾐｾ"}
        for b, s in (("0001", "001"), ("0001", "002"), ("0009", "001"))
    ]
)  # fmt: skip
GOOD = {
    "bank_code": "0001", "branch_code": "001", "account_kind": "1", "account_no": "1234567", "holder_kana": "タカハシ",
}  # fmt: skip
NONE = dict.fromkeys(ACCOUNT)
ACCOUNT_SCHEMA = dict.fromkeys(ACCOUNT, pl.String)
ACCOUNTS = {"atena_no": pl.String, **ACCOUNT_SCHEMA, "public_account": pl.Boolean}
RETRIES = {"reimbursement_id": pl.Int64, "replaces_id": pl.Int64, **ACCOUNT_SCHEMA}


def payable(*rows):
    base = {
        "scheme": "s", "atena_no": "101", "payee_atena_no": "201", "amount": 100, "decided_on": ON, "ward_code": "",
        "funding": "city",
    }  # fmt: skip
    full = [
        {**base, "reimbursement_id": n, "receipt_no": f"R{n}", **NONE, **row} for n, row in enumerate(rows, start=1)
    ]
    return pl.DataFrame(full, schema=PAYABLE_SCHEMA)


def accounts(*rows):
    full = [{"atena_no": "201", "public_account": False, **GOOD, **row} for row in rows]
    return pl.DataFrame(full, schema=ACCOUNTS)


def retries(*rows):
    return pl.DataFrame([{**NONE, **row} for row in rows], schema=RETRIES)


def gone(*rows):
    return pl.DataFrame(rows, schema=CLOSED_SCHEMA, orient="row")


def select(rows, registered=None, again=None, closed=None):
    return select_payments(
        rows, accounts() if registered is None else registered, again if again is not None else retries(),
        master=MASTER, closed=gone() if closed is None else closed, on=ON,
    )  # fmt: skip


def test_the_account_on_the_receipt_wins():
    chosen = select(payable({**GOOD, "account_no": "7777777"}), accounts({}))
    assert chosen.payments["account_no"].to_list() == ["7777777"]


def test_one_payee_with_two_accounts_gets_two_payments():
    chosen = select(payable({}, {**GOOD, "account_no": "7777777"}, {}), accounts({}))
    assert sorted(chosen.payments["amount"].to_list()) == [100, 200]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account_no": "", "bank_code": ""}, "account.missing"),
        ({"account_no": None, "bank_code": None, "public_account": True}, "account.public"),
        ({"bank_code": "4321"}, "account.bank"),
        ({"branch_code": "999"}, "account.branch"),
        ({"holder_kana": "髙橋"}, "account.holder"),
        ({"holder_kana": None}, "account.holder"),
        ({"holder_kana": "ガ" * 16}, "account.holder_length"),
        ({"account_no": "12345"}, "account.number"),
        ({"account_kind": "3"}, "account.kind"),
    ],
)
def test_an_unusable_account_holds_its_rows(change, code):
    chosen = select(payable({}), accounts(change))
    assert [(p.code, p.value) for p in chosen.problems] == [(code, "R1")]
    assert (chosen.payments.height, chosen.items.height, chosen.held.height) == (0, 0, 1)


def test_after_a_failure_only_a_corrected_account_counts():
    waits = retries({"reimbursement_id": 1, "replaces_id": 9})
    held = select(payable({**GOOD}), accounts({}), waits)
    assert [p.code for p in held.problems] == ["account.not_corrected"]
    mended = retries({"reimbursement_id": 1, "replaces_id": 9, **GOOD, "bank_code": "0009"})
    chosen = select(payable({**GOOD}, {**GOOD, "bank_code": "0009"}), accounts({}), mended)
    assert chosen.payments.select("bank_code", "replaces", "amount").sort("replaces").rows() == [
        ("0009", 0, 100), ("0009", 9, 100),
    ]  # fmt: skip


def test_a_bank_or_branch_that_vanished_is_told_with_the_day():
    rows = payable({**GOOD, "bank_code": "0002"}, {**GOOD, "branch_code": "009"}, {**GOOD, "bank_code": "0003"})
    closed = gone(
        ("0002", "001", date(2026, 5, 1)), ("0002", "002", date(2026, 4, 1)), ("0001", "009", date(2026, 3, 9))
    )
    assert [(p.code, p.message) for p in select(rows, closed=closed).problems] == [
        ("account.bank", "金融機関コード 0002 は令和8年5月1日になくなりました"),
        ("account.branch", "店舗コード 0001-009 は令和8年3月9日になくなりました"),
        ("account.bank", "金融機関コード 0003 は今の銀行一覧にありません"),
    ]


CHANGES = ({"branch_code": "002"}, {"bank_code": "4321"}, {"holder_kana": "字"})
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["201", "202", "203"]),
        st.integers(1, 10_000),
        st.sampled_from([NONE, GOOD, *(GOOD | x for x in CHANGES)]),
        st.sampled_from([None, 8, 9]),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=60)
@given(ROWS, st.booleans())
def test_every_row_ends_in_one_payment_or_one_problem_and_the_yen_agree(rows, corrected):
    frame = payable(*({"payee_atena_no": payee, "amount": amount, **own} for payee, amount, own, _ in rows))
    mended = GOOD | {"bank_code": "0009"} if corrected else NONE
    again = retries(
        *(
            {"reimbursement_id": n, "replaces_id": failed * 100 + int(payee), **mended}
            for n, (payee, _, _, failed) in enumerate(rows, start=1)
            if failed
        )
    )
    chosen = select(frame, accounts({}, {"atena_no": "202", "branch_code": "002"}), again)
    placed = chosen.items["source_id"].to_list() + chosen.held["source_id"].to_list()
    assert sorted(placed) == frame["reimbursement_id"].to_list()
    assert len(chosen.problems) == chosen.held.height
    assert chosen.payments["amount"].sum() + chosen.held["amount"].sum() == frame["amount"].sum()
    assert chosen.items["amount"].sum() == chosen.payments["amount"].sum()
    assert chosen.payments["number"].to_list() == list(range(1, chosen.payments.height + 1))
    assert chosen.payments.filter(pl.col("replaces") != 0)["replaces"].is_duplicated().sum() == 0
    if chosen.payments.height:
        header = zengin.Header("0000000001", "ｼ", "0525", "0001", "001", "1", "1234567")
        parsed, problems = zengin.parse(zengin.render(header, chosen.payments.with_columns(new_code=pl.lit("0"))))
        assert (problems, parsed.total) == ([], chosen.payments["amount"].sum())
