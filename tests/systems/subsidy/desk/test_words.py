"""Every state and kind that a screen shows has its Japanese words: a new code does not stand raw before a clerk."""

import pytest

from tasuke.platform.ui.templatetags.office import tax_year, version_words
from tasuke.systems.subsidy.certificates.models import CertificateState
from tasuke.systems.subsidy.claims.screens import rule_words
from tasuke.systems.subsidy.desk import words
from tasuke.systems.subsidy.entitlements.models import ApplicationState


@pytest.mark.parametrize(
    ("codes", "told"),
    [(ApplicationState, words.APPLICATION_STATES), (CertificateState, words.CERTIFICATE_STATES)],
)
def test_every_state_has_words(codes, told):
    assert set(codes.values) - set(told) == set()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("copayment.2024-04-01.rule.taxed", "一部負担金の規則(令和6年4月1日から 課税世帯)"),
        (
            "copayment.2021-04-01.rule.dental-inpatient-untaxed",
            "一部負担金の規則(令和3年4月1日から 歯科・入院・非課税世帯)",
        ),
        ("copayment.2023-09-01.rule.visit-levy-zero", "一部負担金の規則(令和5年9月1日から 通院・所得割のない世帯)"),
        ("copayment.2023-09-01.rule.therapy-grade4-6", "一部負担金の規則(令和5年9月1日から 施術・小学4～6年)"),
        ("台帳", "台帳"),
    ],
)
def test_a_copayment_rule_is_named_in_words(rule, said):
    assert rule_words(rule) == said


def test_years_and_versions_are_in_wareki():
    assert (tax_year(2025), tax_year(None), version_words("2023-01-01"), version_words("x")) == (
        "令和7年度",
        "―",
        "令和5年1月1日から",
        "x",
    )
