"""What one person alone may not do: money, runs that decide about many, and data that leave the office."""

import time

SCHEME = "札幌市 ひとり親家庭等医療費助成"


def wait_until(desk, text):
    """The page again and again, as somebody looks at it, until a run beside it is done."""
    for _ in range(120):
        desk.page.reload()
        if text in desk.text:
            return desk.look()
        time.sleep(0.5)
    raise AssertionError(desk.text)


def plan(desk, job, **fields):
    """Plan a run; gives the address of its page."""
    desk.go("/runs/new/")
    desk.click(job, role="link")
    for label, value in fields.items():
        field = desk.page.get_by_label(label)
        if value == SCHEME:
            field.select_option(label=value)
        else:
            field.fill(value)
    desk.click("計画する")
    assert job in desk.page.locator("h1").inner_text()
    return desk.page.url.removeprefix(desk.site)


def test_money_goes_out_only_when_another_person_has_looked(desk):
    drafter, approver = desk("demo-drafter"), desk("demo-approver")
    drafter.go("/payments/").look()
    drafter.click("支払を起案する", role="link")
    drafter.click("支払対象を抽出する")
    day = drafter.page.url.removeprefix(drafter.site)
    assert "別の人の承認を待っています" in drafter.text
    assert drafter.page.get_by_role("button", name="承認する").count() == 0

    approver.go(day).look()
    approver.click("承認する")
    wait_until(drafter, "支払対象が決まりました")
    drafter.click("振込データを起案する")
    assert drafter.page.get_by_role("button", name="承認する").count() == 0
    approver.go(day).look()
    approver.click("承認する")
    wait_until(drafter, "振込データ(全銀)")
    taking_out = approver.go(day).page.get_by_role("button", name="振込データを取り出す")
    assert taking_out.count() == 0  # who approves takes nothing out

    with drafter.page.expect_download() as taken:
        drafter.page.get_by_role("button", name="振込データを取り出す").click()
    records = [line.strip("\r\n\x1a") for line in taken.value.path().read_bytes().decode("cp932").splitlines()]
    assert [record[0] for record in records if record] == ["1", "2", "8", "9"]
    assert {len(record.encode("cp932")) for record in records if record} == {120}

    drafter.go(day).look()
    assert "起案 次郎(demo-drafter) が取り出しました" in drafter.text
    drafter.click("もう一度取り出す")
    assert "もう一度取り出す理由" in drafter.page.locator("[role=alert]").first.inner_text()
    drafter.page.get_by_label("もう一度取り出す理由").fill("銀行への送信が途中で切れたため")
    with drafter.page.expect_download() as again:
        drafter.page.get_by_role("button", name="もう一度取り出す").click()
    assert again.value.path().read_bytes() == taken.value.path().read_bytes()
    drafter.go(day).look()
    assert "銀行への送信が途中で切れたため" in drafter.text


def test_a_renewal_goes_from_the_plan_to_certificates_by_two_people(desk):
    head, other = desk("demo-head"), desk("demo-head2")
    for job in ("一斉更新", "受給者証・医療証の交付"):
        address = plan(head, job, 制度=SCHEME, 基準日="令和8年8月1日")
        assert "別の人の承認を待っています" in head.text
        assert head.page.get_by_role("button", name="この計画を承認する").count() == 0
        assert head.page.get_by_role("button", name="実行する").count() == 0
        other.go(address).look()
        assert "計画したのは 本庁 葉子(demo-head) です" in other.text
        other.click("この計画を承認する")
        head.go(address).look()
        head.click("実行する")
        wait_until(head, "結果")
        assert "demo-head2" in head.text
    assert "できたファイル" in head.text
    assert ".pdf" in head.text

    clerk = desk("demo-reviewer")
    clerk.go("/certificates/").look()
    issued = clerk.page.locator("tbody tr", has_text="R08.08.01")
    assert issued.count() >= 1


def test_data_leave_only_when_another_person_agrees(desk):
    head, other = desk("demo-head"), desk("demo-head2")
    head.go("/statistics/").look()
    assert head.page.locator("img.chart").count() >= 1
    head.click("データの抽出", role="link")
    head.page.locator(".tiles a").first.click()
    head.look()
    head.page.get_by_role("checkbox").first.check()
    head.click("抽出を申請する")
    assert "利用目的" in head.page.locator("[role=alert]").first.inner_text()
    head.page.get_by_label("利用目的").fill("区ごとの件数を議会の資料にする")
    head.click("抽出を申請する")
    assert "別の人の承認を待っています" in head.text
    assert head.page.get_by_role("button", name="CSVを取り出す").count() == 0

    other.page.goto(head.page.url)
    other.look()
    assert other.page.get_by_role("button", name="CSVを取り出す").count() == 0
    other.page.get_by_label("承認する").check()
    other.click("決定する")
    head.page.reload()
    head.look()
    with head.page.expect_download() as taken:
        head.page.get_by_role("button", name="CSVを取り出す").click()
    table = taken.value.path().read_text("utf-8-sig").splitlines()
    assert len(table) > 1
    head.page.reload()
    assert "demo-head2" in head.text
