"""Tags and filters of the office, and what a form looks like to a reader and to a screen reader."""

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.db.backends.postgresql.psycopg_any import DateRange
from django.template import Context, Template
from django.test import RequestFactory

from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.platform.ui.paging import page_of


def shown(text, **context):
    return Template("{% load office %}" + text).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("{{ v|wareki }}", date(2026, 4, 1), "令和8年4月1日"),
        ("{{ v|wareki }}", datetime(2026, 3, 31, 16, 5, tzinfo=UTC), "令和8年4月1日 01:05"),
        ("{{ v|wareki }}", None, "―"),
        ("{{ v|wareki_short }}", date(2019, 5, 1), "R01.05.01"),
        ("{{ v|wareki_month }}", date(2026, 4, 1), "令和8年4月"),
        ("{{ v|last_day|wareki }}", date(2027, 4, 1), "令和9年3月31日"),
        ("{{ v|period }}", DateRange(date(2026, 4, 1), date(2027, 4, 1)), "R08.04.01～R09.03.31"),
        ("{{ v|period }}", DateRange(date(2026, 4, 1), None), "R08.04.01～"),
        ("{{ v|yen }}", 1234567, "1,234,567円"),
        ("{{ v|yen }}", 0, "0円"),
        ("{{ v|yen }}", None, "―"),
        ("{{ v|masked }}", "1234567", "****567"),
        ("{{ v|blank }}", 0, "0"),
        ("{{ v|blank }}", "", "―"),
        ("{{ v|age:on }}", date(2020, 4, 1), "6歳"),
    ],
)
def test_a_value_is_shown_as_the_office_reads_it(text, value, expected):
    assert shown(text, v=value, on=date(2026, 4, 1)) == expected


def test_a_badge_says_its_state_in_words_and_escapes_them():
    assert shown("{% state_badge v 'warn' %}", v="<審査待ち>") == (
        '<span class="badge badge-warn">&lt;審査待ち&gt;</span>'
    )


class Sheet(forms.Form):
    birth = DayField(label="生年月日")
    number = DigitsField(label="受給者番号", length=7, required=False)
    way = forms.ChoiceField(label="受付方法", choices=[("1", "窓口"), ("2", "郵送")], widget=forms.RadioSelect)


def test_an_error_stands_at_its_field_and_is_tied_to_it():
    html = shown("{% field form.birth %}", form=Sheet({"birth": "令和8年2月30日"}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_birth_hint id_birth_error"' in html
    assert 'id="id_birth_error">日付として読めません: 令和8年2月30日<' in html
    assert 'value="令和8年2月30日"' in html


def test_the_summary_leads_to_each_wrong_field_also_to_a_group_of_choices():
    html = shown("{% error_summary form %}", form=Sheet({"number": "12"}))
    assert '<a href="#id_birth">生年月日: 日付を入力してください</a>' in html
    assert '<a href="#id_number">受給者番号: 7けたの数字を入力してください(2けたです)</a>' in html
    assert '<a href="#id_way_0">' in html


def test_no_summary_stands_on_a_form_that_was_not_sent():
    assert shown("{% error_summary form %}", form=Sheet()) == ""


def test_days_and_digits_are_read_in_any_width():
    form = Sheet({"birth": "Ｒ８．４．１", "number": "１２３ー４５６７", "way": "1"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"birth": date(2026, 4, 1), "number": "1234567", "way": "1"}


def test_a_day_from_the_records_stands_in_wareki():
    assert 'value="令和8年4月1日"' in shown("{% field form.birth %}", form=Sheet(initial={"birth": date(2026, 4, 1)}))


def test_a_page_ends_where_the_rows_end_and_the_pager_keeps_the_question():
    page = page_of(list(range(1, 52)), key=str, limit=50)
    assert (len(page.rows), page.next_key, page.first) == (50, "50", True)
    request = RequestFactory().get("/x/?q=%E9%AB%99&after=7")
    html = shown("{% pager page %}", page=page, request=request)
    assert "?q=%E9%AB%99&amp;after=50" in html
    assert shown("{% pager page %}", page=page_of([1, 2], key=str), request=request) == ""
