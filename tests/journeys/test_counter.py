"""From the person at the counter to the certificate in their hand: two people, two browsers, every page looked at."""

NEWBORN = "0009000018"


def test_an_application_goes_from_the_counter_to_a_printed_certificate(desk):
    clerk = desk("demo-clerk")
    clerk.go("/").look()
    assert "今日の仕事" in clerk.text
    clerk.page.get_by_label("氏名・カナ・生年月日").fill("たかはし みらい")
    clerk.click("探す")
    assert "R08" not in clerk.page.url
    assert "高橋" not in clerk.page.url
    clerk.click("髙橋 未来", role="link")
    assert "受給資格はありません" in clerk.text
    clerk.click("申請を受け付ける", role="link")
    clerk.page.get_by_label("事由発生日").fill("令和8年5月32日")
    clerk.click("保存する")
    assert "日付として読めません" in clerk.text
    assert clerk.page.locator("#id_event_date").input_value() == "令和8年5月32日"
    clerk.page.get_by_label("事由発生日").fill("R8.5.1")
    clerk.click("試算する")
    trial = clerk.page.locator("section[aria-labelledby=trial]").inner_text()
    assert "該当" in trial
    assert "非該当" not in trial
    clerk.click("保存する")
    assert "入力した本人は照合できません" in clerk.text

    reviewer = desk("demo-reviewer")
    reviewer.go("/applications/").look()
    reviewer.page.locator("section[aria-labelledby=sheets] a").first.click()
    reviewer.look()
    assert "髙橋" in reviewer.text
    reviewer.click("紙と照合して受け付ける")
    reviewer.click("審査する", role="link")
    assert "適用する規則" in reviewer.text
    reviewer.click("このとおり決定する")
    assert "該当として決定しました" in reviewer.text
    assert "非該当" not in reviewer.text
    reviewer.click("受給者証を交付する")
    assert "交付しました" in reviewer.text
    address = reviewer.page.get_by_role("link", name="PDFを開く").get_attribute("href")
    pdf = reviewer.page.context.request.get(reviewer.site + address)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF")
    reviewer.click("世帯を見る", role="link")
    assert "受給中" in reviewer.text
    assert reviewer.page.locator("svg.timeline rect").count() == 1


def test_everything_works_without_script(desk):
    clerk = desk(java_script_enabled=False).sign_in("demo-clerk")
    clerk.go("/persons/")
    clerk.page.get_by_label("氏名・カナ・生年月日").fill("令和8年5月1日")
    clerk.page.get_by_role("button", name="探す").click()
    clerk.page.get_by_role("link", name="髙橋 未来").click()
    assert "髙橋" in clerk.page.locator("h1").inner_text()
    clerk.page.get_by_role("button", name="サインアウト").click()
    assert "サインアウトしました" in clerk.page.content()


def test_a_clerk_searches_and_opens_a_household_with_the_keyboard_alone(desk):
    clerk = desk("demo-clerk")
    page = clerk.page
    clerk.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "本文へ進む"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "id_q"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "4px"
    page.keyboard.type(NEWBORN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/persons/")
    page.get_by_role("link", name="髙橋 未来").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/persons/{NEWBORN}/")
    assert page.locator("nav a[accesskey='1']").get_attribute("href") == "/"
    assert "1" in page.locator("nav a[accesskey='1'] kbd").inner_text()
