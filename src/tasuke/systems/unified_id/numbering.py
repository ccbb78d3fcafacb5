"""The numbers themselves: 14 digits of a serial and a check digit (M11W2-7), 15 in all.

The width is known from files in use, not from an official table (interop.md 2.3: 未確認); the check digit follows the
rule for 住登外者宛名番号 (JUKI 1.1.13). A serial whose remainder is 1 has no settled check digit and is left out.
"""

from collections.abc import Iterator
from itertools import islice

from django.db import connections

from tasuke.core.numbers import atena_check_digit

DIGITS = 14
_LAST = 10**DIGITS - 1
_NAME = "unified_no"


class NumbersExhausted(RuntimeError):
    """No serial of 14 digits is left."""


def numbers_from(serial: int) -> Iterator[tuple[int, str]]:
    """Serial and unified number of every serial from here on that has a check digit. Raises NumbersExhausted."""
    for one in range(serial, _LAST + 1):
        body = f"{one:0{DIGITS}}"
        digit = atena_check_digit(body)
        if digit is not None:
            yield one, f"{body}{digit}"
    raise NumbersExhausted(str(_LAST))


def take_numbers(count: int, *, using: str) -> list[str]:
    """The next `count` numbers. The serial stays locked until the caller's transaction ends: none is given twice."""
    if not count:
        return []
    with connections[using].cursor() as cursor:
        cursor.execute("INSERT INTO unified_id_serial (name, next) VALUES (%s, 1) ON CONFLICT DO NOTHING", [_NAME])
        cursor.execute("SELECT next FROM unified_id_serial WHERE name = %s FOR UPDATE", [_NAME])
        taken = list(islice(numbers_from(cursor.fetchone()[0]), count))
        cursor.execute("UPDATE unified_id_serial SET next = %s WHERE name = %s", [taken[-1][0] + 1, _NAME])
    return [number for _, number in taken]
