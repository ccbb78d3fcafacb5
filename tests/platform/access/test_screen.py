"""The door: nobody passes unsigned, without a grant, outside the limits, without a purpose, or off the record."""

from datetime import date
from typing import ClassVar

import pytest
from django.db import connections
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import include, path

from tasuke.deploy.clock import now
from tasuke.platform.access import Action, NotOnRecord, Purpose, screen
from tasuke.platform.access.models import Grant
from tasuke.platform.access.testing import make_grant, make_user, signed_in
from tasuke.platform.accounts.models import User


@screen(Action.SEARCH_PERSON, purpose="required")
def search(request):
    request.audit.searched("kana", 1, ["000000000000001"])
    return HttpResponse(f"{request.actor.personal_id} {sorted(request.scope.offices or [])} {request.purpose}")


@screen(Action.VIEW_HOUSEHOLD)
def forgetful(request):
    return HttpResponse("somebody's household")


@screen(Action.VIEW_HOUSEHOLD)
def elsewhere(request, atena_no):
    raise Http404


@screen(Action.VIEW_HOME)
def home(request):
    return HttpResponse("home")


@pytest.fixture(autouse=True)
def urls(settings):
    class Urls:
        """Addresses of this test."""

        urlpatterns: ClassVar = [
            path("search/", search),
            path("forgetful/", forgetful),
            path("elsewhere/<str:atena_no>/", elsewhere),
            path("", home),
            path("", include("tasuke.platform.access.web.urls")),
        ]

    settings.ROOT_URLCONF = Urls


pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"])]


def events(using="subsidy"):
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT personal_id, action, purpose, kind, atena_no FROM audit_event ORDER BY id")
        return cursor.fetchall()


def test_a_stranger_is_sent_to_the_sign_in_page():
    response = Client().get("/search/?q=x")
    assert response.status_code == 302
    assert response.url == "/signin/?next=%2Fsearch%2F%3Fq%3Dx"


def test_a_clerk_passes_with_limits_and_purpose_and_is_on_record():
    response = signed_in("clerk", offices=["141313"]).get("/search/")
    assert response.content.decode() == "test-clerk ['141313'] counter"
    assert events() == [("test-clerk", "search-person", "counter", "searched", "000000000000001")]


def test_a_role_without_the_action_is_refused_and_that_is_on_record():
    response = signed_in("administrator").get("/search/")
    assert response.status_code == 403
    assert "窓口" in response.content.decode()
    assert [e[3] for e in events()] == ["refused"]


def test_without_a_purpose_it_is_asked_for_first():
    client = signed_in("clerk", purpose=None)
    assert client.get("/search/").url == "/purpose/?next=%2Fsearch%2F"
    chosen = client.post("/purpose/", {"purpose": Purpose.CLAIM, "next": "/search/"})
    assert chosen.url == "/search/"
    assert client.get("/search/").content.decode().endswith("claim")


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/search/?q=x", "%2Fsearch%2F%3Fq%3Dx"),
        ("", "%2F"),
        ("https://elsewhere.example/search/", "%2F"),
    ],
)
def test_after_a_form_one_comes_back_to_the_page_on_which_it_stands(came_from, back):
    """The form's own address answers to its button alone."""
    given = {"headers": {"referer": came_from}} if came_from else {}
    assert signed_in("clerk", purpose=None).post("/search/", **given).url == f"/purpose/?next={back}"
    assert Client().post("/search/", **given).url == f"/signin/?next={back}"


def test_a_part_of_a_page_takes_the_whole_page_to_the_sign_in():
    response = Client().get("/search/", headers={"hx-request": "true", "referer": "http://testserver/"})
    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == "/signin/?next=%2F"
    assert response.content == b""
    displaced = signed_in("clerk")
    signed_in("clerk")
    ended = displaced.get("/search/", headers={"hx-request": "true"})
    assert ended.headers["HX-Redirect"] == "/signin/?ended=displaced"


def test_the_address_of_a_button_says_what_it_is():
    response = signed_in("clerk").get("/signout/")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert "画面のボタンを押したときにだけ" in response.content.decode()


def test_a_page_that_shows_residents_without_recording_them_is_never_shown():
    with pytest.raises(NotOnRecord):
        signed_in("clerk").get("/forgetful/")


def test_a_household_outside_the_limits_does_not_exist_and_the_attempt_is_on_record():
    response = signed_in("clerk", offices=["141313"]).get("/elsewhere/000000000000009/")
    assert response.status_code == 404
    assert [e[3] for e in events()] == ["not-found"]


def test_a_grant_that_is_over_or_not_begun_opens_nothing():
    client = signed_in("clerk")
    Grant.objects.using("accounts").update(valid=(date(2020, 1, 1), now().date()))
    assert client.get("/search/").status_code == 403
    Grant.objects.using("accounts").update(valid=(date(2999, 1, 1), None))
    assert client.get("/search/").status_code == 403


def test_two_grants_do_not_make_a_product():
    user = make_user("test-two", at=now())
    make_grant(user, "clerk", at=now(), offices=["141313"], schemes=["kawasaki-shoni"])
    client = signed_in("clerk", personal_id="test-two", offices=["141330"], schemes=["kawasaki-hitorioya"])
    assert client.get("/search/").content.decode() == "test-two ['141313', '141330'] counter"


def test_who_has_to_change_the_pin_does_that_first():
    client = signed_in("clerk")
    User.objects.using("accounts").update(must_change_pin=True)
    assert client.get("/").url == "/pin/"


def test_a_displaced_session_is_over():
    first = signed_in("clerk")
    signed_in("clerk", client=Client())
    assert first.get("/").url == "/signin/?ended=displaced"


def test_one_sql_statement_for_the_grants_and_none_more_on_the_database_of_the_work(django_assert_max_num_queries):
    client = signed_in("clerk")
    with django_assert_max_num_queries(5, connection=connections["accounts"]):
        client.get("/")
    with django_assert_max_num_queries(2, connection=connections["subsidy"]):  # its transaction
        client.get("/")
