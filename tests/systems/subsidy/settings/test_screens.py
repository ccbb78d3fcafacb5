"""What the settings show, to whom, and with how many statements."""

import re
from datetime import date

import pytest
from django.urls import reverse

from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.schemes.profile import Confirmation
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.settings.profile_values import confirmed_values

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
KODOMO, VERSION = "sapporo-kodomo", "2025-04-01"
PAGES = ["offices", "roles", "papers", "bank-days", "values"]


@pytest.fixture(autouse=True)
def sapporo():
    profile = open_profile("sapporo")
    set_profile(profile)
    yield profile
    set_profile(open_profile("kawasaki"))


@pytest.fixture
def head():
    return signed_in("head_office")


def html(browser, name, *args, **query):
    answer = browser.get(reverse(name if ":" in name else f"settings:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_each_page_takes_few_statements(head, name, django_assert_max_num_queries):
    with (
        django_assert_max_num_queries(5, using="subsidy"),
        django_assert_max_num_queries(10, using="accounts"),
    ):
        html(head, name)


def test_offices_are_those_of_the_profile(head, sapporo):
    text = html(head, "offices")
    assert all(ward.office in text for ward in sapporo.wards)
    assert "架空の値" in text


def test_letterheads_show_their_days_and_the_one_of_today(head, sapporo):
    old = sapporo.letterheads[0]
    new = old.model_copy(update={"valid_from": date(2090, 4, 1), "name": "次の 市長"})
    set_profile(sapporo.model_copy(update={"letterheads": [new, old]}))
    text = html(head, "papers")
    assert text.index("次の 市長") < text.index(old.name)
    assert text.count("今日の紙に使う") == 1
    assert "これから" in text
    seal = head.get(reverse("settings:seal", args=[0]))
    assert seal["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'" in seal["Content-Security-Policy"]
    assert head.get(reverse("settings:seal", args=[7])).status_code == 404


def test_the_account_of_the_city_is_masked(head, sapporo):
    text = html(head, "values")
    assert sapporo.bank.account_no not in text
    assert "****567" in text


@pytest.mark.parametrize("typed", ["2026-12", "令和8年12月", "R8.12", "Ｒ８．１２"])
def test_a_month_is_understood_as_it_is_typed(head, typed):
    assert "令和8年12月: 営業日" in html(head, "bank-days", month=typed)


@pytest.mark.parametrize("typed", ["", "2026-13", "<script>", "x" * 5000, "令和99年99月"])
def test_a_month_that_nobody_can_read_is_this_month(head, typed):
    assert "営業日" in html(head, "bank-days", month=typed)


def test_a_scheme_shows_every_value_with_its_source(head):
    text = html(head, "schemes:rules", KODOMO, "who", VERSION)
    assert "18歳に達する日以後最初の3月31日まで" in text
    assert "札幌市 子ども医療費助成の拡大" in text
    assert "<h1>札幌市 子ども医療費助成 令和7年4月1日から</h1>" in text
    assert html(head, "schemes:rules", KODOMO, "copayment", VERSION) != text


def test_an_unconfirmed_value_is_marked_until_the_city_confirms_it(head, sapporo):
    bare = sapporo.model_copy(update={"confirmations": []})
    set_profile(bare)
    text = html(head, "schemes:rules", KODOMO, "who", VERSION, show="open")
    keys = re.findall(r'<code class="small">([^<]+)</code>', text)
    assert keys
    given = Confirmation(scheme=KODOMO, key=keys[0], by="試験 花子", on=date(2026, 4, 2), basis="試験の要綱")
    set_profile(bare.model_copy(update={"confirmations": [given]}))
    now = html(head, "schemes:rules", KODOMO, "who", VERSION, show="open")
    assert "試験 花子" in now
    assert "試験の要綱" in now
    assert now.count("未確認</span>") == text.count("未確認</span>") - 1


def test_schemes_of_other_cities_and_unknown_versions_are_not_there(head):
    for args in (["kawasaki-shoni"], ["no-such-scheme"]):
        assert head.get(reverse("schemes:scheme", args=args)).status_code == 404
    for args in ([KODOMO, "who", "1999-01-01"], [KODOMO, "what", VERSION]):
        assert head.get(reverse("schemes:rules", args=args)).status_code == 404


def test_a_clerk_reads_rules_but_not_settings():
    clerk = signed_in("clerk")
    assert clerk.get(reverse("schemes:list")).status_code == 200
    assert clerk.get(reverse("settings:offices")).status_code == 403
    assert "設定</a>" not in clerk.get(reverse("schemes:list")).content.decode()


def test_confirmed_values_stand_in_words(head, sapporo):
    text = html(head, "values")
    assert "version.2021-04-01" not in text
    assert "copayment.2021-04-01" not in text
    assert "0〜2歳: 3歳の誕生日の前日まで(入院・通院)" in text
    assert "令和3年4月1日からの診療分" in text
    assert "区分 taxed" not in text
    assert "都道府県補助" in text
    assert "届出は振込口座" in text


def test_nobody_is_led_to_rules_that_their_role_does_not_show(head):
    assert 'href="/schemes/' in html(head, "values")
    for role in ("administrator", "operator"):
        text = html(signed_in(role), "values")
        assert "令和3年4月1日からの診療分" in text
        assert 'href="/schemes/' not in text, role


def test_a_confirmation_of_a_value_that_is_gone_is_told(sapporo):
    said = sapporo.confirmations[0].model_copy(update={"key": "version.1999-01-01.who"})
    [line] = confirmed_values(sapporo.model_copy(update={"confirmations": [said]}))
    assert line.words == "制度の定義に、この値はもうありません"
    assert line.block == ""
