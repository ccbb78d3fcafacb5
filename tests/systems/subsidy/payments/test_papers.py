from datetime import date

import polars as pl
import pytest

from tasuke.deploy.profiles import open_profile
from tasuke.systems.subsidy.payments.papers import ROWS_PER_NOTICE, bank_table, by_delivery, notice_pages, payee_list

DAY = date(2026, 5, 25)
BANKS = pl.DataFrame(
    {"bank_code": ["0001"], "branch_code": ["001"], "bank_name": ["みずほ"], "branch_name": ["東京営業部"]}
)


def payments(*rows):
    base = {
        "payee_atena_no": "201", "amount": 1_000, "bank_code": "0001", "branch_code": "001", "account_kind": "1",
        "account_no": "1234567", "holder": "ﾀ", "ward_code": "141313",
    }  # fmt: skip
    return pl.DataFrame([{**base, "payment_no": f"{n:010d}", **row} for n, row in enumerate(rows, start=1)])


def items(*numbers):
    return pl.DataFrame(
        {
            "payment_no": [f"{n:010d}" for n in numbers], "scheme": "kawasaki-shoni", "atena_no": "101",
            "receipt_no": [f"R{i}" for i in range(len(numbers))], "amount": 10,
        }
    )  # fmt: skip


def persons(*rows):
    base = {"name": "髙橋", "postal_code": "2100001", "address": "架空町", "address_detail": "", "protection": False}
    return pl.DataFrame([{**base, **row} for row in rows])


def test_many_receipts_run_over_several_pages():
    pages = notice_pages(
        payments({}), items(*[1] * (ROWS_PER_NOTICE + 1)), persons({"atena_no": "201"}), BANKS,
        profile=open_profile("kawasaki"), schemes={}, pay_on=DAY, issued_on=DAY,
    )  # fmt: skip
    assert [(p["page"], p["pages"], len(p["items"])) for p in pages] == [("1", "2", ROWS_PER_NOTICE), ("2", "2", 1)]
    assert pages[0]["bank"] == "みずほ 東京営業部 普通 ****567"
    assert "支給決定通知書" in pages[0]["note"]
    assert "審査請求をする" not in pages[0]["note"]  # the time to object runs from the decision, not from the payment
    assert (pages[0]["postal"], pages[0]["address"]) == ("210-0001", "架空町")
    (handed,) = notice_pages(
        payments({}), items(1), persons({"atena_no": "201"}), BANKS, profile=open_profile("kawasaki"), schemes={},
        pay_on=DAY, issued_on=DAY, by_hand=True,
    )  # fmt: skip
    assert (handed["postal"], handed["address"]) == ("", "(手渡し)")


@pytest.mark.parametrize(
    ("people", "mailed", "problems"),
    [
        ([{"atena_no": "201"}, {"atena_no": "101"}], 1, 0),
        ([{"atena_no": "201", "protection": True}, {"atena_no": "101"}], 0, 0),
        ([{"atena_no": "201"}, {"atena_no": "101", "protection": True}], 0, 0),
        ([{"atena_no": "201", "address": ""}, {"atena_no": "101"}], 0, 1),
        ([{"atena_no": "101"}], 0, 1),
    ],
)
def test_a_notice_is_mailed_or_handed_over(people, mailed, problems):
    mail, hand, told = by_delivery(payments({}), items(1), persons(*people))
    assert (mail.height, hand.height, len(told)) == (mailed, 1 - mailed, problems)


def test_the_tables_add_up_and_name_what_the_master_does_not_know():
    rows = payments({}, {"amount": 500, "branch_code": "777"}, {"bank_code": "9999", "amount": 1})
    lines = [r["cells"] for p in bank_table(rows, BANKS, pay_on=DAY, fictitious=False)["pages"] for r in p]
    assert lines[-1] == ["", "合計", "", "", "3", "1,501"]
    assert [line[5] for line in lines if line[1].endswith("計") and line[0]] == ["1,500", "1"]
    listed = payee_list(rows, persons({"atena_no": "201"}), BANKS, pay_on=DAY, fictitious=False)
    cells = [r["cells"] for p in listed["pages"] for r in p]
    assert cells[1][3:5] == ["0001", "777"]
    assert cells[-1][-2:] == ["3件", "1,501"]
    assert "架空町" not in str(listed)
