"""本人確認 and 単件検索 by 個人番号 with the real 団体内統合宛名: what is told, what is kept, and that no digit is."""

import pickle
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import ProgrammingError, connections, transaction
from tests.deploy.chain.searching import files_holding, forms, overhearing, tables_holding
from tests.systems.subsidy.desk.conftest import clock
from tests.systems.unified_id.conftest import Unified, my_number

from tasuke.contracts.kit import Unreachable
from tasuke.core.numbers import my_number_check_digit
from tasuke.platform.access.purposes import Purpose
from tasuke.platform.transport.links import bind, link_to, unbind_all
from tasuke.platform.transport.testing import wire
from tasuke.systems.subsidy.desk.models import IdentityCheck
from tasuke.systems.subsidy.desk.typed_number import TypedNumber
from tasuke.systems.subsidy.entitlements.models import Application
from tasuke.systems.unified_id.api import HANDLERS
from tasuke.systems.unified_id.policy import set_policy

SYSTEMS = ["subsidy", "accounts", "unified_id"]
pytestmark = pytest.mark.django_db(databases=SYSTEMS)
FATHER, CHILD, OTHER = "0000000010", "0000000011", "0000000012"
# long digits of their own: those of small numbers could stand inside something else
NUMBER, CHILDS, STRANGERS = (my_number(n) for n in (7_615_281, 4_820_917, 9_152_736))


@pytest.fixture
def office(people, tmp_path, monkeypatch):
    """A family with an application, and a 団体内統合宛名 that knows the father's number."""
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    people.resident(FATHER, "髙橋　太郎", relationship_code="02", birth_date=date(1985, 5, 5))
    people.resident(CHILD)
    people.resident(OTHER, "鈴木　一郎", ward_code="141330", household_no="0000000002")
    set_policy(accept="synthetic", body="B141305")
    with wire({("unified_id", name): HANDLERS for name in ("subsidy", "resident")}, clock=clock):
        unified = Unified(link_to("unified_id", consumer="resident"))
        unified.register(unified.row(FATHER, NUMBER), unified.row(OTHER, STRANGERS), business="900")
        unified.register(unified.row(CHILD), business="900")
        yield people


@pytest.fixture
def application(office):
    return Application.objects.using("subsidy").create(
        application_no="A1", scheme="kawasaki-shoni", kind="1", atena_no=CHILD, applicant_atena_no=FATHER, role="1",
        received_on=date(2026, 11, 20), channel="1", reason="9", event_date=date(2026, 11, 20), state="received",
    )  # fmt: skip


def compare(client, application, number=NUMBER, person=FATHER, **more):
    typed = {"person": person, "document": "card", "number": number, **more}
    return client.post(f"/applications/{application.pk}/identity/", typed, follow=True)


def told(response):
    return " ".join(str(m) for m in response.context["messages"])


@pytest.mark.parametrize(
    ("person", "number", "result", "words"),
    [
        (FATHER, NUMBER, "same", "同じ人です"),
        (FATHER, f"{NUMBER[:4]} {NUMBER[4:8]}-{NUMBER[8:]}", "same", "同じ人です"),
        (FATHER, STRANGERS, "different", "違います"),
        (CHILD, CHILDS, "unregistered", "番号が登録されていません"),
    ],
)
def test_the_answer_is_told_and_recorded_beside_the_application(application, browser, person, number, result, words):
    client = browser(purpose=Purpose.APPLICATION)
    response = compare(client, application, number, person)
    assert response.redirect_chain == [(f"/applications/{application.pk}/", 302)]
    assert words in told(response)
    made = IdentityCheck.objects.using("subsidy").get()
    assert (made.atena_no, made.application_id, made.result, made.document) == (person, application.pk, result, "card")
    assert made.get_result_display() in response.content.decode()
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT personal_id, atena_no, purpose, detail FROM audit_event WHERE kind = 'changed'")
        (who, whom, purpose, detail), *rest = cursor.fetchall()
    assert (who, whom, purpose, rest) == (made.checked_by, person, "application", [])
    assert made.get_result_display() in detail


def test_a_record_is_not_rewritten(application, browser):
    compare(browser(), application)
    with pytest.raises(ProgrammingError), transaction.atomic(using="subsidy"):
        IdentityCheck.objects.using("subsidy").update(result="different")


REAL = f"12345678901{my_number_check_digit('12345678901')}"


@pytest.mark.parametrize(
    ("number", "words"),
    [("", "入力してください"), (NUMBER[:-1], "12けた"), (f"{NUMBER}1", "12けた"), ("１２３４５６７８９０ab", "12けた"),
     (f"{NUMBER[:-1]}{(int(NUMBER[-1]) + 1) % 10}", "検査用数字"), (REAL, "架空の個人番号だけ")],
)  # fmt: skip
def test_a_mistake_stands_at_the_field_and_the_rest_that_was_typed_is_kept_but_the_number(
    application, browser, number, words
):
    with overhearing() as heard:
        response = compare(browser(), application, number, document="notice")
    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert '<option value="notice" selected>' in html
    assert not number or number not in html
    assert not IdentityCheck.objects.using("subsidy").exists()
    assert heard.said == []  # nobody was asked


class Away:
    def call(self, operation, request, *, key=""):
        raise Unreachable("nobody answers")


@pytest.mark.parametrize("away", [True, False])
def test_a_link_that_is_down_is_said_plainly_and_nothing_but_the_number_is_lost(application, browser, away):
    unbind_all()  # not bound at all: an installation without 団体内統合宛名
    if away:
        bind("unified_id", "subsidy", Away())
    for address in (f"/applications/{application.pk}/identity/", "/persons/by-number/"):
        response = browser().post(address, {"person": CHILD, "document": "notice", "number": NUMBER})
        html = response.content.decode()
        assert response.status_code == 503
        assert "つながりません" in html
        assert NUMBER not in html
    assert f'<option value="{CHILD}" selected>' in compare(browser(), application, person=CHILD).content.decode()


def test_nobody_guesses(application, browser):
    client = browser()
    for _ in range(10):
        assert "違います" in told(compare(client, application, STRANGERS))
    response = compare(client, application)
    assert (response.status_code, "10分間に10回まで" in response.content.decode()) == (429, True)
    assert client.post("/persons/by-number/", {"number": NUMBER}).status_code == 429
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE kind = 'refused'")
        assert cursor.fetchone() == (2,)


def test_without_an_application_it_is_recorded_with_the_person(office, browser):
    response = browser().post(
        f"/persons/{CHILD}/identity/", {"person": FATHER, "document": "card", "number": NUMBER}, follow=True
    )
    assert "同じ人です" in told(response)
    made = IdentityCheck.objects.using("subsidy").get()
    assert (made.atena_no, made.application_id) == (FATHER, None)


def test_nobody_else_than_those_of_the_page_can_be_compared(application, browser):
    assert compare(browser(), application, STRANGERS, OTHER).status_code == 422
    assert not IdentityCheck.objects.using("subsidy").exists()


@pytest.mark.parametrize("limits", [{"offices": ["141330"]}, {"schemes": ["kawasaki-hitorioya"]}])
def test_other_wards_and_schemes_stay_closed(application, browser, limits):
    assert compare(browser(**limits), application).status_code == 404


@pytest.mark.parametrize("role", ["head_office", "payment_drafter", "operator", "auditor"])
def test_only_the_counter_and_the_reviewers_may(application, browser, role):
    client = browser(role)
    assert client.get(f"/applications/{application.pk}/identity/").status_code == 403
    assert client.post("/persons/by-number/", {"number": NUMBER}).status_code == 403


def search(client, number):
    return client.post("/persons/by-number/", {"number": number})


def test_a_card_leads_to_the_household_within_the_limits(office, browser):
    response = search(browser(), NUMBER)
    assert (response.status_code, response["Location"]) == (302, f"/persons/{FATHER}/")
    outside = search(browser(personal_id="test-ward", offices=["141364"]), STRANGERS)
    nobody = search(browser(personal_id="test-second"), my_number(3))
    for page in (outside, nobody):
        assert page.status_code == 200
        assert "見つかりません" in page.content.decode()
        assert OTHER not in page.content.decode()
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT atena_no, detail FROM audit_event WHERE kind = 'searched' AND detail LIKE '%my_number%'")
        assert cursor.fetchall() == [
            (FATHER, '{"by":"my_number","hits":1}'),
            *[("", '{"by":"my_number","hits":0}')] * 2,
        ]


def test_a_protected_person_is_found_as_in_the_ordinary_search_without_an_address(office, browser):
    office.protect(FATHER)
    page = browser().post("/persons/by-number/", {"number": NUMBER}, follow=True).content.decode()
    assert "支援措置の対象者です" in page
    assert "宮前平２丁目２０番５号　電話" not in page


@contextmanager
def failing(monkeypatch):
    """Something breaks after the number was read: the page of the error must not show it either."""

    def broken(**_):
        raise RuntimeError("broken")

    monkeypatch.setattr("tasuke.systems.subsidy.desk.web.identity.check_identity", broken)
    yield


def test_no_digit_is_in_a_table_a_session_a_log_a_message_a_file_or_a_page(
    application, browser, tmp_path, monkeypatch, caplog
):
    numbers = [NUMBER, STRANGERS, CHILDS, my_number(3)]
    client = browser()
    client.raise_request_exception = False
    pages = []
    with overhearing() as heard:
        pages += [compare(client, application), compare(client, application, STRANGERS)]
        pages += [compare(client, application, CHILDS, CHILD), compare(client, application, NUMBER, OTHER)]
        pages += [search(client, NUMBER), search(client, my_number(3)), search(client, f"{NUMBER}9")]
        with failing(monkeypatch):
            pages.append(compare(client, application))
        pages += [client.get(f"/applications/{application.pk}/"), client.get("/persons/by-number/")]
    wanted = [form for number in numbers for form in forms(number)]
    assert pages[7].status_code == 500
    assert not [page.request["PATH_INFO"] for page in pages if any(w in page.content.decode() for w in wanted)]
    assert not [page for page in pages if any(w in str(page.headers) for w in wanted)]
    assert tables_holding(numbers, *SYSTEMS) == []
    assert heard.holding(numbers) == []
    assert files_holding(numbers, tmp_path) == []
    assert not [w for w in wanted if w in caplog.text or w in str(dict(client.session))]


def test_what_was_typed_shows_itself_to_nobody():
    number = TypedNumber(NUMBER)
    assert NUMBER not in f"{number} {number!r} {[number]}"
    with pytest.raises(TypeError):
        pickle.dumps(number)


def test_the_pages_are_kept_by_no_browser_and_ask_it_not_to_remember(application, browser):
    for address in (f"/applications/{application.pk}/identity/", "/persons/by-number/"):
        page = browser().get(address)
        assert "no-store" in page["Cache-Control"]
        html = page.content.decode()
        assert 'autocomplete="off"' in html
        assert 'type="password"' not in html
