"""Every page of the six systems, after an inquiry has walked through all of them: few statements, Japanese words, Japan
time, and nothing that only the machine understands."""

import re
from contextlib import ExitStack
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string
from tests.deploy.chain.conftest import FATHER, NUMBERS

from tasuke.platform.access.testing import signed_in
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.transport.outbox import dead_letters
from tasuke.systems.nis.codes import code_context
from tasuke.systems.nis.models import Code
from tasuke.systems.nis.settings_holder import vault as national_vault
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.unified_id.models import Person as UnifiedPerson

pytestmark = [pytest.mark.django_db(databases=list(SYSTEMS)), pytest.mark.slow]
MOST = 15  # statements a page
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "RESET", "SELECT set_config")
# words of programs that are no Japanese for an official: states, kinds, ids of systems and of nobody
MACHINE = re.compile(
    r"\b(requested|approved|waiting|dead|answered|registered|found|withheld|municipality|insurer|push|pull|snapshot"
    r"|resident|welfare|unified_id|subsidy|founding-\d|True|False|None)\b"
)
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
STARTS = {
    "distribution_official": ("/resident/", "/resident/usages/new/", "/gateway/", "/welfare/delivery/new/"),
    "distribution_supervisor": ("/resident/", "/welfare/delivery/"),
    "welfare_supervisor": ("/welfare/", f"/welfare/persons/{FATHER}/"),
    "number_official": ("/unified-id/", "/unified-id/errors/", "/unified-id/statistics/"),
    "number_supervisor": ("/unified-id/permits/", "/unified-id/errors/"),
    "midserver_staff": ("/midserver/",),
    "midserver_operator": ("/midserver/operation/",),
    "national_operator": ("/nis/",),
}
OURS = ("/resident/", "/welfare/", "/unified-id/", "/gateway/", "/midserver/", "/nis/")


class Page(HTMLParser):
    """Links and what a person reads in <main>; told: without the forms, whose hints show how to type."""

    def __init__(self, text):
        super().__init__()
        self.text, self.links, self.words, self.told, self._open = text, [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag in ("main", "form"):
            self._open.add(tag)
        if tag == "a" and "main" in self._open:
            self.links.append(dict(attributes).get("href") or "")

    def handle_endtag(self, tag):
        self._open.discard(tag)

    def handle_data(self, data):
        if "main" in self._open and data.strip():
            self.words.append(data.strip())
            if "form" not in self._open:
                self.told.append(data.strip())


@pytest.fixture
def walked(family):
    """An inquiry went out and came home."""
    family.ask(FATHER)
    family.settle()
    return family


def pages_of(role):
    """(address, statements, page) of every page that the role reaches, each shape of address once."""
    offices = ["011002"] if role == "midserver_staff" else None
    browser = signed_in(role, offices=offices)
    if role == "number_official":
        browser.post("/unified-id/", {"kind": "atena_no", "number": FATHER})
    waiting, seen = list(STARTS[role]), set()
    while waiting:
        path = waiting.pop(0)
        shape = re.sub(r"\d+", "0", urlsplit(path).path)
        if shape in seen or not path.startswith(OURS):
            continue
        seen.add(shape)
        with ExitStack() as stack:
            captured = [stack.enter_context(CaptureQueriesContext(connections[system])) for system in SYSTEMS]
            answer = browser.get(path, follow=True)
        asked = [q["sql"] for one in captured for q in one.captured_queries]
        statements = [text for text in asked if not text.lstrip().startswith(FRAME)]
        assert answer.status_code == 200, path
        page = Page(answer.content.decode())
        here = answer.redirect_chain[-1][0] if answer.redirect_chain else path
        waiting += [urljoin(here, link) for link in page.links]
        yield here, tuple(statements), page


def test_every_page_takes_few_statements_and_speaks_japanese(walked):
    found = {(role, *page[:2]): page[2] for role in STARTS for page in pages_of(role)}
    assert {role for role, *_ in found} == set(STARTS)
    assert len(found) > 40
    assert {key: value for key, value in found.items() if len(key[2]) > MOST} == {}
    told = {(role, path): " ".join(page.told) for (role, path, _), page in found.items()}
    # the conversion tables show the names of items outside, beside their Japanese ones
    strange = {key: sorted(set(MACHINE.findall(text))) for key, text in told.items() if "/tables/" not in key[1]}
    assert {key: words for key, words in strange.items() if words} == {}
    assert {key: UTC_TIME.findall(text) for key, text in told.items() if UTC_TIME.search(text)} == {}
    unified = list(UnifiedPerson.objects.using("unified_id").values_list("unified_no", flat=True))
    assert len(unified) == 3
    issued = codes()
    for (role, path, _), page in found.items():
        text = "".join(page.words).replace(" ", "")
        assert not any(number in text for number in NUMBERS.values()), path
        # the whole answer with its addresses and fields: no 符号 anywhere, no 統合宛名番号 where 業務番号 are used
        assert not any(code in page.text for code in issued), path
        if path.startswith(("/resident/", "/welfare/")):
            assert not any(number in page.text for number in unified), path
        if role in ("midserver_operator", "national_operator"):
            assert (FATHER in text, "髙橋" in text) == (False, False), path
    check_pages_of_the_business(unified)
    assert import_string(settings.OFFICE_CLOCK)().utcoffset().total_seconds() == 9 * 3600
    assert {name: [m.error for m in dead_letters(name)] for name in ("resident", "unified_id", "subsidy")} == {
        "resident": [],
        "unified_id": [],
        "subsidy": [],
    }


def codes():
    """Every 符号 that was issued, in clear."""
    rows = Code.objects.using("nis").all()
    found = [national_vault().open(bytes(row.code_sealed), context=code_context(row.body)).decode() for row in rows]
    assert len(found) == 5  # of three at home, of two where they lived
    return found


def check_pages_of_the_business(unified):
    """Subsidy knows a person by 宛名番号 alone, also on the pages of its questions."""
    browser = signed_in("clerk")
    (asked,) = Inquiry.objects.using("subsidy").values_list("pk", flat=True)
    for path in ("/inquiries/", f"/inquiries/{asked}", f"/inquiries/{asked}/state"):
        answer = browser.get(path)
        assert (path, answer.status_code) == (path, 200)
        text = answer.content.decode()
        assert not any(secret in text for secret in (*unified, *codes(), *NUMBERS.values())), path
