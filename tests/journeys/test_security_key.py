"""A security key in the browser: Chromium's virtual one is registered, and opens the second step by the keyboard."""

from datetime import UTC, datetime, timedelta

from tasuke.platform.access.demo_people import demo_people

WHO = next(person for person in demo_people() if person.personal_id == "demo-number-chief2")
DEVICE = {
    "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def press(page, name):
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def sign_in(page):
    """The first step."""
    page.get_by_label("職員ID").fill(WHO.personal_id)
    page.get_by_label("PIN").fill(WHO.pin)
    press(page, "次へ")


def test_a_key_is_registered_and_opens_the_second_step(desk, site):
    one = desk()
    one.site = site.replace("127.0.0.1", "localhost")  # keys know no address in digits
    page = one.page
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    one.go("/signin/")
    sign_in(page)
    page.get_by_label("ワンタイムパスワード").fill(WHO.code(datetime.now(UTC)))
    press(page, "サインイン")
    page.get_by_role("link", name=WHO.name).press("Enter")
    page.get_by_label("キーの名前").fill("青いキー")
    page.get_by_label("今のPIN").fill(WHO.pin)
    # the code of this half minute is used up, that of the next one is taken already
    page.get_by_label("ワンタイムパスワード").fill(WHO.code(datetime.now(UTC) + timedelta(seconds=30)))
    press(page, "次へ")
    page.get_by_role("button", name="キーを登録する").wait_for()
    one.look()
    press(page, "キーを登録する")
    page.get_by_text("「青いキー」を登録しました").wait_for()
    one.look()

    press(page, "サインアウト")
    sign_in(page)
    page.get_by_role("button", name="セキュリティキーを使う").wait_for()
    one.look()
    press(page, "セキュリティキーを使う")
    page.wait_for_url(lambda url: "/signin/" not in url)
    assert WHO.name in page.locator("header").inner_text()
