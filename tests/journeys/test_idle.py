"""An empty chair, with the browser's clock moved on: warned, masked, signed out; work keeps the session."""

import re


def test_an_empty_chair_is_warned_masked_and_signed_out(desk):
    clerk = desk("demo-clerk")
    page = clerk.page
    page.clock.install()
    clerk.go("/persons/")
    page.locator("#id_q").fill("入力の途中")
    page.clock.run_for("09:10")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    clerk.look()
    assert "まもなくサインアウトします" in dialog.inner_text()
    masked = "getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor"
    assert page.evaluate(masked) == "rgb(102, 102, 102)"
    page.get_by_role("button", name="続ける").click()
    dialog.wait_for(state="detached")
    assert page.locator("#id_q").input_value() == "入力の途中"

    page.clock.run_for("08:00")
    with page.expect_response(re.compile("/purpose/$")):
        page.keyboard.press("a")  # typing is work, long before anything is sent
    page.clock.run_for("08:00")
    assert dialog.count() == 0

    page.clock.run_for("03:00")
    page.wait_for_url("**/signin/?ended=idle")
    assert "しばらく操作がなかった" in clerk.text
    clerk.go("/persons/")
    assert "/signin/" in page.url  # the server has forgotten the session too
