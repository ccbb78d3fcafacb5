"""The office as people meet it: `tasuke demo` with its site, and Debian's Chromium. Nothing is replaced by a model."""

import csv
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from psycopg.conninfo import make_conninfo

from tasuke.formats import receipt_feed
from tasuke.platform.access.demo_people import demo_people
from tasuke.platform.accounts.totp import STEP
from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.systems import SYSTEMS

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RESIDENTS, MONTHS, FIRST_WARD = 600, 1, "011011"
NEWBORN = "0009000018"
MODEST = 4_000_000  # yen a year: below every limit of an income, whatever city was drawn


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium がありません(script/bootstrap)"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Address of a site on a fresh synthetic city: the same one unless TASUKE_JOURNEY_SEED asks for another."""
    seed = int(os.environ.get("TASUKE_JOURNEY_SEED", "100"))
    prefix = f"tasuke_demo_sapporo_{RESIDENTS}_{MONTHS}_{seed}"
    for system in SYSTEMS:
        with psycopg.connect(ensure_server(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{prefix}_{system}" WITH (FORCE)')
    port, out = free_port(), tmp_path_factory.mktemp("demo")
    command = [str(Path(sys.executable).parent / "tasuke"), "demo", "--residents", str(RESIDENTS), "--months",
               str(MONTHS), "--seed", str(seed), "--out", str(out), "--port", str(port)]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k not in ("TASUKE_PROFILE", "TASUKE_DATABASE_PREFIX")}
    log = (out / "site.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", process, out / "site.log")
        add_newborn(f"{prefix}_subsidy")
        hand_in(prefix, out)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def wait_for(url, process, log):
    for _ in range(720):  # a busy machine needs minutes for a city
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            assert process.poll() is None, log.read_text("utf-8", "replace")[-3000:]
            time.sleep(0.5)
    pytest.fail(log.read_text("utf-8", "replace")[-3000:])


def add_newborn(database):
    """A child of the first ward, registered and insured, for whom nobody has applied yet; the family earns little
    enough for the scheme and has nothing yet, since the journey is about its first certificate."""
    copied = """
        INSERT INTO subsidy_resident_record SELECT (jsonb_populate_record(r, jsonb_build_object(
          'id', 9000000001, 'atena_no', %(child)s, 'name', '髙橋　未来', 'name_kana', 'タカハシ　ミライ',
          'name_key', '高橋未来', 'kana_key', 'タカハシミライ', 'birth_date', '2026-05-01', 'relationship', '子',
          'relationship_code', '20', 'valid', '[2026-05-01,)', 'resident_since', '2026-05-01'))).*
        FROM subsidy_resident_record r WHERE r.recorded_to IS NULL AND r.relationship_code = '02'
          AND r.ward_code = %(ward)s AND r.resident_status = '1' AND upper(r.valid) IS NULL AND r.phone <> ''
          AND NOT EXISTS (SELECT 1 FROM subsidy_protection x WHERE x.atena_no = r.atena_no)
          AND NOT EXISTS (SELECT 1 FROM subsidy_welfare_fact w WHERE w.atena_no = r.atena_no AND w.fact_code = '10')
          AND NOT EXISTS (SELECT 1 FROM subsidy_entitlement e JOIN subsidy_resident_record m USING (atena_no)
                          WHERE m.household_no = r.household_no)
          AND %(enough)s > ALL (SELECT coalesce(y.total_income, %(enough)s) FROM subsidy_income y
                                WHERE y.atena_no = r.atena_no AND y.recorded_to IS NULL)
        ORDER BY r.id LIMIT 1
    """
    insured = """
        INSERT INTO subsidy_insurance SELECT (jsonb_populate_record(i, jsonb_build_object(
          'id', 9000000001, 'atena_no', %(child)s, 'valid', '[2026-05-01,)', 'insured_relation', '2'))).*
        FROM subsidy_insurance i WHERE i.recorded_to IS NULL AND i.insurance_kind = '3' ORDER BY i.id LIMIT 1
    """
    income = """
        INSERT INTO subsidy_income SELECT (jsonb_populate_record(i, jsonb_build_object('id', 9000000000 + y.year,
          'atena_no', r.atena_no, 'tax_year', y.year))).*
        FROM subsidy_resident_record c JOIN subsidy_resident_record r ON r.household_no = c.household_no
          AND r.relationship_code = '02' AND r.recorded_to IS NULL AND upper(r.valid) IS NULL
          JOIN subsidy_income i ON i.id = (SELECT id FROM subsidy_income WHERE status_code = '3'
            AND recorded_to IS NULL AND total_income < %(enough)s ORDER BY id LIMIT 1)
          CROSS JOIN generate_series(2024, 2027) y(year)
        WHERE c.atena_no = %(child)s ON CONFLICT DO NOTHING
    """
    values = {"child": NEWBORN, "ward": FIRST_WARD, "enough": MODEST}
    url = make_conninfo(ensure_server(), dbname=database)
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        for statement in (copied, insured, income):
            connection.execute(statement, values)
        assert connection.execute(
            "SELECT count(*) FROM subsidy_resident_record WHERE atena_no = %s", [NEWBORN]
        ).fetchone() == (1,)


def hand_in(prefix, out):
    """What comes to the office after the demo: a receipt, which is decided, and the tax of the next year."""
    receipt, tax = out / "receipt.csv", out / "tax_next.csv"
    receipt.write_bytes(receipt_feed.render(receipt_of_an_entitled_child(f"{prefix}_subsidy")))
    rows = list(csv.reader(io.StringIO((out / "1_市のファイル" / "tax_2025.csv").read_text("utf-8-sig"))))
    year = rows[0].index("課税年度")
    with tax.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [rows[0], *([*row[:year], int(row[year]) + 1, *row[year + 1 :]] for row in rows[1:])]
        )
    archive = Path(os.environ.get("TASUKE_HOME", "var"), "archive", prefix.removeprefix("tasuke_demo_")).resolve()
    own = {"TASUKE_DATABASE_PREFIX": prefix, "TASUKE_PROFILE": "sapporo", "TASUKE_ARCHIVE": str(archive)}
    command = [sys.executable, str(Path(__file__).with_name("hand_in.py")), str(receipt), str(tax)]
    done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def receipt_of_an_entitled_child(database):
    """3,000 yen that a parent with an account paid in another prefecture."""
    wanted = """
        SELECT e.atena_no, r.other_atena_no, e.recipient_no FROM subsidy_entitlement e
        JOIN subsidy_relation r ON r.atena_no = e.atena_no AND r.kind = 'applicant' AND r.recorded_to IS NULL
        JOIN subsidy_account a ON a.atena_no = r.other_atena_no AND a.account_no <> '' AND a.recorded_to IS NULL
        WHERE e.scheme = 'sapporo-kodomo' AND e.recorded_to IS NULL AND e.valid @> date '2026-05-02'
          AND upper(a.valid) IS NULL AND a.branch_code <> '999' ORDER BY e.atena_no LIMIT 1
    """
    with psycopg.connect(make_conninfo(ensure_server(), dbname=database)) as connection:
        child, parent, recipient_no = connection.execute(wanted).fetchone()
    row = {
        "receipt_no": "R2026-000001", "line_no": 1, "scheme": "sapporo-kodomo", "person_atena_no": child,
        "applicant_atena_no": parent, "recipient_no": recipient_no, "received_on": date(2026, 6, 10),
        "service_date": date(2026, 5, 2), "institution_code": "1310000011", "institution_name": "都内架空医院",
        "care": "medical", "inpatient": False, "first_visits": 1, "visits": 1, "days": 1, "cost": 10_000,
        "benefit_rate": 70, "patient_share": 3_000, "high_cost": 0, "extra_benefit": 0, "meals": 0,
        "public_program": None, "public_share": None, "paid": 3_000, "paid_on": date(2026, 5, 2), "reason": "1",
        "bank_code": None, "branch_code": None, "account_kind": None, "account_no": None, "account_holder_kana": None,
    }  # fmt: skip
    return pl.DataFrame([row])


@pytest.fixture(scope="module")  # its event loop runs on until then, and Django refuses a database beside one
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Desk:
    """One person's browser."""

    used_steps: dict[tuple[str, str], int] = {}  # noqa: RUF012 a code is good once, whoever asks

    def __init__(self, page, site):
        self.page, self.site = page, site
        self.refused = []
        page.on("console", lambda message: self.refused.append(message.text) if message.type == "error" else None)

    def sign_in(self, personal_id, purpose="申請・届出の受付と審査"):
        """Both steps, and what for."""
        person = next(p for p in demo_people() if p.personal_id == personal_id)
        self.go("/signin/")
        self.page.get_by_label("職員ID").fill(personal_id)
        self.page.get_by_label("PIN").fill(person.pin)
        self.page.get_by_role("button", name="次へ").click()
        self.page.get_by_label("ワンタイムパスワード").fill(self.fresh_code(person))
        self.page.get_by_role("button", name="サインイン").click()
        self.page.wait_for_url(lambda url: "/signin/" not in url)  # a busy machine answers late
        self.go("/purpose/")
        self.page.get_by_label(purpose).check()
        self.page.get_by_role("button", name="決める").click()
        return self

    def fresh_code(self, person):
        """A code that was not used yet: at worst that of the next half minute, which is good already."""
        who = self.site, person.personal_id
        last = self.used_steps.get(who, 0)
        while last > int(time.time()) // STEP:
            time.sleep(0.5)
        step = self.used_steps[who] = max(int(time.time()) // STEP, last + 1)
        return person.code(datetime.fromtimestamp(step * STEP, UTC))

    def go(self, path):
        self.page.goto(self.site + path)
        return self

    def click(self, name, role="button"):
        self.page.get_by_role(role, name=name).first.click()
        return self.look()

    def look(self):
        """No serious accessibility finding, and nothing that the Content-Security-Policy had to refuse."""
        found = Axe().run(self.page).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], f"{self.page.url}: {serious}"
        assert [r for r in self.refused if "Content Security Policy" in r] == []
        return self

    @property
    def text(self):
        return self.page.locator("main").inner_text()


@pytest.fixture(scope="session")
def sessions():
    """Cookies of the people who have signed in, by their ids: somebody who works goes on working in the next test."""
    return {}


@pytest.fixture
def desk(chromium, site, sessions):
    """desk("demo-clerk") is signed in: by both steps the first time, and again whenever the session has ended.

    desk() is nobody's yet.
    """
    taken = []

    def sit_down(personal_id=None, **options):
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="ja-JP", **options)
        taken.append((personal_id, context))
        one = Desk(context.new_page(), site)
        if personal_id is None:
            return one
        context.add_cookies(sessions.pop(personal_id, []))
        at_work = "/signin/" not in context.request.get(f"{site}/purpose/").url
        return one if at_work else one.sign_in(personal_id)

    yield sit_down
    for personal_id, context in taken:
        if personal_id is not None:
            sessions[personal_id] = context.cookies()
        context.close()
