"""A change of insurance at the counter by the keyboard alone: typed, its effect seen, saved, on the household page."""

import os

NEWBORN = "0009000018"


def press_to(page, name, *, backwards=False):
    """Tab until the element with this id or name has the focus; fails when it is never reached."""
    for _ in range(120):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        focused = page.evaluate(
            "[document.activeElement.id, document.activeElement.name, document.activeElement.value]"
        )
        if name in focused[:2]:
            return
    raise AssertionError(f"{name} is not reached by the keyboard; the last one was {focused}")


def fill(page, name, text):
    press_to(page, name)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def keep_picture(page, name):
    """For people who want to look: JOURNEY_PICTURES names a folder."""
    if folder := os.environ.get("JOURNEY_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_change_of_insurance_by_the_keyboard_alone(desk):
    clerk = desk("demo-clerk")
    page = clerk.page
    clerk.go(f"/persons/{NEWBORN}/").look()
    link = page.get_by_role("navigation", name="届出を受け付ける").get_by_role("link", name="医療保険")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/insurance/")
    clerk.look()
    keep_picture(page, "insurance-form")

    fill(page, "effective_on", "R8.5.20")
    page.keyboard.press("Tab")
    page.wait_for_selector("#id_effective_on_echo .echo")
    assert "令和8年5月20日(水)" in page.locator("#id_effective_on_echo").inner_text()
    page.locator("#id_act_0").focus()
    page.keyboard.press("Space")
    press_to(page, "insurance_kind")
    assert page.get_by_label("保険の種別").input_value() == "3"
    fill(page, "insurer_no", "01130013")
    fill(page, "symbol", "1234")
    page.wait_for_selector("#id_insurer_no_echo .error")
    fill(page, "number", "56")
    press_to(page, "preview")
    page.keyboard.press("Enter")
    page.wait_for_selector("#errors")
    clerk.look()
    assert "検査数字" in clerk.text
    keep_picture(page, "insurance-error")

    fill(page, "insurer_no", "01130012")
    press_to(page, "preview")
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview")
    clerk.look()
    shown = page.locator("#preview").inner_text()
    assert "この届出の影響" in shown
    assert "01130012" in shown
    assert page.get_by_label("記号").input_value() == "1234"
    keep_picture(page, "insurance-preview")
    press_to(page, "save")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notifications/*/")
    clerk.look()
    assert "届出を記録しました" in clerk.text
    keep_picture(page, "insurance-saved")

    page.get_by_role("link", name="世帯に戻る").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/persons/{NEWBORN}/")
    clerk.look()
    assert "01130012" in page.locator("section[aria-labelledby=insurance]").inner_text()
    assert "医療保険の変更" in page.locator("section[aria-labelledby=applications]").inner_text()
    keep_picture(page, "household-after")


def test_every_form_of_the_counter_is_clean_and_named(desk):
    clerk = desk("demo-clerk")
    for kind in ("mailing_address", "name", "family", "account", "single_parent", "loss"):
        clerk.go(f"/notifications/new/{NEWBORN}/{kind}/").look()
        assert "影響を確かめる" in clerk.text
        keep_picture(clerk.page, f"form-{kind}")
    for path in (f"/persons/{NEWBORN}/notes/", "/notes/due/", f"/applications/new/{NEWBORN}/"):
        clerk.go(path).look()
        keep_picture(clerk.page, path.strip("/").replace("/", "-"))


def test_a_note_is_written_on_the_household_page(desk):
    clerk = desk("demo-clerk")
    clerk.go(f"/persons/{NEWBORN}/")
    summary = clerk.page.locator("details.add-note > summary")
    summary.focus()
    clerk.page.keyboard.press("Enter")
    clerk.page.locator("#note_text").fill("資格確認書の写しを後日持参する")
    clerk.look()
    keep_picture(clerk.page, "note-open")
    clerk.page.get_by_role("button", name="記録する").press("Enter")
    clerk.page.wait_for_url(f"**/persons/{NEWBORN}/#notes")
    clerk.look()
    assert "資格確認書の写しを後日持参する" in clerk.text
