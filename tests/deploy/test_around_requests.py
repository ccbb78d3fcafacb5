"""Headers, health, counters, the environment, the key file: what stands around every request."""

import os
import stat

import pytest
from django.core.checks import run_checks
from django.test import Client, RequestFactory

from tasuke.deploy.environment import EnvironmentFault, read_environment
from tasuke.deploy.health import metrics
from tasuke.deploy.metrics import Metrics
from tasuke.deploy.secret_key import secret_key
from tasuke.deploy.serving import Listen, UnsafeListen, prepare_environment
from tasuke.platform.database.systems import SYSTEMS


@pytest.mark.django_db(databases=list(SYSTEMS))
def test_every_answer_ties_the_browser_down():
    client = Client()
    for path in ("/signin/", "/no-such-page/", "/healthz"):
        headers = client.get(path, secure=True).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "http" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.django_db(databases=list(SYSTEMS))
def test_pages_are_kept_in_no_cache():
    assert Client().get("/signin/")["Cache-Control"] == "no-store"


def test_a_style_sheet_may_be_kept_needs_no_database_and_ties_the_browser_down_too():
    style = Client().get("/static/ui/office.css")
    assert b"".join(style.streaming_content)
    assert "no-store" not in style["Cache-Control"]
    assert style["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.django_db(databases=list(SYSTEMS))
def test_health_asks_every_database():
    assert Client().get("/healthz").content == b"ok\n"


@pytest.mark.django_db(databases=list(SYSTEMS))
@pytest.mark.parametrize(
    "elsewhere", [{"REMOTE_ADDR": "10.0.0.5"}, {"HTTP_X_FORWARDED_FOR": "10.0.0.5"}, {"REMOTE_ADDR": ""}]
)
def test_counters_are_for_this_machine_only(elsewhere):
    assert Client().get("/metrics").status_code == 200
    assert Client().get("/metrics", **elsewhere).status_code == 404


def test_counters_of_all_processes_are_added_up(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_METRICS_FOLDER", str(tmp_path))
    ours = Metrics()
    ours.count(status=200, seconds=0.07)
    ours.count(status=404, seconds=9)
    page = next(tmp_path.glob("*.page"))
    (tmp_path / "1.page").write_bytes(page.read_bytes())
    (tmp_path / "2.page").write_bytes(b"")  # a process that has just begun
    text = ours.text()
    assert 'tasuke_requests_total{status="2xx"} 2' in text
    assert 'tasuke_request_seconds_bucket{le="0.1"} 2' in text
    assert 'tasuke_request_seconds_bucket{le="+Inf"} 4' in text
    assert "tasuke_request_seconds_sum 18.14" in text
    assert metrics(RequestFactory().get("/metrics")).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TASUKE_REQUIRE_TERMINAL", "no"),
        ("TASUKE_IDLE_MINUTES", "0"),
        ("TASUKE_IDLE_MINUTES", "１０"),
        ("TASUKE_LOCKOUT_MINUTES", "-1"),
        ("TASUKE_LOCKOUT_MINUTES", ""),
    ],
)
def test_values_that_cannot_be_meant_stop_the_program(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentFault, match=name):
        read_environment()


def test_safe_by_default(monkeypatch):
    for name in [n for n in os.environ if n.startswith("TASUKE_")]:
        monkeypatch.delenv(name)
    found = read_environment()
    assert found.require_terminal
    assert not found.plain_http
    assert not found.behind_proxy
    assert found.idle_minutes == 10


def test_the_key_is_made_once_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.delenv("TASUKE_SECRET_KEY", raising=False)
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path / "new"))
    first = secret_key()
    assert len(first) >= 60
    assert secret_key() == first
    assert stat.S_IMODE((tmp_path / "new" / "secret-key").stat().st_mode) == 0o600
    assert [f.name for f in (tmp_path / "new").iterdir()] == ["secret-key"]


def test_beyond_this_machine_nothing_goes_in_the_clear(monkeypatch, tmp_path):
    for name in ("TASUKE_BEHIND_PROXY", "TASUKE_PLAIN_HTTP", "TASUKE_HOSTS"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "x")  # so that what the program sets is undone after the test
        monkeypatch.delenv(name)
    with pytest.raises(UnsafeListen, match="TLS"):
        prepare_environment(Listen("0.0.0.0"))
    prepare_environment(Listen("10.0.0.5", certificate=tmp_path / "c.pem", key=tmp_path / "k.pem"))
    assert "TASUKE_PLAIN_HTTP" not in os.environ
    assert os.environ.pop("TASUKE_HOSTS").endswith("10.0.0.5")
    prepare_environment(Listen())
    assert os.environ.pop("TASUKE_PLAIN_HTTP") == "1"


def test_django_finds_nothing_wrong_with_the_settings():
    assert [str(found) for found in run_checks() if found.level >= 30 and not found.is_silenced()] == []
