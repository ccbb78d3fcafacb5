"""Numbers of our own: a simple serial and a check digit (M11W2-7), 15 digits; a number in use anywhere is passed over.

Rule: 住民記録システム標準仕様書 1.1.13. A serial whose remainder is 1 has no settled check digit (未確認) and is left
out. Numbers that were migrated keep their form; a new one never falls on one of them.
"""

from tasuke.core.numbers import atena_check_digit
from tasuke.systems.welfare.models import IssuedNumber, PersonState, Serial

_DIGITS = 14
_FIRST = 90_000_000  # our own series begins above those of the resident register
_NAME = "atena_no"


def next_number(*, using: str) -> str:
    """The next free number. The serial stays locked until the caller's transaction ends: none is given twice."""
    Serial.objects.using(using).bulk_create([Serial(name=_NAME, last=_FIRST)], ignore_conflicts=True)
    serial = Serial.objects.using(using).select_for_update().get(pk=_NAME)
    while True:
        serial.last += 1
        body = f"{serial.last:0{_DIGITS}}"
        digit = atena_check_digit(body)
        if digit is not None and not _taken(using, f"{body}{digit}"):
            serial.save(using=using, update_fields=["last"])
            return f"{body}{digit}"


def _taken(using: str, number: str) -> bool:
    return (
        PersonState.objects.using(using).filter(atena_no=number).exists()
        or IssuedNumber.objects.using(using).filter(atena_no=number).exists()
    )
