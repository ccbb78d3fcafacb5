"""Order of what a sender sends to one receiver: numbers rise by exactly one, and only a taken message uses one up.

The receiver keeps, per sender, the last number taken and the message ids taken, in one transaction with what the
messages changed. A refused message leaves the number free: the sender makes it anew under the same number.
"""

from enum import StrEnum


class Order(StrEnum):
    """What a number says about a message."""

    NEXT = "next"
    KNOWN = "known"  # the same message once more: nothing to do, answer as before
    REPLAYED = "replayed"  # an old number or an old message id with something else in it
    OUT_OF_ORDER = "out-of-order"  # something before it is missing


def judge(*, sequence: int, last: int, same_message_taken: bool, message_id_taken: bool) -> Order:
    """last: number taken last from this sender to this receiver (0: none).

    same_message_taken: this very message (id, number, content) was taken before. message_id_taken: its id was.
    """
    if same_message_taken:
        return Order.KNOWN
    if message_id_taken or sequence <= last:
        return Order.REPLAYED
    return Order.NEXT if sequence == last + 1 else Order.OUT_OF_ORDER
