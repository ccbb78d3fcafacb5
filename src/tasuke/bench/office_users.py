"""Clerks at their browsers, in a process of their own: they sign in, search, open households, read lists of queries."""

import http.client
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# of ten looks of a clerk: four searches, four households, two lists of queries
WORK = ("search",) * 4 + ("household",) * 4 + ("claims",) * 2


class PageFailed(RuntimeError):
    """A page of the bench was not what it should be."""


@dataclass(frozen=True, slots=True)
class Clerk:
    """One person: how to sign in, and what to ask for. questions: (kind, text) as typed into the box."""

    personal_id: str
    pin: str
    secret: bytes
    questions: Sequence[tuple[str, str]]
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Load:
    """think: mean seconds between looks (0: none); work: what is done."""

    seconds: float
    think: float = 0.0
    work: Sequence[str] = WORK


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a clerk: what, and how long it took, in seconds; for a search, both the question and the answer."""

    what: str
    kind: str
    seconds: float


@dataclass(slots=True)
class Browser:
    """One kept connection with its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    wire: http.client.HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, bytes, str]:
        """(status, body, Location)."""
        return self._ask("GET", path, None)

    def post(self, path: str, **values: str) -> tuple[int, bytes, str]:
        """(status, body, Location) of a form that was sent."""
        token = self.cookies.get("tasuke-csrf", "")
        return self._ask("POST", path, urlencode({**values, "csrfmiddlewaretoken": token}).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes, str]:
        if self.wire is None:
            self.wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = dict(_FORM) if body is not None else {}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            self.wire.request(method, path, body, headers)
            answer = self.wire.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):  # left alone too long: a browser asks again
            self.wire.close()
            self.wire.request(method, path, body, headers)
            answer = self.wire.getresponse()
        data = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()
        return answer.status, data, answer.headers.get("Location", "")


def sign_in(port: int, clerk: Clerk) -> dict[str, str]:
    """Both factors and the purpose, as a person does it; gives the cookies."""
    from tasuke.platform.accounts.totp import present_code

    browser = Browser(port)
    browser.get("/signin/")
    browser.post("/signin/", personal_id=clerk.personal_id, pin=clerk.pin)
    browser.get("/signin/code/")
    status, _, _ = browser.post("/signin/code/", code=present_code(secret=clerk.secret, at=datetime.now(UTC)))
    if status != 302:
        raise PageFailed(f"sign-in of {clerk.personal_id}: {status}")
    browser.get("/purpose/")
    browser.post("/purpose/", purpose="counter")
    return browser.cookies


def work_at(port: int, clerks: Sequence[Clerk], cookies: Sequence[dict[str, str]], load: Load) -> list[Look]:
    """Everybody works until the time is over. Raises PageFailed."""
    looks: list[Look] = []
    faults: list[Exception] = []
    end = time.perf_counter() + load.seconds

    def one(place: int) -> None:
        browser, chance = Browser(port, dict(cookies[place])), random.Random(place)  # noqa: S311
        try:
            if load.think:
                time.sleep(chance.random() * load.think)
            while time.perf_counter() < end:
                looks.append(_look(browser, clerks[place], chance, load))
                if load.think:
                    time.sleep(chance.expovariate(1 / load.think))
        except (PageFailed, OSError, http.client.HTTPException) as fault:
            faults.append(fault)

    _together(one, len(clerks))
    if faults:
        raise PageFailed(f"{len(faults)} clerks could not go on: {faults[0]!r}")
    return looks


def static_pages(port: int, path: str, users: int, seconds: float) -> float:
    """Pages a second of a file by the same server: the limit of server, client and machine."""
    done: list[int] = []
    end = time.perf_counter() + seconds

    def one(place: int) -> None:
        browser, pages = Browser(port), 0
        while time.perf_counter() < end:
            status, _, _ = browser.get(path)
            pages += status == 200
        done.append(pages)

    _together(one, users)
    return sum(done) / seconds


def _together(one: Callable[[int], None], users: int) -> None:
    threads = [threading.Thread(target=one, args=(place,)) for place in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _look(browser: Browser, clerk: Clerk, chance: random.Random, load: Load) -> Look:
    what, number = chance.choice(load.work), chance.choice(clerk.numbers)
    kind, text = chance.choice(clerk.questions) if what == "search" else ("", "")
    began = time.perf_counter()
    if what == "search":
        status, _, there = browser.post("/persons/", q=text)
        if status != 302:
            raise PageFailed(f"search by {kind}: {status}")
        status, body, _ = browser.get(there)
        wanted = b'id="id_q"'  # nobody may be the right answer: who is protected is not found by phone
    elif what == "household":
        status, body, _ = browser.get(f"/persons/{number}/")
        wanted = number.encode()
    else:
        status, body, _ = browser.get("/claims/queries/")
        wanted = b"<table"
    taken = time.perf_counter() - began
    if status != 200 or wanted not in body:
        raise PageFailed(f"{what} {kind}: {status}")
    return Look(what, kind, taken)
