"""Ask other bodies about persons: only what the master allows, never twice at once, protected persons only by two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils.timezone import localdate

from tasuke.contracts.inquiry import Choice, Choices, ProviderBody
from tasuke.systems.subsidy.inquiries.choices import Question, lawful
from tasuke.systems.subsidy.inquiries.links import BUSINESS_ID
from tasuke.systems.subsidy.inquiries.models import OPEN, Inquiry, InquiryState
from tasuke.systems.subsidy.inquiries.posting import post_inquiries
from tasuke.systems.subsidy.registry.protection import protected_among


class ReasonWanted(ValueError):
    """A protected person is asked about without saying why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """inquiries: made now; open_already: persons about whom the same question is still open."""

    inquiries: tuple[Inquiry, ...]
    open_already: tuple[str, ...]


def ask_inquiries(
    *,
    using: str,
    questions: Sequence[Question],
    about: Mapping[str, str],
    scheme: str,
    ward_code: str,
    choices: Choices,
    by: str,
    department: str,
    at: datetime,
    extra_step: str = "",
) -> Asked:
    """Record the questions and put them on their way in one transaction.

    about: person asked about → person whose case needs it. choices: from `choices_on`. A person under 支援措置 is held
    until another person approves. Raises NotLawful, ReasonWanted.
    """
    people = {question.atena_no for question in questions}
    with transaction.atomic(using=using):
        open_now = _open_now(people, using)
        protected = protected_among({*people, *about.values()}, using=using, on=localdate(at))
        made, doubles = [], []
        for question in questions:
            choice, body = lawful(question, choices, scheme=scheme)
            year = question.year if choice.by_year else None
            same = (question.atena_no, question.information_code, question.provider, year)
            if same in open_now:
                doubles.append(question.atena_no)
                continue
            open_now.add(same)
            about_no = about.get(question.atena_no, question.atena_no)
            guarded = bool({question.atena_no, about_no} & protected)
            if guarded and not extra_step.strip():
                raise ReasonWanted("支援措置の対象者です。照会する理由を入力してください")
            inquiry = _inquiry(question, choice, body, extra_step.strip() if guarded else "")
            inquiry.about_atena_no, inquiry.scheme, inquiry.ward_code = about_no, scheme, ward_code
            inquiry.asked_by, inquiry.asked_at = by, at
            made.append(inquiry)
        written = Inquiry.objects.using(using).bulk_create(made)
        leaving = [i for i in written if i.state == InquiryState.WAITING]
        post_inquiries(using=using, inquiries=leaving, department=department, at=at)
    return Asked(tuple(written), tuple(doubles))


def _open_now(people: set[str], using: str) -> set[tuple[str, str, str, int | None]]:
    found = Inquiry.objects.using(using).filter(OPEN, atena_no__in=people)
    return set(found.values_list("atena_no", "information_code", "provider", "year"))


def _inquiry(question: Question, choice: Choice, body: ProviderBody, extra_step: str) -> Inquiry:
    """extra_step: why a protected person is asked about; empty for everybody else."""
    return Inquiry(
        record_id=f"{BUSINESS_ID}-{uuid4().hex}",
        atena_no=question.atena_no,
        procedure_code=choice.procedure_code,
        procedure=choice.procedure,
        information_code=choice.information_code,
        information=choice.information,
        legal_basis=choice.legal_basis,
        provider=body.code,
        provider_name=body.name,
        year=question.year if choice.by_year else None,
        protected=bool(extra_step),
        extra_step=extra_step,
        state=InquiryState.HELD if extra_step else InquiryState.WAITING,
    )
