"""Inquiries as files: a period is end-exclusive inside, and names its last day in a file."""

from datetime import date

import pytest
from tests.systems.gateway.conftest import DATABASES, item

from tasuke.systems.gateway.files import inquiry_row
from tasuke.systems.gateway.models import Inquiry

pytestmark = [pytest.mark.django_db(databases=DATABASES)]


def test_a_period_ends_before_its_last_day_inside_and_with_it_in_the_file(ready):
    first, end = date(2026, 5, 1), date(2026, 6, 1)
    reply = ready.ask(item(1, valid_from=first, valid_to=end), item(2, valid_from=first, valid_to=first))
    assert [(e.row, e.code) for e in reply.errors] == [(2, "E0004")]  # 中間サーバー would refuse the empty one later
    asked = Inquiry.objects.using("gateway").get()
    asked.year = None
    row = inquiry_row(asked)
    assert (row.condition, row.start, row.end) == ("2", "20260501", "20260531")
    asked.valid_to = None
    assert inquiry_row(asked).end == ""
