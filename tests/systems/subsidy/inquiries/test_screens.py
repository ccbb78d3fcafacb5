"""Inquiries on screen: what may be asked, by whom, about whom; two for a protected person; the answer taken over."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasuke.contracts.inquiry import CHOICES as CHOICES_OPERATION
from tasuke.contracts.inquiry import Choice, Choices, ChoicesRequest, ProviderBody
from tasuke.contracts.kit import Caller, Unreachable
from tasuke.deploy.clock import TOKYO
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.transport import outbox
from tasuke.platform.transport.links import unbind_all
from tasuke.platform.transport.testing import wire
from tasuke.systems.subsidy.entitlements.models import Application, Decision
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Income, Protection, ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy", "gateway", "accounts"])
NOW = datetime(2026, 6, 10, 10, 0, tzinfo=TOKYO)
TAX, PENSION = "TM00000000000002", "TM00000000000009"
FATHER, CHILD = "0000000010", "0000000011"
HERE, ELSEWHERE = "141364", "141330"
HITORIOYA = "kawasaki-hitorioya"
PROCEDURE = "JT00000000000902"


def choice(information: str, name: str, *, by_year: bool) -> Choice:
    return Choice(
        procedure_code=PROCEDURE, procedure="資格審査", information_code=information, information=name,
        provider_kind="municipality", legal_basis="番号法9条2項の条例", by_year=by_year, unconfirmed=True,
    )  # fmt: skip


MASTER = Choices(
    choices=(choice(TAX, "地方税関係情報", by_year=True), choice(PENSION, "年金関係情報", by_year=False)),
    bodies=(ProviderBody(code="B012033", name="小樽市(代役)", kind="municipality"),),
    master_version=1,
)


def clock() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def family(settings: Any) -> None:
    settings.OFFICE_CLOCK = f"{__name__}.clock"
    set_profile(open_profile("kawasaki"))
    for no, name, code in ((FATHER, "髙橋　太郎", "02"), (CHILD, "髙橋　はな", "20")):
        ResidentRecord.objects.using("subsidy").create(
            atena_no=no, name=name, name_kana="タカハシ", name_key="高橋", kana_key="タカハシ", household_no="1",
            resident_type="1", resident_status="1", sex="1", birth_date=date(1990, 4, 1), relationship_code=code,
            municipality_code="141305", ward_code=HERE, valid=(date(2020, 4, 1), None), event_code="20",
            recorded_from=datetime(2020, 4, 1, tzinfo=UTC),
        )  # fmt: skip
    Application.objects.using("subsidy").create(
        application_no="A1", scheme=HITORIOYA, kind="1", atena_no=CHILD, applicant_atena_no=FATHER, role="1",
        received_on=date(2026, 6, 1), channel="1", reason="9", event_date=date(2026, 6, 1), state="held",
    )  # fmt: skip


@pytest.fixture
def gateway() -> Iterator[Callable[[bool], None]]:
    up = True

    def choices(request: ChoicesRequest, caller: Caller) -> Choices:
        if not up:
            raise Unreachable("閉局中")
        return MASTER

    def switch(on: bool) -> None:
        nonlocal up
        up = on

    with wire({("gateway", "subsidy"): {CHOICES_OPERATION: choices}}, clock=lambda: NOW):
        yield switch


def asked(client: Client, person: str = CHILD, **changes: Any) -> Any:
    data = {
        "people": [FATHER], "purpose": f"{HITORIOYA}|{PROCEDURE}|{TAX}", "provider": "B012033", "year": "2026",
        **changes,
    }  # fmt: skip
    return client.post(f"/inquiries/ask/{person}", data)


def statements(client: Client, path: str) -> int:
    with (
        CaptureQueriesContext(connections["subsidy"]) as one,
        CaptureQueriesContext(connections["accounts"]) as two,
    ):
        assert client.get(path).status_code == 200
    return len([q for q in [*one, *two] if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))])


def inquiry(**changes: Any) -> Inquiry:
    facts = {
        "record_id": f"900-{Inquiry.objects.using('subsidy').count()}", "atena_no": FATHER, "about_atena_no": CHILD,
        "scheme": HITORIOYA, "ward_code": HERE, "procedure_code": "JT1", "procedure": "資格審査",
        "information_code": TAX, "information": "地方税関係情報", "legal_basis": "番号法", "provider": "B012033",
        "provider_name": "小樽市(代役)", "year": 2026, "protected": False, "state": "sent", "asked_by": "test-clerk",
        "asked_at": NOW, **changes,
    }  # fmt: skip
    return Inquiry.objects.using("subsidy").create(**facts)


def answered(**changes: Any) -> Inquiry:
    items = [{"tax_year": 2026, "status_code": "3", "total_income": 3_120_000, "widow": False}]
    facts = {"state": "answered", "outcome": "found", "sequence": 1, "answered_at": NOW, "received_at": NOW}
    return inquiry(**{**facts, "items": items, **changes})


def test_a_question_is_asked_for_the_scheme_of_the_case(gateway: object) -> None:
    clerk = signed_in("clerk")
    page = clerk.get(f"/inquiries/ask/{CHILD}")
    purposes = [value for value, _ in page.context["form"].fields["purpose"].choices]
    assert purposes == [f"{HITORIOYA}|{PROCEDURE}|{TAX}", f"{HITORIOYA}|{PROCEDURE}|{PENSION}"]
    assert "令和8年度" in page.content.decode()
    assert asked(clerk).status_code == 302
    made = Inquiry.objects.using("subsidy").get()
    assert (made.scheme, made.atena_no, made.about_atena_no, made.state) == (HITORIOYA, FATHER, CHILD, "waiting")
    assert outbox.waiting("subsidy").count() == 1
    event = AuditEvent.objects.using("subsidy").get(kind="changed")
    assert (event.personal_id, event.atena_no) == ("test-clerk", FATHER)
    asked(clerk)
    assert Inquiry.objects.using("subsidy").count() == 1
    assert "同じ照会がまだ回答待ち" in clerk.get(f"/inquiries/ask/{CHILD}").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"people": []}, "people"),
        ({"people": ["0000000099"]}, "people"),
        ({"purpose": f"{HITORIOYA}|JT9|TM9"}, "purpose"),
        ({"purpose": f"kawasaki-shoni|JT00000000000901|{TAX}"}, "purpose"),
        ({"provider": "B999999"}, "provider"),
        ({"year": "1999"}, "year"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(gateway: object, changes: dict[str, Any], field: str) -> None:
    page = asked(signed_in("clerk"), **changes)
    assert page.status_code == 422
    html = page.content.decode()
    assert 'class="error-summary"' in html
    assert f'id="id_{field}_error"' in html
    assert not Inquiry.objects.using("subsidy").exists()


def test_a_closed_gateway_is_told_with_what_to_do(gateway: Callable[[bool], None]) -> None:
    gateway(False)
    inquiry()
    page = signed_in("clerk").get(f"/inquiries/ask/{CHILD}")
    assert page.status_code == 503
    assert "市中間サーバが応答しません" in page.content.decode()
    assert "小樽市(代役)" in page.content.decode()
    unbind_all()
    assert "接続していません" in signed_in("clerk").get(f"/inquiries/ask/{CHILD}").content.decode()


def test_a_protected_person_takes_two_people(gateway: object) -> None:
    Protection.objects.using("subsidy").create(atena_no=CHILD, since=date(2025, 1, 1), source="申出")
    first = signed_in("reviewer")
    page = asked(first)
    assert page.status_code == 422
    assert 'id="id_extra_step_error"' in page.content.decode()
    assert asked(first, extra_step="所得の確認に要る").status_code == 302
    made = Inquiry.objects.using("subsidy").get()
    assert made.state == "held"
    path = f"/inquiries/{made.pk}"
    own = first.get(path).content.decode()
    assert "別の職員の承認を待っています" in own
    assert "承認して送る" not in own
    first.post(f"{path}/approve", {"agree": "1"})
    assert outbox.waiting("subsidy").count() == 0
    assert signed_in("clerk").post(f"{path}/approve", {"agree": "1"}).status_code == 403
    second = signed_in("reviewer", personal_id="second")
    assert "承認して送る" in second.get(path).content.decode()
    second.post(f"{path}/approve", {"agree": "1"})
    made.refresh_from_db()
    assert (made.state, made.approved_by, outbox.waiting("subsidy").count()) == ("waiting", "second", 1)
    assert "承認待ちではありません" in second.post(f"{path}/approve", {"agree": "1"}, follow=True).content.decode()


def test_one_that_is_open_is_cancelled_and_one_that_ended_is_not(gateway: object) -> None:
    clerk = signed_in("clerk")
    held = inquiry(protected=True, extra_step="理由", state="held")
    assert clerk.post(f"/inquiries/{held.pk}/cancel").status_code == 302
    held.refresh_from_db()
    assert held.state == "cancelled"
    again = clerk.post(f"/inquiries/{held.pk}/cancel", follow=True)
    assert "もう終わっています" in again.content.decode()


def test_an_answer_is_read_in_words_and_taken_over_by_a_reviewer() -> None:
    made = answered()
    path = f"/inquiries/{made.pk}"
    clerk, reviewer = signed_in("clerk"), signed_in("reviewer")
    seen = clerk.get(path).content.decode()
    assert "取り込む</button>" not in seen
    assert "3,120,000" not in seen  # the counter may not see incomes
    assert "審査など" in seen
    assert clerk.post(f"{path}/take-over").status_code == 403
    html = reviewer.get(path).content.decode()
    for words in ("3,120,000円", "課税", "令和8年度", "取り込む</button>"):
        assert words in html, words
    assert "total_income" not in html
    assert "所得として取り込みました" in reviewer.post(f"{path}/take-over", follow=True).content.decode()
    assert Income.objects.using("subsidy").get(atena_no=FATHER).source == "inquiry"
    assert "審査し直します" in reviewer.get(path).content.decode()


def test_what_is_no_income_offers_nothing_to_take_over() -> None:
    made = answered(information_code=PENSION, information="年金関係情報", year=None)
    reviewer = signed_in("reviewer")
    assert "取り込む</button>" not in reviewer.get(f"/inquiries/{made.pk}").content.decode()
    assert "画面で確かめて" in reviewer.post(f"/inquiries/{made.pk}/take-over", follow=True).content.decode()


def test_another_ward_finds_nothing(gateway: object) -> None:
    made = answered()
    other = signed_in("reviewer", offices=[ELSEWHERE])
    assert other.get(f"/inquiries/ask/{CHILD}").status_code == 404
    assert other.get(f"/inquiries/{made.pk}").status_code == 404
    for step in ("approve", "cancel", "take-over"):
        assert other.post(f"/inquiries/{made.pk}/{step}").status_code == 404
    assert "髙橋" not in other.get("/inquiries/?state=all").content.decode()
    assert not Income.objects.using("subsidy").exists()


def test_every_page_costs_few_statements(gateway: object) -> None:
    made = answered()
    for place in range(30):
        inquiry(year=1990 + place, state="sent" if place % 2 else "cancelled")
    reviewer = signed_in("reviewer", offices=[HERE])
    for path in ("/inquiries/", "/inquiries/?state=all", f"/inquiries/{made.pk}", f"/inquiries/ask/{CHILD}"):
        assert statements(reviewer, path) <= 15, path
    assert "髙橋　太郎" in reviewer.get("/inquiries/?state=answered").content.decode()


def test_a_long_list_comes_in_pieces_and_what_is_taken_over_has_its_own() -> None:
    for place in range(52):
        inquiry(year=1950 + place)
    taken = answered(year=2020, taken_over_by="test-reviewer", taken_over_at=NOW)
    reviewer = signed_in("reviewer")
    first = reviewer.get("/inquiries/").context["page"]
    assert (len(first.rows), first.more) == (50, True)
    rest = reviewer.get("/inquiries/", {"state": "open", "after": first.next_key}).context["page"]
    assert (len(rest.rows), rest.more) == (2, False)
    assert reviewer.get("/inquiries/?state=answered").context["rows"] == []
    (row,) = reviewer.get("/inquiries/?state=taken").context["rows"]
    assert row["inquiry"].pk == taken.pk
    assert reviewer.get("/inquiries/?after=x").status_code == 200


def held_for_the_income(**changes: Any) -> None:
    facts = {"person": {"id": CHILD}, "incomes": [{"subject": "parent", "subject_id": FATHER, "income_year": 2025}]}
    Decision.objects.using("subsidy").create(
        **{
            "kind": "application", "scheme": HITORIOYA, "atena_no": CHILD, "version": "2024", "version_hash": "0" * 64,
            "decided_on": date(2026, 6, 2), "judged_on": date(2026, 6, 1), "outcome": "pending",
            "reasons": ["INCOME_UNKNOWN"], "income_year": 2025, "facts": facts, "recorded_at": NOW, **changes,
        }
    )  # fmt: skip


def test_what_a_held_decision_waits_for_stands_in_the_form_and_in_the_list(gateway: object) -> None:
    held_for_the_income()
    clerk = signed_in("clerk", offices=[HERE])
    page = clerk.get(f"/inquiries/ask/{CHILD}")
    assert page.context["form"].initial == {"people": [FATHER], "year": 2026}
    assert "髙橋　太郎の令和8年度の所得" in page.content.decode()
    (line,) = clerk.get("/inquiries/bulk").context["lines"]
    key = f"{FATHER}-{HITORIOYA}-2026"
    assert (line.key, line.about, line.askable) == (key, ("髙橋　はな",), True)
    wrong = clerk.post("/inquiries/bulk", {"provider": ""})
    assert wrong.status_code == 422
    assert 'id="id_rows_error"' in wrong.content.decode()
    assert clerk.post("/inquiries/bulk", {"provider": "B012033", "rows": [key]}).status_code == 302
    made = Inquiry.objects.using("subsidy").get()
    assert (made.atena_no, made.about_atena_no, made.scheme, made.year) == (FATHER, CHILD, HITORIOYA, 2026)
    (line,) = clerk.get("/inquiries/bulk").context["lines"]
    assert (line.inquiry_id, line.askable) == (made.pk, False)
    assert clerk.post("/inquiries/bulk", {"provider": "B012033", "rows": [key]}).status_code == 422
    assert statements(clerk, "/inquiries/bulk") <= 15
    other = signed_in("clerk", personal_id="other", offices=[ELSEWHERE])
    assert other.get("/inquiries/bulk").context["lines"] == []


def test_a_protected_person_is_not_asked_about_in_bulk(gateway: object) -> None:
    held_for_the_income()
    Protection.objects.using("subsidy").create(atena_no=CHILD, since=date(2025, 1, 1), source="申出")
    clerk = signed_in("clerk")
    assert "ひとりずつ照会する" in clerk.get("/inquiries/bulk").content.decode()
    key = f"{FATHER}-{HITORIOYA}-2026"
    assert clerk.post("/inquiries/bulk", {"provider": "B012033", "rows": [key]}).status_code == 422
    assert not Inquiry.objects.using("subsidy").exists()


def test_the_state_moves_by_itself_until_the_answer_is_there() -> None:
    moving, done = inquiry(), answered(year=2025)
    clerk = signed_in("clerk")
    assert f"/inquiries/{moving.pk}/state" in clerk.get(f"/inquiries/{moving.pk}").content.decode()
    still = clerk.get(f"/inquiries/{moving.pk}/state")
    assert "照会中" in still.content.decode()
    assert "HX-Refresh" not in still
    assert clerk.get(f"/inquiries/{done.pk}/state")["HX-Refresh"] == "true"
