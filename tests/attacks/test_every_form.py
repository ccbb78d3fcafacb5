"""Hostile text in every field that a role can find: nothing breaks, nothing runs, nothing is understood as code.

The attacker follows the links of each role like a person, sends every form with every payload, and puts the same
payloads into the words behind the question mark. An exception in a view fails the test: the test client raises it.
"""

from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connections
from django.utils.http import urlencode

from tasuke.platform.access.roles import roles
from tasuke.platform.access.testing import signed_in
from tasuke.platform.database.systems import SYSTEMS

pytestmark = [pytest.mark.django_db(databases=list(SYSTEMS)), pytest.mark.slow]
PAYLOADS = {
    "sql": "' OR 1=1; DROP TABLE subsidy_claim; --",
    "template": "{{ 713|add:713 }}{% debug %}{{ request.session.items }}",
    "script": '<script>alert(713)</script>"><img src=x onerror=alert(713)>',
    "nul": "a\x00b",
    "surrogate": "\ud800％_\\",
    "header": "x\r\nSet-Cookie: stolen=1",
    "formula": "=cmd|' /C calc'!A0",
    "number": "9" * 40,
    "path": "../../../etc/passwd",
    "array": "{a,b}\"'\\",
}
TYPED = ("text", "search", "textarea", "hidden", "password", "tel", "email", "number", "date")
SKIPPED = ("/signout/", "/static/")
MOST_PAGES = 45


def crawl(browser, read_page, start="/"):
    """Pages that the links of a role lead to."""
    seen, waiting, pages = set(), [start], []
    while waiting and len(pages) < MOST_PAGES:
        path = waiting.pop(0)
        shape = "".join("0" if c.isdigit() else c for c in urlsplit(path).path)
        if shape in seen or path.startswith(SKIPPED):
            continue
        seen.add(shape)
        answer = browser.get(path)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = read_page(answer)
        pages.append((path, page))
        there = [urljoin(path, link) for link in page.links]
        waiting += [link for link in there if link.startswith("/")]
    return pages


def filled(form, payload):
    values = {}
    for field in form["fields"]:
        if field["name"] == "csrfmiddlewaretoken":
            continue
        if field["kind"] in TYPED:
            values[field["name"]] = payload
        elif field["kind"] == "select":
            values[field["name"]] = field["value"] or next((o for o in field["options"] if o), "")
        else:
            values.setdefault(field["name"], field["value"])
    return values


def text_of(value):
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def assert_harmless(answer, where):
    assert answer.status_code < 500, where
    assert "stolen" not in answer.cookies, where
    if not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
        body = answer.content.decode()
        assert "<script>alert(713)" not in body, where
        assert "<img src=x" not in body, where
        assert "1426" not in body, where


@pytest.mark.parametrize("role", sorted(roles()))
def test_hostile_text_in_every_form_of_a_role(city, read_page, role):
    browser = signed_in(role)
    pages = crawl(browser, read_page)
    assert pages, role
    forms = {(f["method"], urljoin(path, f["action"]), tuple(x["name"] for x in f["fields"])): f
             for path, page in pages for f in page.forms}  # fmt: skip
    for (method, action, _), form in forms.items():
        if action.startswith(SKIPPED):
            continue
        for name, payload in PAYLOADS.items():
            values = {key: text_of(value) for key, value in filled(form, payload).items()}
            answer = browser.get(action, values) if method == "get" else browser.post(action, values)
            assert_harmless(answer, (role, action, name))
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subsidy_claim")


@pytest.mark.parametrize("role", sorted(roles()))
def test_hostile_words_behind_the_question_mark(city, read_page, role):
    browser = signed_in(role)
    names = ("q", "after", "month", "state", "file", "on", "scheme", "ward", "reason", "from", "next", "show", "known")
    for path, _ in crawl(browser, read_page):
        bare = path.partition("?")[0]
        for name, payload in PAYLOADS.items():
            answer = browser.get(f"{bare}?{urlencode(dict.fromkeys(names, text_of(payload)))}")
            assert_harmless(answer, (role, bare, name))


@pytest.mark.parametrize("payload", ["'", "{{7}}", "a%00b", "%ff", "..%2f..%2fetc", "9" * 30, "%0d%0aX: y"])
def test_hostile_parts_of_addresses(city, payload):
    for role in ("reviewer", "administrator", "head_office"):
        browser = signed_in(role)
        for path in (f"/persons/{payload}/", f"/applications/new/{payload}/", f"/admin/accounts/users/{payload}/",
                     f"/payments/no/{payload}/", f"/claims/{payload}/1/", f"/schemes/{payload}/",
                     f"/statistics/extracts/new/{payload}/", f"/certificates/{payload}/"):  # fmt: skip
            assert browser.get(path).status_code in (302, 400, 403, 404), path
