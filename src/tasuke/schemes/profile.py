"""What one municipality sets: name, offices, schemes, numbers, papers, bank, and the 未確認 values that it confirms.

A city moves in by writing one TOML file of this form; no code knows a city's name. Pure: no Django, no database.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from tasuke.core.problems import Problem, Severity
from tasuke.core.shared_items import SharedItem
from tasuke.schemes.toml_messages import message_of

MunicipalityCode = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ward(_Part):
    """区 (or 支所): an office with its own counter. code: 全国地方公共団体コード, 6 digits."""

    code: MunicipalityCode
    name: str
    office: str
    phone: str
    postal_code: str
    address: str


class Letterhead(_Part):
    """What stands on a paper from a day on: who signs, where to ask, how to object (教示)."""

    valid_from: date
    title: str  # 札幌市長
    name: str
    seal: str  # the seal as SVG text, or "" for a paper without one
    contact: str
    instruction: str  # 教示文: 行政不服審査法82条, 行政事件訴訟法46条


class PayerNumber(_Part):
    """公費負担者番号 for a part of a scheme. None = any; two numbers differ in their funding."""

    scheme: str
    payer_no: Annotated[str, StringConstraints(pattern=r"^\d{8}$")]
    valid_from: date
    band: str | None = None
    copay_class: str | None = None
    funding: Literal["prefecture", "city"] | None = None
    fictitious: bool = False  # not the city's real number: shown on every paper and in `tasuke doctor`


class RecipientNumbering(_Part):
    """How a scheme numbers its recipients. digits: length without the check digit."""

    scheme: str
    digits: int = Field(default=6, ge=1, le=29)
    check_digit: bool = True
    first: int = 1


class CertificateSettings(_Part):
    """Papers of a scheme. validity: until the end of the entitlement, or until the day before the next renewal."""

    scheme: str
    title: str
    validity: Literal["entitlement", "renewal"]
    renewal_month: int | None = Field(default=None, ge=1, le=12)
    notes: list[str] = []


class BankSettings(_Part):
    """The city's own account and what its bank asks of a 総合振込 file."""

    consignor_code: Annotated[str, StringConstraints(pattern=r"^\d{10}$")]
    consignor_name: str  # bank kana
    bank_code: Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
    branch_code: Annotated[str, StringConstraints(pattern=r"^\d{3}$")]
    account_kind: Literal["1", "2", "9"]
    account_no: Annotated[str, StringConstraints(pattern=r"^\d{7}$")]
    separator: Literal["none", "crlf"] = "none"
    wo: Literal["reject", "o"] = "reject"


class Confirmation(_Part):
    """A 未確認 value that the municipality has looked up: who says so, when, on what basis (ordinance, notice)."""

    scheme: str
    key: str
    by: str
    on: date
    basis: str


class ClaimLimit(_Part):
    """How many months after the service a claim may still come (請求期限), and who confirmed it on what basis."""

    months: int = Field(ge=1, le=120)
    by: str
    on: date
    basis: str  # agreement with 審査支払機関, notice; the right itself lapses after 5 years (民法166条1項1号)


class InsurerNumber(_Part):
    """保険者番号 of an insurer that a scheme names (国保組合), looked up and confirmed by the municipality."""

    name: str  # as in the scheme's definition
    insurer_no: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
    by: str
    on: date
    basis: str


class InsuranceGrace(_Part):
    """How long an ended insurance is asked after before the entitlement is lost, and who confirmed it on what basis.

    days: from the day on which the question is put until the loss (0: at once). return_days: a new insurance that
    begins within so many days of the loss brings the entitlement back without an application.
    """

    valid_from: date
    days: int = Field(ge=0, le=365)
    return_days: int = Field(ge=0, le=730)
    by: str
    on: date
    basis: str


class LegalBasis(_Part):
    """The articles by which a scheme is refused or ends (却下・不交付・消滅の根拠条項) from a day on, as confirmed."""

    scheme: str
    notice: Literal["rejection", "not_renewed", "loss"]
    valid_from: date
    articles: str  # 札幌市子ども医療費助成条例施行規則第…条第…項
    by: str
    on: date
    basis: str


class ItemsConfirmation(_Part):
    """Who has looked up which items are necessary (必要な情報のみ), when, on what basis."""

    by: str
    on: date
    basis: str


class SharingRule(_Part):
    """庁内移転: another department may use 特定個人情報 of a scheme (番号法9条2項の条例), as the 評価書 says.

    system: the recipient's system, as the chain knows it. items: the most that a permit may name; the 評価書 does not
    list them, so they are 未確認, and nobody can permit anything, until `items_confirmed` says who looked them up.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    scheme: str
    recipient: str
    system: Literal["severe_disability", "child_medical"]
    legal_basis: str
    use: str
    information: str
    subjects: str
    items: list[SharedItem] = Field(min_length=1)
    frequency: str
    method: str
    source: str
    items_confirmed: ItemsConfirmation | None = None


# 届出 of residents: mailing_address 送付先, name 氏名・通称, insurance 医療保険, family 生計維持者・扶養義務者,
# account 振込口座, single_parent ひとり親等の状況, loss 資格の喪失
NotificationWord = Literal["mailing_address", "name", "insurance", "family", "account", "single_parent", "loss"]


class ProcessingSettings(_Part):
    """Choices of procedure. second_check: 二者確認 of what was typed against the paper.

    checked_notifications: kinds of 届出 that wait for the second person (accounts: by these money goes elsewhere).
    claim_limit: None = nobody has confirmed one; no claim goes back for its age then, and every import says so.
    """

    second_check: bool = True
    checked_notifications: list[NotificationWord] = ["account"]
    payment_day: int = Field(default=25, ge=1, le=28)
    payment_cycle: Literal["month"] = "month"
    claim_limit: ClaimLimit | None = None

    def checks_notification(self, kind: str) -> bool:
        """Whether a 届出 of this kind changes nothing until another person has compared it with the paper."""
        return self.second_check and kind in self.checked_notifications


class Profile(_Part):
    """One municipality."""

    id: str
    name: str  # 札幌市
    municipality_code: MunicipalityCode
    prefecture_code: Annotated[str, StringConstraints(pattern=r"^\d{2}$")]
    prefecture: str
    fictitious: bool  # numbers and names on papers are made up (the two profiles that ship are)
    schemes: list[str]
    wards: list[Ward]
    letterheads: list[Letterhead]
    payer_numbers: list[PayerNumber]
    numbering: list[RecipientNumbering]
    certificates: list[CertificateSettings]
    bank: BankSettings
    processing: ProcessingSettings = ProcessingSettings()
    confirmations: list[Confirmation] = []
    insurer_numbers: list[InsurerNumber] = []
    legal_bases: list[LegalBasis] = []
    insurance_grace: list[InsuranceGrace] = []  # none: nobody has confirmed one, and questions stay open
    sharing: list[SharingRule] = []  # none: this city moves nothing to other departments

    @model_validator(mode="after")
    def _sharing_is_of_our_schemes(self) -> Self:
        keys = [rule.key for rule in self.sharing]
        if len(set(keys)) < len(keys):
            raise ValueError("sharing の key が重なっています")
        foreign = sorted({rule.scheme for rule in self.sharing} - set(self.schemes))
        if foreign:
            raise ValueError(f"sharing の scheme が、この市の制度にありません: {'、'.join(foreign)}")
        return self

    def insurance_grace_on(self, day: date) -> InsuranceGrace | None:
        """The grace in force on a day, None where the municipality has confirmed none."""
        in_force = [g for g in self.insurance_grace if g.valid_from <= day]
        return max(in_force, key=lambda g: g.valid_from, default=None)

    def confirmed_keys(self, scheme: str) -> frozenset[str]:
        """Keys of 未確認 values of a scheme that this municipality has confirmed."""
        return frozenset(c.key for c in self.confirmations if c.scheme == scheme)

    def letterhead_on(self, day: date) -> Letterhead:
        """The letterhead in force. Raises LookupError before the first one."""
        in_force = [h for h in self.letterheads if h.valid_from <= day]
        if not in_force:
            raise LookupError(f"{self.name}: {day} に有効なレターヘッドがありません")
        return max(in_force, key=lambda h: h.valid_from)

    def articles_on(self, scheme: str, notice: str, day: date) -> str | None:
        """The articles for a letter of this kind; None = nobody has confirmed them."""
        fitting = [b for b in self.legal_bases if (b.scheme, b.notice) == (scheme, notice) and b.valid_from <= day]
        return max(fitting, key=lambda b: b.valid_from).articles if fitting else None

    def sharing_rule(self, key: str) -> SharingRule | None:
        """The rule of 庁内移転 with this key."""
        return next((rule for rule in self.sharing if rule.key == key), None)

    def ward_of(self, code: str) -> Ward | None:
        """The ward with this code."""
        return next((w for w in self.wards if w.code == code), None)


def parse_profile(data: bytes, *, file: str) -> tuple[Profile | None, list[Problem]]:
    """Read a profile. Every fault at once, with its key path as `field`."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return None, [Problem("toml", f"TOML として読めません: {error}", severity=Severity.FATAL, file=file)]
    try:
        return Profile.model_validate(raw), []
    except ValidationError as error:
        return None, [
            Problem(
                f"profile.{e['type']}",
                message_of(e),
                field=".".join(str(part) for part in e["loc"]),
                value=repr(e["input"])[:80],
                severity=Severity.FATAL,
                file=file,
            )
            for e in error.errors()
        ]


class ProfileInvalid(ValueError):
    """The profile file has faults; `problems` lists them all."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


def load_profile(path: Path) -> Profile:
    """Read a profile file. Raises ProfileInvalid with every fault."""
    profile, problems = parse_profile(path.read_bytes(), file=path.name)
    if profile is None:
        raise ProfileInvalid(problems)
    return profile
