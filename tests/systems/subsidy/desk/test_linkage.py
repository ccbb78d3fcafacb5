"""Changes that were not taken, within the limits of who looks; and messages that nobody would take."""

from datetime import date

import pytest
from tests.systems.subsidy.desk.conftest import MIYAMAE, NAKAHARA, NOW

from tasuke.contracts.inquiry import CANCEL, CancelRequest
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.transport.outbox import post
from tasuke.systems.subsidy.registry.models import ChangeProblem, Relation

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
S = "subsidy"
LIST = "/linkage/"


def problem(atena_no, **more):
    given = {
        "provider": "welfare", "sequence": int(atena_no), "kind": "person", "atena_no": atena_no, "taken": False,
        "code": "x", "field": "性別", "message": f"誤り{atena_no}", "at": NOW, "valid_from": date(2026, 6, 1),
    }  # fmt: skip
    return ChangeProblem.objects.using(S).create(**{**given, **more})


@pytest.fixture
def five(people):
    """11 in 宮前 with a child's case, 12 in 中原, 13 moved away from 宮前, 14 protected in 宮前, 99 known to nobody."""
    people.resident("11", "宮前　一")
    people.resident("12", "中原　二", ward_code=NAKAHARA)
    people.resident("13", "転出　三", end=date(2026, 5, 1))
    people.resident("13", "転出　三", start=date(2026, 5, 1), resident_status="2", ward_code="", address="甲市")
    people.resident("14", "支援　四", address="川崎市宮前区秘密１番地")
    people.protect("14")
    people.entitle("11")
    for atena_no in ("11", "12", "13", "14", "99"):
        problem(atena_no)


def shown(page):
    text = page.content.decode()
    return [no for no in ("11", "12", "13", "14", "99") if f"誤り{no}" in text]


def test_everything_is_shown_to_who_has_no_limits_and_each_person_is_on_record(browser, five, at_most):
    one = browser("reviewer")
    with at_most(12):
        page = one.get(LIST)
    assert shown(page) == ["11", "12", "13", "14", "99"]
    text = page.content.decode()
    assert "住民情報にない人" in text
    assert "支援措置" in text
    assert "秘密" not in text
    looked = AuditEvent.objects.using(S).filter(kind="read", detail__contains="change-problems")
    assert set(looked.values_list("atena_no", flat=True)) == {"11", "12", "13", "14", "99"}


def test_a_limit_of_wards_shows_who_lives_or_lived_last_there(browser, five):
    assert shown(browser("reviewer", offices=[MIYAMAE]).get(LIST)) == ["11", "13", "14"]
    assert shown(browser("reviewer", offices=[NAKAHARA], personal_id="other-n").get(LIST)) == ["12"]


def test_a_limit_of_schemes_shows_their_people_and_whom_nobody_knows(browser, five):
    assert shown(browser("reviewer", schemes=["kawasaki-shoni"]).get(LIST)) == ["11", "99"]
    Relation.objects.using(S).create(
        atena_no="11", scheme="kawasaki-shoni", kind="breadwinner", other_atena_no="12", recorded_from=NOW,
        valid=(date(2026, 4, 1), None),
    )  # fmt: skip
    assert shown(browser("reviewer", schemes=["kawasaki-shoni"], personal_id="other-r").get(LIST)) == ["11", "12", "99"]
    both = {"offices": [MIYAMAE], "schemes": ["kawasaki-shoni"], "personal_id": "other-b"}
    assert shown(browser("reviewer", **both).get(LIST)) == ["11"]


def test_a_person_settles_it_with_a_reason_within_his_limits(browser, five):
    row = ChangeProblem.objects.using(S).get(atena_no="11")
    elsewhere = browser("reviewer", offices=[NAKAHARA], personal_id="other-n")
    assert elsewhere.post(f"{LIST}{row.pk}/settle", {"reason": "済"}).status_code == 404
    one = browser("reviewer", offices=[MIYAMAE])
    refused = one.post(f"{LIST}{row.pk}/settle", {"reason": " "})
    assert (refused.status_code, "何をして" in refused.content.decode()) == (422, True)
    assert one.post(f"{LIST}{row.pk}/settle", {"reason": "住民記録で直した"}, follow=True).status_code == 200
    row.refresh_from_db(using=S)
    assert (row.settled_by, row.settled_reason) == ("test-reviewer", "住民記録で直した")
    assert shown(one.get(LIST)) == ["13", "14"]
    assert "住民記録で直した" in one.get(f"{LIST}?state=settled").content.decode()
    assert one.post(f"{LIST}{row.pk}/settle", {"reason": "また"}).status_code == 404
    changed = AuditEvent.objects.using(S).get(kind="changed", detail__contains="change-problem")
    assert changed.atena_no == "11"


def test_today_says_how_many_wait(browser, five):
    page = browser("reviewer", offices=[MIYAMAE]).get("/").content.decode()
    tile = page.partition("反映できなかった変更</span>")[2][:120]
    assert ">3 <" in tile
    assert "反映できなかった変更" not in browser("clerk").get("/").content.decode()


def test_a_warning_that_comes_again_with_every_change_waits_once(browser, five):
    for sequence in (1001, 1002):
        problem("11", sequence=sequence, taken=True, code="protection_flag_off", message="旗が外れています")
    one = browser("reviewer", offices=[MIYAMAE])
    assert one.get(LIST).content.decode().count("旗が外れています") == 1
    assert ">4 <" in one.get("/").content.decode().partition("反映できなかった変更</span>")[2][:120]


def test_other_roles_do_not_see_it(browser, five):
    for role in ("clerk", "operator", "payment_drafter", "auditor"):
        assert browser(role).get(LIST).status_code == 403


def test_a_message_nobody_would_take_is_found_on_the_page_of_today_and_sent_again(browser, people):
    request = CancelRequest(business_id="900", record_ids=("r1",))
    post(using=S, provider="gateway", operation=CANCEL, request=request, key="k1", at=NOW)
    Outgoing.objects.using(S).update(state="dead", ended_at=NOW, error="この照会はもう終わっています", attempts=1)
    one = browser("operator")
    assert "届かなかった電文" in one.get("/").content.decode()
    page = one.get("/linkage/letters/").content.decode()
    assert "この照会はもう終わっています" in page
    assert "r1" not in page
    letter = Outgoing.objects.using(S).get()
    assert one.post(f"/linkage/letters/{letter.pk}/again").status_code == 302
    assert Outgoing.objects.using(S).get().state == "waiting"
    assert AuditEvent.objects.using(S).filter(detail__contains="配達不能の再送").exists()
    assert one.post(f"/linkage/letters/{letter.pk}/again").status_code == 404
    assert browser("reviewer").get("/linkage/letters/").status_code == 403
