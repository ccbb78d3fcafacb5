"""People of the demo: one per role, two where another has to approve. PIN and one-time secrets may be known by all.

Needs no database.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from tasuke.platform.accounts.totp import present_code

DEMO_PIN = "tasuke-demo"

# id, name, role, to what limited: "" nothing, "ward" the first ward, at 中間サーバー "municipality" the city itself and
# "neighbour" the city that a program of ours plays
PEOPLE = (
    ("demo-clerk", "窓口 花子", "clerk", "ward"),
    ("demo-reviewer", "審査 一郎", "reviewer", ""),
    ("demo-drafter", "起案 次郎", "payment_drafter", ""),
    ("demo-approver", "承認 三郎", "payment_approver", ""),
    ("demo-head", "本庁 葉子", "head_office", ""),
    ("demo-head2", "本庁 正樹", "head_office", ""),  # the second person, who approves runs and extracts
    ("demo-operator", "運用 四郎", "operator", ""),
    ("demo-auditor", "監査 五月", "auditor", ""),
    ("demo-number", "番号 八重", "number_official", ""),
    ("demo-number-chief", "番号 九郎", "number_supervisor", ""),
    ("demo-number-chief2", "番号 四季", "number_supervisor", ""),  # the second person, who approves permits
    ("demo-gateway", "連携 十和子", "distribution_official", ""),
    ("demo-gateway-chief", "連携 百恵", "distribution_supervisor", ""),
    ("demo-welfare", "宛名 千春", "welfare_official", ""),
    ("demo-welfare-chief", "宛名 万里", "welfare_supervisor", ""),
    ("demo-mid", "中間 千里", "midserver_staff", "municipality"),
    ("demo-mid-otaru", "小樽 美波", "midserver_staff", "neighbour"),
    ("demo-mid-operator", "運用 万里", "midserver_operator", ""),
    ("demo-national", "代役 百合", "national_operator", ""),
    ("demo-admin", "権限 六郎", "administrator", ""),
    ("demo-admin2", "権限 七海", "administrator", ""),  # the second person, who approves grants
)


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One demo person, with everything that a sign-in takes."""

    personal_id: str
    name: str
    role: str
    pin: str
    secret: bytes

    def code(self, at: datetime) -> str:
        """The one-time code of a moment."""
        return present_code(secret=self.secret, at=at)


def demo_people() -> list[DemoUser]:
    """The people of the demo, whether they are in the database or not."""
    return [DemoUser(i, name, role, DEMO_PIN, secret_of(i)) for i, name, role, _ in PEOPLE]


def secret_of(personal_id: str) -> bytes:
    """The same at every run, so that an authenticator that was set up for the demo goes on working."""
    return hashlib.sha256(f"tasuke demo {personal_id}".encode()).digest()[:20]
