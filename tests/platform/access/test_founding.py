"""The first two administrators, and that there is no second first time."""

import pytest

from tasuke.deploy.clock import now
from tasuke.platform.access.queries import grants_in_force
from tasuke.platform.access.services.found_administration import (
    AlreadyFounded,
    TwoPeopleNeeded,
    found_administration,
)
from tasuke.platform.accounts.models import User

pytestmark = [pytest.mark.django_db(databases=["accounts"])]
TWO = [("k-00001", "権限 一子"), ("k-00002", "権限 二郎")]


def test_two_people_come_in_each_on_the_word_of_the_other():
    made = found_administration(people=TWO, by="setup-1", at=now())
    assert [one.personal_id for one in made] == ["k-00001", "k-00002"]
    for one, other in ((0, 1), (1, 0)):
        (grant,) = grants_in_force(personal_id=made[one].personal_id, on=now().date())
        assert (grant.role, grant.decided_by) == ("administrator", made[other].personal_id)
        user = User.objects.using("accounts").get(personal_id=made[one].personal_id)
        assert user.must_change_pin
        assert user.check_password(made[one].pin)


def test_there_is_no_way_in_beside_the_administrators():
    found_administration(people=TWO, by="setup-1", at=now())
    with pytest.raises(AlreadyFounded):
        found_administration(people=[("k-00003", "x"), ("k-00004", "y")], by="setup-1", at=now())


@pytest.mark.parametrize(
    "people", [TWO[:1], [TWO[0], TWO[0]], [*TWO, ("k-00003", "三")], [("setup-1", "自分"), TWO[0]]]
)
def test_one_person_is_not_two(people):
    with pytest.raises(TwoPeopleNeeded):
        found_administration(people=people, by="setup-1", at=now())
    assert not User.objects.using("accounts").exists()
