"""The site as it is served, with one switch around it that no product has: a request may leave the trail unwritten.

`python -m tasuke.bench.office_server PORT` serves until it is terminated.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

NO_TRAIL = "X-Bench-No-Trail"
_here = threading.local()


def make_application() -> Callable[..., Iterable[bytes]]:
    """The product's WSGI application behind the switch."""
    from tasuke.deploy.wsgi import application as product
    from tasuke.platform.audit import Recorder

    write = Recorder.flush

    def flush(self: Recorder, using: str) -> int:
        return 0 if _here.silent else write(self, using)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        _here.silent = environ.get("HTTP_X_BENCH_NO_TRAIL") == "1"
        return product(environ, start_response)

    Recorder.flush = flush  # type: ignore[method-assign]
    return application


def main(port: int) -> None:
    """Serve with the product's own server settings."""
    from tasuke.deploy.serving import Listen, prepare_environment, serve

    listen = Listen(port=port)
    prepare_environment(listen)
    serve(listen, application="tasuke.bench.office_application:application")


if __name__ == "__main__":
    main(int(sys.argv[1]))
