"""A 個人番号 that a clerk typed goes to 団体内統合宛名, sealed for it alone before anything is written here."""

from datetime import datetime

from django.db import transaction

from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.unified import Empty
from tasuke.core.my_number import MyNumber
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import NotBound
from tasuke.systems.welfare.intake import tell_number
from tasuke.systems.welfare.links import unified_id
from tasuke.systems.welfare.models import IssuedNumber

_CONTEXT = "my_number"


class CannotEnter(ValueError):
    """Why the number was not taken, in words for the screen; nothing of its digits."""


def enter_my_number(*, using: str, atena_no: str, number: MyNumber, at: datetime) -> None:
    """Seal the number and queue it with the 宛名番号 of a 住登外者, as one that came over the 付番 API.

    Raises CannotEnter: no 住登外者 in use, or nobody gives the key to seal it with (then nothing is kept).
    """
    try:
        key = unified_id().call(SEALING_KEYS, Empty()).keys[0]
    except (NotBound, Unreachable, Refused) as error:
        raise CannotEnter(
            "団体内統合宛名につながりません。番号は残していません。後でもう一度入力してください"
        ) from error
    sealed = seal_for({**key.jwk, "kid": key.kid}, number.reveal().encode("ascii"), context=_CONTEXT)
    with transaction.atomic(using=using):
        in_use = IssuedNumber.objects.using(using).filter(kind=IssuedNumber.Kind.PERSON, ended_on__isnull=True)
        if not in_use.select_for_update().filter(atena_no=atena_no).exists():
            raise CannotEnter("使われている住登外者の宛名番号ではありません")
        tell_number(using=using, persons=[atena_no], removed=False, at=at, sealed=sealed)
