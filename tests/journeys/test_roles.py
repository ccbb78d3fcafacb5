"""One journey for each role: the main thing that it does, in a browser, every page looked at by axe."""

import re

NEWCOMER = "k-90001"
SAMPLE = "0009000018"


def test_a_reviewer_decides_a_claim_query(desk):
    reviewer = desk("demo-reviewer")
    reviewer.go("/claims/").look()
    reviewer.click("判断待ちの疑義", role="link")
    rows = reviewer.page.locator("tbody tr")
    before = rows.count()
    reviewer.page.locator("tbody th a").first.click()
    reviewer.look()
    claim = reviewer.page.url
    reviewer.page.get_by_label("過誤として返す").check()
    reviewer.page.get_by_label("判断の内容").fill("医療機関に電話で確かめ、請求し直してもらう")
    reviewer.click("判断を記録する")
    assert "記録しました" in reviewer.text
    reviewer.go("/claims/queries/").look()
    assert reviewer.page.locator("tbody th a").count() == before - 1
    reviewer.page.goto(claim)
    assert "医療機関に電話で確かめ" in reviewer.text
    assert reviewer.page.get_by_role("button", name="判断を記録する").count() == 0


def test_an_administrator_enrols_a_person_and_another_one_approves_the_grant(desk):
    admin = desk("demo-admin")
    admin.go("/admin/accounts/users/new/").look()
    admin.page.get_by_label("職員ID").fill(NEWCOMER)
    admin.page.get_by_label("氏名").fill("新任 八郎")
    admin.click("登録する")
    assert "登録しました" in admin.text
    admin.click("PINを発行する")
    assert re.search(r"[0-9A-Za-z-]{8,}", admin.text)
    admin.go(f"/admin/accounts/users/{NEWCOMER}/")
    admin.click("認証アプリを登録し直す")
    code = admin.page.locator("img[src$='qr.svg']")
    assert code.evaluate("image => image.complete && image.naturalWidth > 100")
    admin.go(f"/admin/accounts/users/{NEWCOMER}/")
    admin.click("権限を申請する", role="link")
    admin.page.get_by_label("役割").select_option(label="窓口")
    admin.page.get_by_label("最後の日").fill("R9.3.31")
    admin.page.get_by_label("理由").fill("4月の異動による")
    admin.click("申請する")
    assert "別の人の承認を待ちます" in admin.text

    other = desk("demo-admin2")
    other.go("/admin/accounts/grants/").look()
    other.page.locator("tr", has_text="新任 八郎").get_by_role("button", name="承認").click()
    other.look()
    other.go(f"/admin/accounts/users/{NEWCOMER}/").look()
    assert "demo-admin2" in other.text
    other.click("突合", role="link")


def test_an_auditor_finds_who_looked_at_a_person(desk):
    clerk = desk("demo-clerk")
    clerk.go(f"/persons/{SAMPLE}/").look()
    auditor = desk("demo-auditor")
    auditor.go("/audit/").look()
    auditor.page.get_by_label("宛名番号").fill(SAMPLE)
    auditor.page.locator("form", has=auditor.page.get_by_label("宛名番号")).get_by_role("button").click()
    auditor.look()
    assert "demo-clerk" in auditor.text
    assert "申請・届出の受付と審査" in auditor.text
    auditor.go(f"/persons/{SAMPLE}/")
    assert "髙橋" not in auditor.text


def test_settings_and_rules_are_read_with_their_sources(desk):
    head = desk("demo-head")
    for path in ("", "roles/", "papers/", "bank-days/", "values/", "announcements/"):
        head.go(f"/settings/{path}").look()
    head.click("お知らせを出す", role="link")
    head.look()
    head.page.get_by_label("題名").fill("年末の受付")
    head.page.get_by_label("内容").fill("12月28日の午後は、窓口を早く閉めます。\n申請は27日までにお願いします。")
    head.page.get_by_label("掲載の最後の日").fill("R40.3.31")
    head.page.get_by_label("緊急").check()
    head.click("登録する")
    head.look()
    head.go("/").look()
    assert "年末の受付" in head.text
    head.go("/schemes/").look()
    head.click("札幌市 子ども医療費助成", role="link")
    head.page.get_by_role("link", name="令和7年4月1日から").first.click()
    head.look()
    assert "市が確認" in head.text
    assert head.page.locator("nav [aria-current=page]").all_inner_texts() == ["制度"]
