"""The banks that the payments of these tests go to stand in the table."""

from datetime import date

import pytest

from tasuke.systems.subsidy.payments.models import BankBranch, BankData

FIRST = date(2026, 3, 1)


@pytest.fixture
def city(city):
    data = BankData.objects.create(data_on=FIRST, source="試験", sha256="0" * 64, branches=4, run_id=1)
    for bank, branch in (("0001", "001"), ("0001", "002"), ("0005", "001"), ("0009", "001")):
        BankBranch.objects.create(
            bank_code=bank, bank_name=f"架空{bank}銀行", bank_kana="ｶｸｳ", branch_code=branch, branch_name="本店",
            branch_kana="ﾎﾝﾃﾝ", valid=(None, None), data=data,
        )  # fmt: skip
    return city
