"""The same walk with every system in a process of its own, over HTTP: no process has another's tables or passwords."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright
from tests.journeys.conftest import CHROMIUM, FLAGS, Desk

CITY = ("resident", "unified_id", "gateway", "welfare")
ORDER = ("midserver", "nis", "midserver", *CITY, "subsidy")  # 中間サーバー twice: its keys, then the authority
TASUKE = str(Path(sys.executable).parent / "tasuke")
DRIVER = Path(__file__).with_name("drive_process.py")
CHILD = "0009100040"

pytestmark = pytest.mark.slow


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The embedded server of the tests, databases and folders of this test's own, and an address for each system."""
    ports = dict(zip(ORDER[1:], free_ports(len(ORDER) - 1), strict=True))
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TASUKE_SYSTEMS")},
        "TASUKE_HOME": str(tmp_path),
        "TASUKE_DATABASE_PREFIX": f"processes_{os.getpid()}",
        "TASUKE_PROFILE": "sapporo",
        "TASUKE_REQUIRE_TERMINAL": "0",
        **{f"TASUKE_BASE_{name.upper()}": f"http://127.0.0.1:{port}/{name}/" for name, port in ports.items()},
        **{f"PORT_{name}": str(port) for name, port in ports.items()},
    }


@pytest.fixture
def servers(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    running: dict[str, subprocess.Popen[bytes]] = {}
    yield running
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:  # a busy machine; nothing of it is needed any more
            process.kill()
            process.wait()


def start(name: str, environment: dict[str, str], running: dict[str, "subprocess.Popen[bytes]"]) -> None:
    port = environment[f"PORT_{name}"]
    with Path(environment["TASUKE_HOME"], f"{name}.log").open("wb") as log:
        running[name] = subprocess.Popen(
            [TASUKE, "serve", name, "--port", port, "--workers", "1"], env=environment, stdout=log, stderr=log
        )


def wait_for(environment: dict[str, str], running: dict[str, "subprocess.Popen[bytes]"]) -> None:
    """Until all of them answer."""
    end = time.monotonic() + 120
    waiting = list(running)
    while waiting := [name for name in waiting if not answers(environment[f"PORT_{name}"])]:
        for name in waiting:
            assert running[name].poll() is None, Path(environment["TASUKE_HOME"], f"{name}.log").read_text()
        assert time.monotonic() < end, waiting
        time.sleep(0.2)


def answers(port: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def drive(system: str, step: str, environment: dict[str, str]) -> dict[str, object]:
    """A short program of one system's own, with that system's databases alone."""
    done = subprocess.run(
        [sys.executable, str(DRIVER), step],
        env={**environment, "TASUKE_SYSTEMS": system},
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_an_inquiry_walks_through_processes_of_their_own(
    environment: dict[str, str], servers: dict[str, "subprocess.Popen[bytes]"]
) -> None:
    for system in ORDER:
        subprocess.run([TASUKE, "found", system], env=environment, check=True, capture_output=True, timeout=240)
    for system in ("midserver", "nis", "resident", "unified_id", "gateway"):
        start(system, environment, servers)
    wait_for(environment, servers)
    assert drive("resident", "distribute", environment).keys() == {"distribute-residents", "distribute-numbers"}
    # the registry comes last: its business numbers are told when the 個人番号 are there
    start("welfare", environment, servers)
    assert drive("subsidy", "register", environment) == {"pending": 3, "replicas": 6}
    servers["midserver"].kill()  # in the middle of its turns; what it had is in its database
    servers["midserver"].wait()
    start("midserver", environment, servers)
    start("subsidy", environment, servers)
    wait_for(environment, servers)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        address = f"http://127.0.0.1:{environment['PORT_subsidy']}"
        clerk, reviewer = (Desk(browser.new_context(locale="ja-JP").new_page(), address) for _ in range(2))
        decide_with_the_answer(clerk.sign_in("demo-clerk"), reviewer.sign_in("demo-reviewer"))
        browser.close()


def decide_with_the_answer(clerk: Desk, reviewer: Desk) -> None:
    """On the screens of 医療費助成, which its own process serves: ask, see the answer come, take it over, decide."""
    reviewer.go(answered(clerk)).click("取り込む")
    assert "所得に取り込みました" in reviewer.text
    reviewer.click("申請を審査し直します", role="link")
    assert "総所得金額等 2,000,000円(課税、情報照会の回答)" in reviewer.text
    reviewer.click("このとおり決定する")
    assert "該当として決定しました" in reviewer.text


def answered(clerk: Desk) -> str:
    """Where the answer stands. Until the business number and both 符号 are there, a question is turned down."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        clerk.go(f"/inquiries/ask/{CHILD}")
        provider = clerk.page.get_by_label("照会先")
        if provider.count() == 0 or "小樽市" not in provider.inner_text():
            time.sleep(1)  # the gateway has not taken the master yet
            continue
        provider.select_option(label="小樽市(代役)")
        clerk.click("照会する")
        clerk.page.locator("tbody a").first.click()
        state = clerk.page.locator("dl.facts dd").first
        while state.inner_text() in ("送信待ち", "照会中") and time.monotonic() < end:
            clerk.page.wait_for_timeout(500)  # the page moves by itself
        if state.inner_text() == "回答あり(情報あり)":
            return clerk.page.url.removeprefix(clerk.site)
        time.sleep(2)
    raise AssertionError(clerk.text)
