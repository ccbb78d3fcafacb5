"""`{% load desk %}`: codes in words, states as badges."""

from datetime import date
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

from tasuke.formats.application_feed import SINGLE_PARENT_REASONS
from tasuke.platform.ui.templatetags.office import state_badge
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.desk import words
from tasuke.systems.subsidy.desk.matching_words import KIND_WORDS
from tasuke.systems.subsidy.desk.models import ContactChannel, ContactKind, IdentityDocument, NotificationKind
from tasuke.systems.subsidy.desk.notification_words import CHANNEL_WORDS, RELATIONS

register = template.Library()
_STATES = {
    "application": words.APPLICATION_STATES,
    "outcome": words.OUTCOMES,
    "certificate": words.CERTIFICATE_STATES,
    "reimbursement": words.REIMBURSEMENT_OUTCOMES,
    "identity": words.IDENTITY_RESULTS,
}
_WORDS = {
    "resident": words.RESIDENT_STATES,
    "sex": words.SEX,
    "tax": words.TAX,
    "coverage": words.COVERAGE,
    "role": words.ROLES,
    "application_kind": words.APPLICATION_KINDS,
    "certificate_kind": words.CERTIFICATE_KINDS,
    "notice_kind": words.NOTICE_KINDS,
    "welfare": words.WELFARE,
    "relation": words.RELATIONS,
    "single_parent": SINGLE_PARENT_REASONS,
    "account_kind": words.ACCOUNT_KINDS,
    "insurance": words.INSURANCE,
    "insured": words.INSURED,
    "mailing_relation": RELATIONS,
    "channel": CHANNEL_WORDS,
    "identity_document": dict(IdentityDocument.choices),
    "match_kind": KIND_WORDS,
    "contact_channel": dict(ContactChannel.choices),
    "contact_kind": dict(ContactKind.choices),
    "notification_kind": dict(NotificationKind.choices),
}


@register.simple_tag
def state_of(code: str, of: str) -> SafeString:
    """A state of an application, outcome, certificate or reimbursement as a badge."""
    label, tone = _STATES[of].get(code, (code, "plain"))
    return state_badge(label, tone)


@register.inclusion_tag("desk/_live.html")
def live(bound: BoundField) -> dict[str, Any]:
    """A field with a place below it for what `/checks/` say while somebody types."""
    return {"bound": bound, "echo": f"{bound.auto_id}_echo"}


@register.filter
def short_kind(label: str) -> str:
    """医療保険の変更 → 医療保険, for a row of links."""
    return label.removesuffix("の変更")


@register.filter
def iso_day(text: str) -> date | None:
    """A day that was kept as text; None for none."""
    return date.fromisoformat(text) if text else None


@register.filter
def word(code: str, of: str) -> str:
    """A code in words; one that is not known stands as it is."""
    return _WORDS[of].get(code, code)


@register.filter
def reason(code: str) -> str:
    """A reason of a decision in words."""
    return words.reason(code)


@register.filter
def sources(names: str, scheme_id: str) -> str:
    """Sources of a step by their titles instead of their keys; what is no key stands as it is."""
    known = load_scheme(scheme_id).sources
    return "、".join(known[name].title if name in known else name for name in names.split())
