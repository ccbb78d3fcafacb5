"""A municipality's data are its own: by role, by SQL, by identifiers; the operator sees none of them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.db.utils import ProgrammingError

from tasuke.systems.midserver.services.join_tenant import join_tenant
from tasuke.systems.midserver.tenancy import as_operator, as_owner, inside, names_of

pytestmark = pytest.mark.django_db(databases=["midserver"])
AT = datetime(2026, 6, 10, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
A, B = "B011002", "B141305"


def test_smoke():
    for body, name in ((A, "札幌市"), (B, "川崎市")):
        join_tenant(body=body, name=name, by="test", at=AT)
        join_tenant(body=body, name=name, by="test", at=AT)
    with inside(A) as a:
        assert a.take("result", 3) == 1
        assert a.take("result", 3) == 4
    with inside(B) as b:
        assert b.last("result") == 0
        with pytest.raises(ProgrammingError, match="permission denied"), inside(A) as a:
            a.rows(f"SELECT * FROM {names_of(B).schema}.inquiry")
    with connections["midserver"].cursor() as c:
        c.execute("select current_user, session_user, current_setting('search_path')")
        print(c.fetchall())
