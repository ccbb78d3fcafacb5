"""The steps of registering a security key and of signing in with it, as a browser on this machine makes them."""

import html
import json
import re

from django.db import connections
from django.test import Client

from tasuke.platform.accounts.models import SecurityKey

HOST = "localhost:8000"
ORIGIN = f"http://{HOST}"


def browser():
    return Client(HTTP_HOST=HOST)


def text(response):
    return response.content.decode()


def options_of(response):
    """What the page hands to the browser's key."""
    return json.loads(html.unescape(re.search(r'data-options="([^"]*)"', text(response))[1]))


def events(personal_id="k-00123"):
    with connections["accounts"].cursor() as cursor:
        cursor.execute("SELECT kind, detail FROM audit_event WHERE personal_id = %s ORDER BY id", [personal_id])
        return cursor.fetchall()


def kinds():
    return [kind for kind, _ in events()]


def is_in(client):
    return client.get("/pin/").status_code == 200


def begin(signing, client, *, label="青いキー", pin=None, code=None):
    """The first page of a registration: PIN and a code that was not used yet."""
    signing.clock.pass_by(seconds=31)
    return client.post("/account/", {"label": label, "pin": pin or signing.known_pin, "code": code or signing.code()})


def register(signing, client, key, **more):
    asked = options_of(begin(signing, client, **more))
    return client.post("/account/keys/register/", {"credential": key.create(asked)})


def half_way(signing, client=None, personal_id=None):
    """After the PIN: the page that offers the key, and what it asks for."""
    client = client or browser()
    signing.pin(client, personal_id=personal_id)
    return client, client.get("/signin/code/")


def answer(client, said, **more):
    return client.post("/signin/key/", {"credential": said, "next": "/pin/", **more})


def row():
    return SecurityKey.objects.using("accounts").get(user_id="k-00123")
