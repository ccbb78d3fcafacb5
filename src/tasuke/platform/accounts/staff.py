"""Staff by their names: rows keep personal ids, people know each other by name."""

from collections.abc import Mapping
from functools import cached_property

from tasuke.platform.accounts.models import User

USING = "accounts"


class StaffNames:
    """Names of everybody who works or worked here, asked for once, and only by a page that names somebody."""

    @cached_property
    def known(self) -> Mapping[str, str]:
        """personal id → name, in one statement."""
        return dict(User.objects.using(USING).values_list("personal_id", "name"))

    def told(self, personal_id: str | None) -> str:
        """氏名(利用者ID); the id alone where nobody has it (a command, a program); "" for nobody."""
        if not personal_id:
            return ""
        name = self.known.get(personal_id)
        return f"{name}({personal_id})" if name else personal_id


def staff_name(personal_id: str | None) -> str:
    """One person as `StaffNames.told` says it, for a message."""
    return StaffNames().told(personal_id)
