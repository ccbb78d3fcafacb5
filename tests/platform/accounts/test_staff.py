"""Staff by name, with one statement for a page."""

import pytest
from django.template import Context, Template

from tasuke.deploy.clock import now
from tasuke.platform.access.testing import make_user
from tasuke.platform.accounts.staff import StaffNames, staff_name

pytestmark = pytest.mark.django_db(databases=["accounts"])
PAGE = Template("{% load office %}{% for who in ids %}{% staff who %};{% endfor %}")


def test_staff_stand_by_name_and_id_with_one_statement(django_assert_num_queries):
    make_user("k-00123", at=now(), name="山田 花子")
    make_user("k-00124", at=now(), name="<b>佐藤</b>")
    names = StaffNames()
    with django_assert_num_queries(1, using="accounts"):
        told = PAGE.render(Context({"staff_names": names, "ids": ["k-00123", "k-00124", "batch", "", None]}))
    assert told == "山田 花子(k-00123);&lt;b&gt;佐藤&lt;/b&gt;(k-00124);batch;―;―;"


def test_a_page_that_names_nobody_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0, using="accounts"):
        assert PAGE.render(Context({"staff_names": StaffNames(), "ids": ["", None]})) == "―;―;"
        assert staff_name("") == ""
