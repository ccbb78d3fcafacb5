"""突合: the list of ids against the table of grants, and what does not fit together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils.timezone import localtime

from tasuke.platform.access.models import Grant
from tasuke.platform.access.people import coded_ids
from tasuke.platform.access.roles import roles
from tasuke.platform.accounts.models import SecurityKey, User

USING = "accounts"
UNUSED_DAYS = 90
ENDS_SOON_DAYS = 30
WAITING_DAYS = 14


class DifferenceKind(StrEnum):
    """What does not fit; the worst first."""

    LEFT_WITH_GRANT = "left-with-grant"
    KEY_COPIED = "key-copied"
    ROLE_UNKNOWN = "role-unknown"
    ROLES_EXCLUDE = "roles-exclude"
    OFFICE_DIFFERS = "office-differs"
    NO_CODE = "no-code"
    UNUSED = "unused"
    NO_GRANT = "no-grant"
    ENDS_SOON = "ends-soon"
    WAITING = "waiting"

    @property
    def label(self) -> str:
        """The difference in Japanese."""
        return _LABELS[self]


_LABELS = {
    DifferenceKind.LEFT_WITH_GRANT: "在職していないのに権限がある",
    DifferenceKind.KEY_COPIED: "セキュリティキーに複製の疑いがある",
    DifferenceKind.ROLE_UNKNOWN: "役割の表にない役割",
    DifferenceKind.ROLES_EXCLUDE: "兼ねられない役割を同時に持つ",
    DifferenceKind.OFFICE_DIFFERS: "所属と権限の区が違う",
    DifferenceKind.NO_CODE: "権限があるのに認証アプリの登録がない",
    DifferenceKind.UNUSED: f"{UNUSED_DAYS}日以上サインインがない",
    DifferenceKind.NO_GRANT: "職員IDはあるが権限がない",
    DifferenceKind.ENDS_SOON: f"{ENDS_SOON_DAYS}日以内に権限が終わる",
    DifferenceKind.WAITING: f"{WAITING_DAYS}日以上承認を待っている",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the list."""

    kind: DifferenceKind
    personal_id: str
    name: str
    office: str
    detail: str


def differences(*, on: date) -> list[Difference]:
    """Compare every id with every grant on a day: the worst kind first, then by id. Five statements in all."""
    users = {u.personal_id: u for u in User.objects.using(USING).by_id()}
    coded = coded_ids()
    grants: dict[str, list[Grant]] = {}
    for grant in Grant.objects.using(USING).in_force_on(on).order_by("id"):
        grants.setdefault(str(grant.user_id), []).append(grant)
    found = [d for user in users.values() for d in _of_user(user, grants.get(user.personal_id, []), coded, on)]
    waiting = Grant.objects.using(USING).waiting().filter(requested_at__date__lt=on - timedelta(days=WAITING_DAYS))
    found += [
        _difference(DifferenceKind.WAITING, users[str(g.user_id)], f"{g.role_label} {g.requested_at:%Y-%m-%d} 申請")
        for g in waiting
    ]
    copied = (
        SecurityKey.objects.using(USING)
        .filter(copied_at__isnull=False)
        .exclude(removed_at__date__lte=on)
        .order_by("id")
    )
    found += [
        _difference(
            DifferenceKind.KEY_COPIED, users[str(key.user_id)], f"キー番号 {key.pk} {localtime(key.copied_at):%Y-%m-%d}"
        )
        for key in copied
    ]
    order = list(DifferenceKind)
    return sorted(found, key=lambda d: (order.index(d.kind), d.personal_id))


def _of_user(user: User, held: list[Grant], coded: set[str], on: date) -> Iterator[Difference]:
    if not user.works_on(on):
        if held:
            yield _difference(DifferenceKind.LEFT_WITH_GRANT, user, _words(held))
        return
    if not held:
        yield _difference(DifferenceKind.NO_GRANT, user, "")
        return
    yield from _of_roles(user, held)
    for grant in held:
        if user.office and grant.offices is not None and user.office not in grant.offices:
            detail = f"{grant.role_label}: {'、'.join(grant.offices)}"
            yield _difference(DifferenceKind.OFFICE_DIFFERS, user, detail)
        if grant.valid.upper and grant.valid.upper <= on + timedelta(days=ENDS_SOON_DAYS):
            last = grant.valid.upper - timedelta(days=1)
            yield _difference(DifferenceKind.ENDS_SOON, user, f"{grant.role_label} {last} まで")
    if user.personal_id not in coded:
        yield _difference(DifferenceKind.NO_CODE, user, _words(held))
    elif (user.last_login or user.created_at).date() < on - timedelta(days=UNUSED_DAYS):
        detail = "一度もない" if user.last_login is None else f"最後は {user.last_login:%Y-%m-%d}"
        yield _difference(DifferenceKind.UNUSED, user, detail)


def _of_roles(user: User, held: list[Grant]) -> Iterator[Difference]:
    known = roles()
    names = {grant.role for grant in held}
    for name in sorted(names - known.keys()):
        yield _difference(DifferenceKind.ROLE_UNKNOWN, user, name)
    for name in sorted(names & known.keys()):
        clash = sorted(other for other in known[name].excludes & names if name < other)
        if clash:
            labels = [known[name].label, *(known[other].label for other in clash)]
            yield _difference(DifferenceKind.ROLES_EXCLUDE, user, "、".join(labels))


def _difference(kind: DifferenceKind, user: User, detail: str) -> Difference:
    return Difference(kind, user.personal_id, user.name, user.office, detail)


def _words(held: list[Grant]) -> str:
    return "、".join(dict.fromkeys(grant.role_label for grant in held))
