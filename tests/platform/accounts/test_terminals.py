"""Only registered machines open the door; a ticket makes one, once, in time; a revoked one is out at once."""

import pytest
from django.test import Client

from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.services.prepare_terminal import TerminalLabelTaken, prepare_terminal
from tasuke.platform.accounts.services.revoke_terminal import revoke_terminal

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"])]


@pytest.fixture
def ticket(signing, clock, settings):
    settings.REQUIRE_TERMINAL = True
    return prepare_terminal(label="川崎区 窓口1", office="141313", by="admin-1", at=clock.moment)[1]


def registered(ticket):
    client = Client()
    assert client.post("/terminal/", {"ticket": ticket}).url == "/signin/"
    return client


def test_an_unregistered_machine_does_not_even_get_the_form(signing, ticket):
    response = Client().get("/signin/")
    assert response.status_code == 403
    assert "登録されていません" in response.content.decode()
    assert signing.pin(Client()).status_code == 403


def test_a_ticket_makes_a_terminal_on_which_people_sign_in(signing, ticket):
    client = registered(ticket)
    assert client.get("/signin/").status_code == 200
    assert signing.fully(client).get("/pin/").status_code == 200
    cookie = client.cookies["tasuke-terminal"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


def test_over_tls_the_cookie_is_bound_to_the_host(ticket):
    client = Client()
    client.post("/terminal/", {"ticket": ticket}, secure=True)
    assert client.cookies["__Host-tasuke-terminal"]["secure"]


def test_a_ticket_works_once_and_for_a_quarter_of_an_hour(ticket, clock):
    registered(ticket)
    assert Client().post("/terminal/", {"ticket": ticket}).status_code == 422
    late = prepare_terminal(label="川崎区 窓口2", office="141313", by="admin-1", at=clock.moment)[1]
    clock.pass_by(minutes=15)
    assert Client().post("/terminal/", {"ticket": late}).status_code == 422


def test_a_forged_or_foreign_cookie_opens_nothing(signing, ticket):
    client = registered(ticket)
    text = client.cookies["tasuke-terminal"].value
    other = Client()
    other.cookies["tasuke-terminal"] = text[:-2] + ("AA" if text[-2:] != "AA" else "BB")
    assert other.get("/signin/").status_code == 403


def test_a_session_does_not_move_to_another_machine(signing, ticket, clock):
    client = signing.fully(registered(ticket))
    stolen = Client()
    stolen.cookies["__Host-tasuke"] = client.cookies["__Host-tasuke"].value
    assert stolen.get("/pin/").url == "/signin/?ended=terminal"


def test_a_revoked_terminal_is_out_at_once(signing, ticket, clock):
    client = signing.fully(registered(ticket))
    terminal = Terminal.objects.using("accounts").get()
    assert revoke_terminal(terminal_id=terminal.pk, by="admin-1", at=clock.moment)
    assert client.get("/pin/").url.startswith("/signin/")
    assert client.get("/signin/").status_code == 403


def test_two_live_terminals_have_two_names(ticket, clock):
    with pytest.raises(TerminalLabelTaken):
        prepare_terminal(label="川崎区 窓口1", office="", by="admin-1", at=clock.moment)
