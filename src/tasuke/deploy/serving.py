"""The server process: granian runs the WSGI application in workers; static files come from whitenoise inside it."""

import multiprocessing
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tasuke.platform.database.embedded import data_folder

# each thread holds a connection to every database; PostgreSQL allows 120 (database/embedded.py)
_MOST_THREADS = 8
_MOST_WORKERS = 6
# Kept connections of a worker, not requests at work: a browser holds up to six open while nobody clicks. Those above
# the number are not answered until another one closes; below it a request waits for a thread and no longer. A process
# may have 1,024 files open.
_CONNECTIONS = 512


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and how to listen. certificate and key: TLS by the server itself; else a proxy of ours ends it."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can call."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def address(self) -> str:
        """The address to type into a browser."""
        scheme = "https" if self.certificate or not self.loopback else "http"
        return f"{scheme}://{self.host}:{self.port}/"


class UnsafeListen(ValueError):
    """Residents' data would go over the wire in the clear."""


def prepare_environment(listen: Listen) -> None:
    """Set what the settings read, before Django is loaded. Raises UnsafeListen.

    On the loopback address without TLS, cookies go without `Secure`. Any other address needs TLS, by this process or
    by a proxy (TASUKE_BEHIND_PROXY=1).
    """
    if listen.certificate is None:
        if listen.loopback:
            if os.environ.get("TASUKE_BEHIND_PROXY", "0") != "1":
                os.environ.setdefault("TASUKE_PLAIN_HTTP", "1")
        elif os.environ.get("TASUKE_BEHIND_PROXY", "0") != "1":
            raise UnsafeListen(
                "この機械の外から使うには TLS が必要です: --certificate と --key、"
                "または TLS を受け持つプロキシの後ろで TASUKE_BEHIND_PROXY=1"
            )
    if "TASUKE_HOSTS" not in os.environ and not listen.loopback:
        os.environ["TASUKE_HOSTS"] = f"127.0.0.1,localhost,{listen.host}"


def threads_of(cores: int) -> int:
    """Threads of one worker: twice the cores and one more, beyond which they only wait for each other (Python computes
    in one thread at a time) and the server warns of them."""
    return min(cores * 2 + 1, _MOST_THREADS)


def serve(listen: Listen) -> None:
    """Serve until SIGINT or SIGTERM. Databases are prepared and the environment is set."""
    from granian import Granian
    from granian.constants import Interfaces

    # A forked worker would inherit the locks of Polars' threads from a process that has computed before (the demo):
    # its first column operation would wait for ever. Fresh processes inherit nothing.
    multiprocessing.set_start_method("spawn", force=True)
    cores = os.cpu_count() or 1
    workers, threads = listen.workers or min(cores, _MOST_WORKERS), threads_of(cores)
    data_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="metrics-", dir=data_folder()) as folder:
        os.environ["TASUKE_METRICS_FOLDER"] = str(Path(folder).resolve())
        Granian(
            "tasuke.deploy.wsgi:application",
            address=listen.host,
            port=listen.port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            backpressure=_CONNECTIONS,
            websockets=False,
            log_level="warning",  # type: ignore[arg-type]
            ssl_cert=listen.certificate,
            ssl_key=listen.key,
            respawn_failed_workers=True,
        ).serve()
