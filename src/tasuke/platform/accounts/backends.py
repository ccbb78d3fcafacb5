"""First factor: personal id and PIN."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.moment import moment_of

USING = "accounts"
_OF_SESSION = "SELECT * FROM accounts_user WHERE id = %s"


class PersonalIdBackend(BaseBackend):
    """Gives the person whose id and PIN these are, if that person works here today."""

    def authenticate(
        self, request: HttpRequest | None, personal_id: str | None = None, pin: str | None = None, **kwargs: Any
    ) -> User | None:
        """None for every kind of failure; an unknown id takes as long as a wrong PIN."""
        if request is None or not personal_id or not pin:
            return None
        user = User.objects.using(USING).filter(personal_id=personal_id).first()
        if user is None:
            User().set_password(pin)  # the time of one hash
            return None
        if not user.check_password(pin) or not user.works_on(moment_of(request).date()):
            return None
        return user

    def get_user(self, user_id: int) -> User | None:
        """The person of a session. Asked at every request: the statement is written out, not put together."""
        return next(iter(User.objects.using(USING).raw(_OF_SESSION, [user_id])), None)
