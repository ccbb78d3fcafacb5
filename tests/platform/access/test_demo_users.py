"""People whose PIN everybody knows: for a city that does not exist, and for no other."""

import pytest

from tasuke.deploy.clock import now
from tasuke.platform.access.demo_users import NotFictitious, create_demo_users
from tasuke.platform.access.models import Grant
from tasuke.platform.access.roles import roles
from tasuke.platform.accounts.models import User

pytestmark = [pytest.mark.django_db(databases=["accounts"])]


def test_a_real_city_gets_none():
    with pytest.raises(NotFictitious):
        create_demo_users(fictitious=False, wards=[], at=now())
    assert not User.objects.using("accounts").exists()


def test_one_per_role_and_the_second_time_nothing_changes():
    people = create_demo_users(fictitious=True, wards=["141313"], at=now())
    assert {one.role for one in people} == set(roles())
    before = list(User.objects.using("accounts").values_list("personal_id", "password"))
    create_demo_users(fictitious=True, wards=["141313"], at=now())
    assert list(User.objects.using("accounts").values_list("personal_id", "password")) == before
    assert Grant.objects.using("accounts").get(user_id="demo-clerk").offices == ["141313"]
