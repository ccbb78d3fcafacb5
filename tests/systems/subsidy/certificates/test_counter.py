"""再交付 and 返還 at the counter, and what the database refuses."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

import tasuke.systems.subsidy.certificates.jobs as jobs
from tasuke.systems.subsidy.certificates.models import Certificate
from tasuke.systems.subsidy.certificates.services.reissue_certificate import (
    NoCertificate,
    NotEntitled,
    ReasonMissing,
    reissue_certificate,
)
from tasuke.systems.subsidy.certificates.services.return_certificate import (
    AlreadyReturned,
    ReturnedBeforeIssue,
    return_certificate,
)
from tasuke.systems.subsidy.registry.models import ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
ON = date(2026, 4, 1)


@pytest.fixture
def holder(city, office):
    city.person("101", name="髙橋 葛󠄀之介")
    entitlement = city.entitled("101", "0000018")
    office.run("issue-certificates", scheme=city.HITORIOYA, on=ON)
    return entitlement


def reissue(city, on=date(2026, 5, 7), reason="紛失", number="0000018"):
    return reissue_certificate(
        using="subsidy", scheme=city.HITORIOYA, recipient_no=number, reason=reason, on=on, by="窓口", now=city.NOW
    )


def test_a_lost_paper_is_replaced_and_says_so(city, office, holder):
    new = reissue(city)
    assert (new.kind, new.reason, new.content["reissue"]) == ("reissue", "紛失", True)
    (text,) = office.pages(office.files("certificates")[-1])
    assert "再交付" in text
    assert "髙橋葛󠄀之介" in text
    assert sorted(Certificate.objects.values_list("state", flat=True)) == ["issued", "replaced"]
    assert new.valid == (ON, date(2027, 1, 1))
    again = reissue(city, reason="汚損")
    assert Certificate.objects.live().get().pk == again.pk


def test_a_reissue_prints_what_is_true_today(city, holder):
    ResidentRecord.objects.filter(atena_no="101").update(address="川崎市幸区架空町9", address_detail="")
    assert reissue(city).content["address"] == "川崎市幸区架空町9"


def test_a_reissue_without_reason_paper_or_entitlement_is_refused(city, holder):
    with pytest.raises(ReasonMissing):
        reissue(city, reason="  ")
    with pytest.raises(NoCertificate):
        reissue(city, number="9999999")
    city.end(holder, date(2026, 5, 1))
    with pytest.raises(NotEntitled):
        reissue(city)
    assert Certificate.objects.live().count() == 1


def test_a_paper_comes_back_once(city, holder):
    paper = Certificate.objects.get()
    give = {"using": "subsidy", "certificate_id": paper.pk, "by": "窓口"}
    with pytest.raises(ReturnedBeforeIssue):
        return_certificate(**give, returned_on=date(2026, 3, 31))
    back = return_certificate(**give, returned_on=date(2026, 4, 2))
    assert (back.state, back.returned_to) == ("returned", "窓口")
    with pytest.raises(AlreadyReturned):
        return_certificate(**give, returned_on=date(2026, 4, 3))


def test_who_gave_the_paper_back_gets_a_new_one(city, office, holder):
    paper = Certificate.objects.get()
    return_certificate(using="subsidy", certificate_id=paper.pk, returned_on=ON, by="窓口")
    office.run("issue-certificates", scheme=city.HITORIOYA, on=date(2026, 4, 2))
    assert Certificate.objects.live().get().kind == "new"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("subsidy_certificate_one_in_hand", {}),
        ("subsidy_certificate_return_pair", {"state": "returned"}),
        ("subsidy_certificate_return_pair", {"state": "recall", "returned_on": ON}),
        ("subsidy_certificate_reissue_reason", {"state": "replaced", "kind": "reissue"}),
        ("subsidy_certificate_reissue_reason", {"state": "replaced", "reason": "紛失"}),
    ],
)
def test_the_database_keeps_the_rules_of_certificates(holder, name, change):
    paper = Certificate.objects.get()
    fields = {f.attname: getattr(paper, f.attname) for f in Certificate._meta.concrete_fields if f.name != "id"}
    with pytest.raises(IntegrityError, match=name), transaction.atomic(using="subsidy"):
        Certificate.objects.create(**(fields | change))
