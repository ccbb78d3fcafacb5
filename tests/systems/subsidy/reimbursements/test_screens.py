"""Reimbursements on screen: receipts within one's limits, a receipt with its lines and the reasons."""

import pytest
from django.db import connections

from tasuke.platform.access.testing import signed_in
from tasuke.systems.subsidy.registry.models import ResidentRecord
from tasuke.systems.subsidy.reimbursements.models import Receipt

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])


def body(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def decided(office):
    """One receipt is paid, one is refused (before the entitlement), one waits for an account."""
    ResidentRecord.objects.using("subsidy").update(ward_code="141313")
    none = dict.fromkeys(("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana"))
    office.receive(
        office.write(
            office.feed_row(),
            office.feed_row(receipt_no="R2", service_date=office.NOW.date().replace(year=2020)),
            office.feed_row(receipt_no="R3", institution_name="別の医院", **none),
        )
    )
    office.decide()
    return {r.receipt_no: r for r in Receipt.objects.using("subsidy")}


def test_the_list_by_state_and_number(decided, django_assert_max_num_queries):
    client = signed_in("reviewer")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get("/reimbursements/"))
    for number in decided:
        assert f"{number}</a>" in text
    held = body(client.get("/reimbursements/?state=held"))
    assert ("R3</a>" in held, "R2</a>" in held) == (True, False)
    refused = body(client.get("/reimbursements/?state=rejected"))
    assert ("R2</a>" in refused, "R3</a>" in refused) == (True, False)
    assert "R2026-000001</a>" in body(client.get("/reimbursements/?state=granted&number=000000000000001"))
    assert "この条件の申請はありません" in body(client.get("/reimbursements/?state=open"))
    assert client.get("/reimbursements/?state=x&after=y&number=%27--").status_code == 200


def test_one_receipt_says_how_it_was_decided(decided, django_assert_max_num_queries):
    client = signed_in("reviewer")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get(f"/reimbursements/{decided['R2026-000001'].pk}/"))
    for word in ("3,000円", "10,000円", "都内架空医院", "県外での受診", "****567"):
        assert word in text
    assert "1234567" not in text
    assert "振込先の口座がありません" in body(client.get(f"/reimbursements/{decided['R3'].pk}/"))
    assert "資格の開始前の診療です" in body(client.get(f"/reimbursements/{decided['R2'].pk}/"))
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT atena_no FROM audit_event WHERE kind = 'read' ORDER BY 1")
        assert [row[0] for row in cursor.fetchall()] == ["000000000000001", "000000000000002"]


def test_another_ward_or_scheme_is_not_there(decided):
    receipt = decided["R2026-000001"]
    for limits in ({"offices": ["141321"]}, {"schemes": ["kawasaki-shoni"]}):
        client = signed_in("clerk", personal_id=f"only-{next(iter(limits))}", **limits)
        assert "この条件の申請はありません" in body(client.get("/reimbursements/"))
        assert client.get(f"/reimbursements/{receipt.pk}/").status_code == 404
    assert "R2026" in body(signed_in("clerk", offices=["141313"]).get("/reimbursements/"))


def test_looking_needs_a_purpose_and_a_role(decided):
    assert signed_in("reviewer", purpose=None).get("/reimbursements/").url.startswith("/purpose/")
    assert signed_in("operator").get("/reimbursements/").status_code == 403
    assert signed_in("clerk").get("/reimbursements/99999999999999999999/").status_code == 404
