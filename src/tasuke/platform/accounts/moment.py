"""When a request came in."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest


def moment_of(request: HttpRequest) -> datetime:
    """The moment that the outermost middleware read from the clock, in Asia/Tokyo: everything within agrees on it."""
    return cast(datetime, request.at)  # type: ignore[attr-defined]
