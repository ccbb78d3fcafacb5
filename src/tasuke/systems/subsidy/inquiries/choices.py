"""What may be asked today: lawful combinations alone, from the distributed master by way of the gateway."""

from dataclasses import dataclass
from datetime import date

from tasuke.contracts.inquiry import CHOICES, Choice, Choices, ChoicesRequest, ProviderBody
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.vocabulary import SchemeKind
from tasuke.systems.subsidy.inquiries.links import BUSINESS_ID, gateway

# For which 事務手続 each kind of scheme asks: codes of the stand-in's list, unconfirmed like the whole list. Who judges
# one scheme must not ask under another's ground.
_PROCEDURES = {
    SchemeKind.KODOMO: "JT00000000000901",
    SchemeKind.SHONI: "JT00000000000901",
    SchemeKind.HITORIOYA: "JT00000000000902",
    SchemeKind.JUDO: "JT00000000000903",
}


class NotLawful(ValueError):
    """No row of the master allows this question."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person chose: about whom, what, from whom. year: 課税年度 where the information is by year."""

    atena_no: str
    procedure_code: str
    information_code: str
    provider: str
    year: int | None = None


def choices_on(day: date) -> Choices:
    """Everything that may be asked on a day. Raises Unreachable."""
    return gateway().call(CHOICES, ChoicesRequest(business_id=BUSINESS_ID, on=day))


def procedure_of(scheme: str) -> str:
    """事務手続コード under which a scheme's cases are asked for."""
    return _PROCEDURES[load_scheme(scheme).kind]


def choices_of(scheme: str, choices: Choices) -> list[Choice]:
    """What may be asked for this scheme's cases, in the master's order."""
    procedure = procedure_of(scheme)
    return [choice for choice in choices.choices if choice.procedure_code == procedure]


def lawful(question: Question, choices: Choices, *, scheme: str) -> tuple[Choice, ProviderBody]:
    """The row of the master that allows the question, and the body that is asked. Raises NotLawful."""
    if question.procedure_code != procedure_of(scheme):
        raise NotLawful("この制度の審査では、この事務手続による照会はできません")
    bodies = {body.code: body for body in choices.bodies}
    body = bodies.get(question.provider)
    if body is None:
        raise NotLawful("この機関は照会先の一覧にありません")
    for choice in choices.choices:
        wanted = (question.procedure_code, question.information_code, body.kind)
        if (choice.procedure_code, choice.information_code, choice.provider_kind) != wanted:
            continue
        if choice.by_year and question.year is None:
            raise NotLawful("この情報は年度を指定して照会します")
        return choice, body
    raise NotLawful("この事務手続では、この機関にこの情報を照会できません(配信マスターにない組合せ)")
