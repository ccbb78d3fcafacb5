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

CITY = ("resident", "unified_id", "gateway", "welfare")
ORDER = ("midserver", "nis", "midserver", *CITY, "subsidy")  # 中間サーバー twice: its keys, then the authority
TASUKE = str(Path(sys.executable).parent / "tasuke")
DRIVER = Path(__file__).with_name("drive_process.py")

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
    ports = dict(zip(("midserver", "nis", *CITY), free_ports(6), strict=True))
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
        process.wait(timeout=30)


def start(name: str, environment: dict[str, str], running: dict[str, "subprocess.Popen[bytes]"]) -> None:
    port = environment[f"PORT_{name}"]
    with Path(environment["TASUKE_HOME"], f"{name}.log").open("wb") as log:
        running[name] = subprocess.Popen(
            [TASUKE, "serve", name, "--port", port, "--workers", "1"], env=environment, stdout=log, stderr=log
        )
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert running[name].poll() is None, Path(environment["TASUKE_HOME"], f"{name}.log").read_text()
        time.sleep(0.3)
    pytest.fail(f"{name} does not answer")


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
    assert drive("resident", "residents", environment) == {"added": 1, "sent": 1}
    # the registry comes last: its business numbers are told when the 個人番号 are there
    start("welfare", environment, servers)
    assert drive("subsidy", "neighbour", environment) == {"replicas": 1}
    servers["midserver"].kill()  # in the middle of its turns; what it had is in its database
    servers["midserver"].wait()
    start("midserver", environment, servers)
    answer = drive("subsidy", "ask", environment)
    assert (answer["state"], answer["outcome"]) == ("answered", "found"), answer
    assert answer["total_income"] == 3_120_000
