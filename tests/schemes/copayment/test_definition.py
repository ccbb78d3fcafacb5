"""What a copayment block may and may not say."""

from datetime import date
from itertools import pairwise

import pytest
from pydantic import ValidationError

from tasuke.core.money import Rounding
from tasuke.schemes.catalogue_loader import load_all
from tasuke.schemes.copayment.definition import CareRule, CopaymentRules, Filtered, Sourced
from tasuke.schemes.copayment.reasons import CopayReason, copay_reason_label
from tasuke.schemes.copayment.words import describe_cap, describe_rule


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"method": "fixed", "amount": 0}, "定額には amount が要ります"),
        ({"method": "rate"}, "numerator"),
        ({"method": "rate", "numerator": 3, "denominator": 2}, "割合が1を超えています"),
        ({"method": "none", "unconfirmed": True}, "note"),
        ({"method": "none", "colour": 1}, "Extra inputs"),
        ({"method": "sometimes"}, "Input should be"),
    ],
)
def test_rule_that_makes_no_sense_is_refused(table, message):
    with pytest.raises(ValidationError, match=message):
        CareRule.model_validate({"key": "a", "source": "S1", **table})


def test_block_refuses_doubled_keys_and_an_end_before_its_start(rules_of):
    block = rules_of("tokyo").copayment[0].model_dump()

    with pytest.raises(ValidationError, match="重複"):
        CopaymentRules.model_validate({**block, "rule": [block["rule"][0]] * 2})
    with pytest.raises(ValidationError, match="valid_to"):
        CopaymentRules.model_validate({**block, "valid_to": date(2009, 10, 1)})


def test_every_table_of_the_catalogue_has_a_known_source():
    for scheme in load_all():
        for block in scheme.copayment:
            for key, table in block.sourced():
                assert isinstance(table, Sourced)
                assert set(table.source.split()) <= set(scheme.sources), (scheme.id, key)


def test_catalogue_blocks_follow_each_other_without_gap_or_overlap():
    for scheme in load_all():
        assert scheme.copayment, scheme.id
        for earlier, later in pairwise(scheme.copayment):
            assert earlier.valid_to == later.valid_from, scheme.id
        assert scheme.copayment[-1].valid_to is None


def test_a_block_says_how_it_rounds_in_kind_and_nobody_guesses(rules_of):
    block = rules_of("tokyo").copayment[0].model_dump()

    with pytest.raises(ValidationError, match="in_kind"):
        CopaymentRules.model_validate({key: value for key, value in block.items() if key != "in_kind"})
    for scheme in load_all():
        for rules in scheme.copayment:
            assert f"copayment.{rules.id}.in_kind" in dict(rules.sourced())


def test_catalogue_class_names_are_those_of_the_assessment():
    for scheme in load_all():
        known = {rule.key for version in scheme.version for rule in version.copay_class.rule}
        for block in scheme.copayment:
            for _, table in block.sourced():
                if isinstance(table, Filtered):
                    assert set(table.copay_classes) <= known, scheme.id


def test_unconfirmed_values_of_sapporo_are_listed():
    scheme = next(s for s in load_all() if s.id == "sapporo-kodomo")

    keys = {value.key for value in scheme.unconfirmed(on=date(2026, 5, 1))}

    assert {"copayment.2025-04-01.rule.nursing", "copayment.2025-04-01.meals.meals"} <= keys
    assert "copayment.2025-04-01.rule.medical" not in keys


def test_every_reason_has_japanese_words_and_its_own_bit():
    assert all(copay_reason_label(reason) for reason in CopayReason)
    assert len({reason.bit for reason in CopayReason}) == len(CopayReason)
    with pytest.raises(ValueError, match="NOPE"):
        copay_reason_label("NOPE")


def test_rules_are_described_in_japanese(rules_of):
    osaka, hyogo, hokkaido = (rules_of(name).copayment[0] for name in ("osaka", "hyogo", "hokkaido"))

    assert describe_rule(osaka.rule[1]).endswith(
        "1日につき500円(実際の負担が満たないときは実額)、月2日まで(3日目から0円)"
    )
    assert "総医療費の1割、連続した入院は4か月目から0円" in describe_rule(hyogo.rule[3])
    cut = hyogo.rule[3].model_copy(update={"rounding": Rounding.DOWN_10})
    assert "総医療費の1割(10円未満切捨て)、" in describe_rule(cut)
    assert "9歳に達した後の最初の4月1日から" in describe_rule(hyogo.rule[4])
    assert "44,400円(多数回該当)" in describe_cap(hokkaido.cap[2])
    assert "年額(8月から1年)上限 144,000円" in describe_cap(hokkaido.cap[3])
