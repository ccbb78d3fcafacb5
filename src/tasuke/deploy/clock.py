"""The one place where the program reads the clock. Everything below takes the day and the time as arguments."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """The present moment in Asia/Tokyo."""
    return datetime.now(TOKYO)


def today() -> date:
    """Today's date in Asia/Tokyo."""
    return now().date()
