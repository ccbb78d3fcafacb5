"""How many statements a page takes, and what they cost alone: the same SQL by psycopg, without any page around it."""

from typing import Any

from tasuke.bench.office_users import Clerk
from tasuke.bench.result import median_seconds

_DATABASES = ("subsidy", "accounts")


def statements_of_pages(clerk: Clerk) -> dict[str, dict[str, float]]:
    """page → statements in both databases (BEGIN and COMMIT apart), and milliseconds of those that read, alone."""
    from tasuke.platform.access.testing import signed_in

    browser = signed_in("reviewer", personal_id="bench-statements")
    browser.post("/persons/", {"q": dict(clerk.questions)["kana"]})
    pages = {"search": "/persons/", "household": f"/persons/{clerk.numbers[0]}/", "claims": "/claims/queries/"}
    return {name: _counted(browser, path) for name, path in pages.items()}


def _counted(browser: Any, path: str) -> dict[str, float]:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    browser.get(path)
    with (
        CaptureQueriesContext(connections["subsidy"]) as work,
        CaptureQueriesContext(connections["accounts"]) as people,
    ):
        if browser.get(path).status_code != 200:
            raise RuntimeError(f"{path} does not answer")
    asked = [str(q["sql"]).strip() for q in (*work.captured_queries, *people.captured_queries)]
    counted = [text for text in asked if text not in ("BEGIN", "COMMIT")]
    read = [str(q["sql"]) for q in work.captured_queries if str(q["sql"]).lstrip().startswith(("SELECT", "WITH"))]
    alone = median_seconds(lambda: _run(read), runs=20) * 1000
    return {"statements": len(counted), "sql_alone_ms": round(alone, 2)}


def _run(statements: list[str]) -> None:
    from django.db import connections

    raw: Any = connections["subsidy"].connection
    for statement in statements:
        raw.execute(statement).fetchall()  # without parameters a percent sign is one
