"""The staff screens of the number chain as people meet them: accessible, by the keyboard alone, without script."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

# who walks where: every page that links lead to is opened, each shape of address once
WALKS = {
    "demo-head": ("/linkage/", "/linkage/letters/"),
    "demo-gateway": ("/resident/", "/gateway/"),
    "demo-gateway-chief": ("/resident/", "/welfare/delivery/"),
    "demo-welfare-chief": ("/welfare/",),
    "demo-number": ("/unified-id/", "/unified-id/errors/", "/unified-id/statistics/"),
    "demo-number-chief": ("/unified-id/permits/", "/unified-id/errors/"),
    "demo-mid": ("/midserver/",),
    "demo-mid-operator": ("/midserver/operation/",),
    "demo-national": ("/nis/",),
}
OURS = tuple(sorted({f"/{urlsplit(start).path.split('/')[1]}/" for starts in WALKS.values() for start in starts}))
FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
HERE = """e => [...document.querySelectorAll(e)].filter(x => x.checkVisibility()).indexOf(document.activeElement)"""


def walk(one, starts):
    """Open everything that can be reached; gives the paths that were opened."""
    waiting, seen = list(starts), {}
    while waiting:
        path = waiting.pop(0)
        shape = re.sub(r"\d+", "0", urlsplit(path).path)
        if shape in seen or not path.startswith(OURS):
            continue
        answer = one.page.goto(one.site + path)
        assert answer.status == 200, path
        seen[shape] = path
        one.look()
        assert not one.page.evaluate("document.documentElement.scrollWidth > 1280"), f"{path} is wider than the screen"
        here = urlsplit(one.page.url).path
        found = one.page.eval_on_selector_all("main a[href]", "links => links.map(a => a.getAttribute('href'))")
        waiting += [urljoin(here, link) for link in found]
    return list(seen.values())


@pytest.mark.parametrize("personal_id", WALKS)
def test_every_page_of_a_role_is_accessible_and_asks_no_other_host(desk, personal_id):
    one = desk(personal_id)
    hosts = set()
    one.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    opened = walk(one, WALKS[personal_id])
    assert len(opened) >= len(WALKS[personal_id])
    assert hosts == {urlsplit(one.site).netloc}
    by_keyboard(one, opened[-1])


def by_keyboard(one, path):
    """Tab goes through everything that can be used, from the skip link on, in order."""
    one.go(path)
    count = one.page.locator(FOCUSABLE).locator("visible=true").count()
    reached = []
    for _ in range(count):
        one.page.keyboard.press("Tab")
        reached.append(one.page.evaluate(HERE, FOCUSABLE))
    choices = one.page.locator("input[type=radio]").count()  # a group of choices is one stop, arrows choose
    assert reached == sorted(reached), path
    assert len({place for place in reached if place >= 0}) >= count - choices, path


def test_numbers_are_sought_without_script_and_the_number_stands_in_no_address(desk):
    one = desk("demo-number", java_script_enabled=False)
    one.go("/unified-id/")
    one.page.get_by_label("番号", exact=False).last.fill("999999999")
    one.page.get_by_role("button", name="探す").click()
    assert "この番号の人はいません" in one.text
    assert "999999999" not in one.page.url
    one.go("/unified-id/errors/").page.get_by_role("link", name="届かなかった電文").click()
    assert "届かなかった電文はありません" in one.text
