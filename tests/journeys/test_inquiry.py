"""A family moves in from another city, whose income of before only that city knows: asked for, answered, decided."""

import time

MOTHER, CHILD = "0009100032", "0009100040"
PROTECTED_MOTHER, PROTECTED_CHILD = "0009100059", "0009100067"
OTARU = "小樽市(代役)"
OWN, THEIRS = "B011002", "B012033"


def wait_until(desk, text):
    """The page again and again, as somebody looks at it, until the answer has come home."""
    for _ in range(60):
        desk.page.reload()
        if text in desk.text:
            return desk.look()
        time.sleep(0.5)
    raise AssertionError(desk.text)


def ask(desk, child, **fields):
    desk.page.get_by_label("照会先").select_option(label=OTARU)
    for label, value in fields.items():
        desk.page.get_by_label(label).fill(value)
    desk.click("照会する")
    return desk


def state_of(desk):
    return desk.page.locator("dl.facts dd").first.inner_text()


def rows(desk):
    """Cells of the first table, row by row."""
    return [row.locator("th, td").all_inner_texts() for row in desk.page.locator("tbody tr").all()]


def test_the_income_of_a_family_that_moved_in_is_asked_for_and_decides(desk):
    clerk, reviewer = desk("demo-clerk", java_script_enabled=False), desk("demo-reviewer")
    reviewer.go(f"/persons/{CHILD}/").look()
    reviewer.click("所得を見る", role="link")
    assert "所得の記録がありません" in reviewer.text
    reviewer.click("情報照会へ", role="link")
    assert "三浦　由紀子の令和7年度の所得" in reviewer.text
    offered = reviewer.page.get_by_role("group", name="審査と情報").locator("label").all_inner_texts()
    assert offered
    assert all("ひとり親家庭等医療費助成の審査" in label for label in offered)  # nothing of another scheme's ground
    reviewer.click("照会する")
    assert "照会先" in reviewer.page.locator("[role=alert]").first.inner_text()

    clerk.go(f"/persons/{CHILD}/")
    clerk.page.locator("main").get_by_role("link", name="情報照会").click()
    clerk.page.get_by_label("照会先").select_option(label=OTARU)
    clerk.page.get_by_role("button", name="照会する").click()
    assert "1件の照会を受け付けました" in clerk.text
    clerk.page.locator("tbody a").first.click()
    address = clerk.page.url.removeprefix(clerk.site)
    assert state_of(clerk) in ("送信待ち", "照会中", "回答あり")
    reviewer.go(address)
    reviewer.page.get_by_text("回答あり(情報あり)").wait_for(timeout=30_000)  # the page moves by itself
    clerk.page.reload()
    assert state_of(clerk) == "回答あり(情報あり)"
    assert "2,000,000円" not in clerk.text  # the counter may not see incomes

    reviewer.look()
    assert "2,000,000円" in reviewer.text
    reviewer.click("取り込む")
    assert "所得に取り込みました" in reviewer.text
    reviewer.go(f"/persons/{CHILD}/income/").look()
    assert "情報照会" in reviewer.text
    assert OTARU in reviewer.text
    reviewer.go(address).look()
    reviewer.click("申請を審査し直します", role="link")
    assert "総所得金額等 2,000,000円(課税、情報照会の回答)" in reviewer.text
    reviewer.click("このとおり決定する")
    assert "該当として決定しました" in reviewer.text

    ours, theirs, nation = desk("demo-mid"), desk("demo-mid-otaru"), desk("demo-national")
    own = rows(ours.go(f"/midserver/{OWN}/records/").look())
    assert any("照会者" in row[2] and f"札幌市 → {OTARU}" in row[4] for row in own)
    other = rows(theirs.go(f"/midserver/{THEIRS}/records/").look())
    assert any("提供者" in row[2] and f"札幌市 → {OTARU}" in row[4] for row in other)
    assert {row[3] for row in own}.isdisjoint(row[3] for row in other)  # the numbers of two cities never meet
    assert theirs.go(f"/midserver/{OWN}/records/").page.locator("tbody tr").count() == 0
    records = rows(nation.go("/nis/records/").look())
    assert {"照会", "提供"} <= {row[1][:2] for row in records}
    assert "情報提供ネットワークシステム(国の代役)" in nation.page.locator("header").inner_text()
    assert "札幌市" not in nation.page.locator("header").inner_text()

    auditor = desk("demo-auditor")
    auditor.go("/audit/").look()
    auditor.page.get_by_label("宛名番号").fill(MOTHER)
    auditor.page.locator("form", has=auditor.page.get_by_label("宛名番号")).get_by_role("button").click()
    auditor.look()
    for word in ("demo-clerk", "demo-reviewer", "情報照会をする", "情報照会の回答を取り込む"):
        assert word in auditor.text, word


def test_a_person_under_protection_is_asked_about_by_two_people(desk):
    clerk, reviewer = desk("demo-clerk"), desk("demo-reviewer")
    clerk.go("/inquiries/bulk").look()
    row = clerk.page.locator("tbody tr", has_text="村上　千尋")
    assert row.get_by_role("checkbox").count() == 0
    row.get_by_role("link", name="ひとりずつ照会する").click()
    ask(clerk, PROTECTED_CHILD)
    assert "支援措置の対象者を照会する理由" in clerk.page.locator("[role=alert]").first.inner_text()
    ask(clerk, PROTECTED_CHILD, 支援措置の対象者を照会する理由="本人から所得の確認に同意を得た")
    assert "別の職員の承認を待ちます" in clerk.text
    clerk.page.locator("tbody a").first.click()
    clerk.look()
    address = clerk.page.url.removeprefix(clerk.site)
    assert "どこにも送りません" in clerk.text
    assert clerk.page.get_by_role("button", name="承認して送る").count() == 0

    reviewer.go(address).look()
    reviewer.click("承認して送る")
    wait_until(reviewer, "回答あり")
    assert "窓口 花子" in reviewer.text
    auditor = desk("demo-auditor")
    auditor.go("/audit/").page.get_by_label("宛名番号").fill(PROTECTED_MOTHER)
    auditor.page.locator("form", has=auditor.page.get_by_label("宛名番号")).get_by_role("button").click()
    assert "demo-reviewer" in auditor.look().text
