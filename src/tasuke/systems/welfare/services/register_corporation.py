"""Corporations: a 宛名番号 of our own, the 法人番号 checked, every change a new state."""

from datetime import date, datetime
from uuid import uuid4

from tasuke.core.numbers import NumberKind, check_number
from tasuke.systems.welfare.intake import NewState, store_states
from tasuke.systems.welfare.models import IssuedNumber, PersonState
from tasuke.systems.welfare.numbering import next_number
from tasuke.systems.welfare.publishing import publishing

_REGISTERED = "12"


class CannotRegister(ValueError):
    """Why the corporation is not registered, in words for the screen."""


def register_corporation(
    *,
    using: str,
    name: str,
    name_kana: str,
    address: str,
    postal_code: str,
    phone: str,
    corporate_no: str,
    business_id: str,
    by: str,
    on: date,
    at: datetime,
    atena_no: str = "",
) -> IssuedNumber:
    """Register a corporation, or keep what changed (atena_no). corporate_no: "" where it has none (権利能力なき社団).

    Raises CannotRegister: a name or address is missing, a wrong 法人番号, one that is here already.
    """
    if not name.strip() or not address.strip():
        raise CannotRegister("名称と所在地を書いてください")
    checked = check_number(NumberKind.CORPORATE, corporate_no) if corporate_no else None
    if checked is not None and not checked.valid:
        raise CannotRegister(checked.problems[0].message)
    number = checked.value if checked else None
    with publishing(using=using, at=at):
        if number and IssuedNumber.objects.using(using).filter(corporate_no=number).exclude(atena_no=atena_no).exists():
            raise CannotRegister("この法人番号の法人はすでに登録されています")
        if atena_no:
            issued = (
                IssuedNumber.objects.using(using)
                .select_for_update()
                .filter(atena_no=atena_no, kind=IssuedNumber.Kind.CORPORATION)
                .first()
            )
            if issued is None:
                raise CannotRegister("この宛名番号の法人はいません")
            issued.revisions += 1
        else:
            issued = IssuedNumber(
                atena_no=next_number(using=using),
                kind=IssuedNumber.Kind.CORPORATION,
                business_id=business_id,
                issued_by=by,
                issued_at=at,
            )
        issued.corporate_no = number
        issued.save(using=using)
        items = {
            "name": name,
            "name_kana": name_kana,
            "address": address,
            "postal_code": postal_code,
            "phone": phone,
            "corporate_no": number,
        }
        source = PersonState.Source.CORPORATION
        state = NewState(str(uuid4()), source, issued.atena_no, on, 0, _REGISTERED, items)
        store_states(using=using, states=[state], at=at, by=by)
    return issued
