"""What this machine and installation have and lack, each with what to do about it."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tasuke import __version__
from tasuke.deploy.clock import now
from tasuke.platform.database.embedded import data_folder, ensure_server
from tasuke.platform.documents.fonts import missing_fonts

_LEAST_FREE_GIB = 5  # a demo city, its files and PostgreSQL's WAL
_EXTENSIONS = ("btree_gist", "pg_trgm")
_OLDEST_POSTGRES = 150_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ok None: for information only."""

    what: str
    value: str
    ok: bool | None
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything. Nothing is changed, but for starting the embedded server when no other is named."""
    findings: list[Finding] = []
    for look in (_program, _database, _fonts, _chromium, _disk, _clock, _profile, _trails, _security_keys):
        findings.extend(_safely(look))
    return findings


def _safely(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except (OSError, RuntimeError, LookupError, ValueError, psycopg.Error, subprocess.SubprocessError) as error:
        return [
            Finding(look.__name__.strip("_"), f"{type(error).__name__}: {error}", False, "上の内容を確かめてください")
        ]


def _program() -> Iterator[Finding]:
    yield Finding("tasuke", __version__, None)
    good = sys.version_info[:2] == (3, 11)
    yield Finding("Python", platform.python_version(), good, "" if good else "Python 3.11 が必要です")
    yield Finding("プロセッサ", f"{os.cpu_count()} 個", None)


def _database() -> Iterator[Finding]:
    url = ensure_server()
    with psycopg.connect(url) as connection:
        number = connection.info.server_version
        good = number >= _OLDEST_POSTGRES
        where = "内蔵" if os.environ.get("TASUKE_DATABASE_EMBEDDED") else "指定されたサーバー"
        yield Finding(
            "PostgreSQL", f"{number // 10000}.{number % 10000}({where})", good, "" if good else "15 以上が必要です"
        )
        rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
        available = {str(row[0]) for row in rows}
        for name in _EXTENSIONS:
            yield Finding(
                f"拡張 {name}",
                "あり" if name in available else "なし",
                name in available,
                "" if name in available else "postgresql-contrib を入れてください",
            )


def _fonts() -> Iterator[Finding]:
    missing = missing_fonts()
    yield Finding(
        "フォント",
        "そろっています" if not missing else f"不足: {', '.join(missing)}",
        not missing,
        "" if not missing else "script/bootstrap が入れます(BIZ UD、IPAmj明朝)",
    )


def _chromium() -> Iterator[Finding]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        yield Finding("Chromium", "なし", None, "画面の試験だけが使います: apt-get install chromium")
        return
    version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    yield Finding("Chromium", version.strip(), True)


def _disk() -> Iterator[Finding]:
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free / 2**30
    good = free >= _LEAST_FREE_GIB
    yield Finding("空き容量", f"{free:.0f} GiB", good, "" if good else f"{_LEAST_FREE_GIB} GiB 以上空けてください")


def _clock() -> Iterator[Finding]:
    moment = now()
    good = moment.date() >= date(2026, 1, 1)
    yield Finding("時計", moment.isoformat(timespec="seconds"), good, "" if good else "時刻が合っていません")


def _profile() -> Iterator[Finding]:
    from tasuke.deploy.profiles import open_profile, shipped
    from tasuke.schemes.catalogue_loader import load_scheme

    name = os.environ.get("TASUKE_PROFILE")
    if not name:
        yield Finding(
            "プロファイル", "指定なし", None, f"TASUKE_PROFILE に {', '.join(shipped())} か TOML ファイルを指定します"
        )
        return
    profile = open_profile(name)
    label = f"{profile.name}(番号と名前は架空)" if profile.fictitious else profile.name
    yield Finding("プロファイル", label, None)
    limit = profile.processing.claim_limit
    yield Finding(
        "請求期限",
        f"{limit.months}か月({limit.basis})" if limit else "未確認",
        None if limit else profile.fictitious or None,
        "" if limit else "プロファイルの processing.claim_limit に、月数と根拠を書いてください",
    )
    graces = max(profile.insurance_grace, key=lambda g: g.valid_from, default=None)
    yield Finding(
        "保険確認の猶予",
        f"{graces.days}日({graces.basis})" if graces else "未確認",
        None if graces else profile.fictitious or None,
        "" if graces else "プロファイルの insurance_grace に、日数と根拠を書いてください",
    )
    yield from _sharing(profile)
    for scheme_id in profile.schemes:
        scheme: Any = load_scheme(scheme_id)
        confirmed = profile.confirmed_keys(scheme_id)
        open_keys = [value.key for value in scheme.unconfirmed() if value.key not in confirmed]
        yield Finding(
            f"制度 {scheme_id}",
            f"未確認の値 {len(open_keys)} 件",
            None if not open_keys else profile.fictitious or None,
            ""
            if not open_keys
            else "本番ではプロファイルの confirmations で確認してください: " + ", ".join(open_keys[:5]),
        )
        yield from _insurers(scheme, profile)


def _sharing(profile: Any) -> Iterator[Finding]:
    """庁内移転: whether the city has confirmed which items may go over."""
    for rule in profile.sharing:
        said = rule.items_confirmed
        told = f"項目を確認済み({said.basis})" if said else "渡してよい項目が未確認"
        advice = "" if said else "確認するまで移転できません。プロファイルの sharing に確認を書いてください"
        yield Finding(f"庁内移転 {rule.recipient}", told, None if said else profile.fictitious or None, advice)


def _insurers(scheme: Any, profile: Any) -> Iterator[Finding]:
    """Insurers that a scheme names and whose numbers the profile does not give."""
    given = {insurer.name for insurer in profile.insurer_numbers}
    tables = [table for block in scheme.copayment for table in block.benefit.excluded_insurers]
    unknown = sorted({e.name for t in tables for e in t.exceptions if e.insurer_no is None and e.name not in given})
    if unknown:
        advice = "県外の国保組合の請求は疑義になります。プロファイルの insurer_numbers に番号と根拠を書いてください"
        yield Finding(f"保険者番号 {scheme.id}", f"未確認: {'、'.join(unknown)}", None, advice)


def _trails() -> Iterator[Finding]:
    from tasuke.deploy.sealing import trails, weaknesses_of
    from tasuke.deploy.setup import configure

    configure()
    for trail in trails():
        name = f"証跡 {trail.system}"
        try:
            weak = weaknesses_of(trail)
        except psycopg.errors.UndefinedTable:
            weak = ["表がまだありません"]
        except psycopg.OperationalError:
            yield Finding(name, "データベースがまだありません", None, "tasuke setup が作ります")
            continue
        yield Finding(
            name,
            "、".join(weak) if weak else "追記だけができます",
            not weak,
            "tasuke setup を実行するか、データベースの管理者が tasuke audit protect を実行します" if weak else "",
        )


def _security_keys() -> Iterator[Finding]:
    from django.conf import settings
    from django.http.request import validate_host

    from tasuke.deploy.setup import configure

    configure()
    origin: str = settings.WEBAUTHN_ORIGIN
    if not origin:
        advice = "使うなら TASUKE_WEBAUTHN_ORIGIN に画面のアドレスを書きます(http://localhost では書かなくても使えます)"
        yield Finding("セキュリティキー", "使わない", None, advice)
        return
    host = urlsplit(origin).hostname or ""
    good = validate_host(host, settings.ALLOWED_HOSTS)
    yield Finding("セキュリティキー", origin, good, "" if good else f"TASUKE_HOSTS に {host} を書いてください")
