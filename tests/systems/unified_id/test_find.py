"""Asking by 個人番号 at a counter: whose it is for one business, how often, by whom, and what stays behind."""

from datetime import timedelta

import pytest
from tests.systems.unified_id.conftest import AT, my_number

from tasuke.contracts.kit import Refused
from tasuke.contracts.unified import FIND_BY_MY_NUMBER, MATCH_MY_NUMBER, FindRequest, MatchRequest
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.transport.local import LocalLink
from tasuke.systems.unified_id.api import HANDLERS
from tasuke.systems.unified_id.guessing import QuestionsUnusable, may_find, read_questions
from tasuke.systems.unified_id.models import NumberQuestion

pytestmark = pytest.mark.django_db(databases=["unified_id"])


def find(unified, number, *, personal_id="S0001", business="900", link=None):
    request = FindRequest(
        business_id=business, my_number_sealed=unified.sealed(number), personal_id=personal_id, purpose="窓口での相談"
    )
    return (link or unified.link).call(FIND_BY_MY_NUMBER, request)


def match(unified, atena_no, number, personal_id="S0001"):
    sealed = unified.sealed(number)
    request = MatchRequest(atena_no=atena_no, my_number_sealed=sealed, personal_id=personal_id, purpose="本人確認")
    return unified.link.call(MATCH_MY_NUMBER, request)


def link_of(system, at=AT):
    scopes = frozenset(operation.scope for operation in HANDLERS)
    return LocalLink(handlers=HANDLERS, using="unified_id", system=system, clock=lambda: at, scopes=scopes)


def events():
    rows = AuditEvent.objects.using("unified_id").order_by("id")
    return list(rows.values_list("kind", "personal_id", "atena_no", "purpose"))


def test_a_number_leads_to_the_person_of_the_asking_business_alone(unified):
    unified.register(unified.row("1", my_number(1)), unified.row("2", my_number(2)))
    unified.register(unified.row("77", my_number(1)), business="900")
    assert find(unified, my_number(1)).atena_nos == ("77",)
    assert find(unified, my_number(2)).atena_nos == ()  # known to the register, not to this business
    assert find(unified, my_number(3)).atena_nos == ()
    assert events() == [
        ("searched", "S0001", "77", "窓口での相談"),
        ("searched", "S0001", "", "窓口での相談"),
        ("searched", "S0001", "", "窓口での相談"),
    ]


def test_a_number_that_was_replaced_finds_nobody(unified):
    unified.register(unified.row("77", my_number(1)), business="900")
    unified.register(unified.row("77", my_number(2)), business="900")
    assert find(unified, my_number(1)).atena_nos == ()
    assert find(unified, my_number(2)).atena_nos == ("77",)


@pytest.mark.parametrize(("system", "business"), [("welfare", "900"), ("subsidy", "001")])
def test_who_may_not_ask_for_a_business_is_refused_and_on_record(unified, system, business):
    unified.register(unified.row("77", my_number(1)), business="900")
    reply = find(unified, my_number(1), business=business, link=link_of(system))
    assert (reply.atena_nos, "探せません" in reply.refused) == ((), True)
    assert events()[0][:2] == ("refused", "S0001")
    assert NumberQuestion.objects.using("unified_id").get().outcome == "refused"


def test_guessing_ends_after_ten_questions_of_any_kind_until_the_minutes_are_over(unified):
    unified.register(unified.row("77", my_number(1)), business="900")
    for n in range(2, 7):
        assert find(unified, my_number(n)).refused == ""
        assert match(unified, "77", my_number(n)).refused == ""
    assert "10分間に10回まで" in find(unified, my_number(1)).refused
    reply = match(unified, "77", my_number(1))
    assert (reply.known, reply.matches, bool(reply.refused)) == (False, False, True)
    assert find(unified, my_number(1), personal_id="S0002").atena_nos == ("77",)  # another person
    assert [kind for kind, *_ in events()].count("refused") == 2
    later = link_of("subsidy", AT + timedelta(minutes=10))
    assert find(unified, my_number(1), link=later).atena_nos == ("77",)


def test_a_match_at_a_counter_names_the_person_in_the_trail(unified):
    unified.register(unified.row("77", my_number(1)), business="900")
    assert match(unified, "77", my_number(1)).matches
    assert events() == [("read", "S0001", "77", "本人確認")]
    question = NumberQuestion.objects.using("unified_id").get()
    assert (question.kind, question.outcome, question.personal_id) == ("match", "found", "S0001")


def test_a_seal_that_does_not_open_is_no_question(unified):
    sealed = unified.sealed(my_number(1))[:-6] + "AAAAAA"
    request = FindRequest(business_id="900", my_number_sealed=sealed, personal_id="S0001", purpose="x")
    with pytest.raises(Refused):
        unified.link.call(FIND_BY_MY_NUMBER, request)
    assert not NumberQuestion.objects.using("unified_id").exists()


LIMIT = "[[limit]]\nvalid_from = 2016-01-01\nattempts = {}\nminutes = 10\nsource = '{}'\n"
FINDER = "[[may_find]]\nvalid_from = 2016-01-01\nsystem = 'a'\nbusiness_id = '900'\nsource = '{}'\n"


@pytest.mark.parametrize(
    "text",
    ["", LIMIT.format(0, "x") + FINDER.format("x"), LIMIT.format(5, "") + FINDER.format("x"),
     LIMIT.format(5, "x") + FINDER.format(""), LIMIT.format(5, "x") * 2 + FINDER.format("x"),
     LIMIT.format("'x'", "x") + FINDER.format("x")],
)  # fmt: skip
def test_rules_that_cannot_be_meant_are_refused(text):
    with pytest.raises(QuestionsUnusable):
        read_questions(text)


def test_nobody_may_find_before_the_rule_begins():
    assert may_find(system="subsidy", business_id="900", at=AT)
    assert not may_find(system="subsidy", business_id="900", at=AT.replace(year=2015))
