"""庁内移転: another department of the city asks 医療費助成 for persons by 宛名番号, and gets what it is permitted.

Only with a permit (利用の許可) in force, only its items, only persons who applied or are or were recipients. Reading,
not writing: asking again is another move with a record of its own, and no reply is kept between the systems.
The form is our own; the city's 庁内連携システム is not published.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tasuke.contracts.kit import Contract, Message, Operation
from tasuke.core.shared_items import SharedItem

ITEM_LABELS: Mapping[SharedItem, str] = {
    "name": "氏名",
    "kana": "フリガナ",
    "birth_date": "生年月日",
    "sex": "性別",
    "ward": "区(現在)",
    "address": "住所",
    "recipient_no": "受給者番号",
    "payer_no": "公費負担者番号",
    "role": "対象者区分",
    "period": "資格の期間",
    "copay_class": "負担区分",
    "application": "申請の状況",
    "account": "口座",
}
# what says where somebody is: never of who is under 支援措置, nor of who lives with them
WITHHELD_WHEN_PROTECTED: tuple[SharedItem, ...] = ("ward", "address", "account")
MOST_PERSONS = 1_000

# given: facts are there; out_of_range: nobody who applied or is or was a recipient, known or not; held: 支援措置, a
# second person of 医療費助成 has to agree first, then ask again
Outcome = Literal["given", "out_of_range", "held"]
AtenaNo = Annotated[str, StringConstraints(pattern=r"^\d{1,15}$")]


class ShareRequest(Message):
    """rule: which of the city's 移転 (`severe-disability`). purpose: what these persons are asked for.

    staff: 職員ID of who asks there. items: fewer than permitted; empty for all that the permit names.
    """

    rule: str = Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")
    purpose: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
    staff: str = Field(pattern=r"^[0-9A-Za-z._-]{1,20}$")
    atena_nos: tuple[AtenaNo, ...] = Field(min_length=1, max_length=MOST_PERSONS)
    items: tuple[SharedItem, ...] = ()


class SharedAccount(Message):
    """口座 of a payee."""

    bank_code: str
    branch_code: str
    account_kind: str
    account_no: str
    holder_kana: str


class SharedFacts(Message):
    """What is known of a person in the scheme, item by item; an item that was not asked for is null.

    Of several entitlements the one that began last; last_day is inclusive, null: open. role: child parent caregiver
    self. application_state: 受付 保留 決定済み … as the office says, of the newest application.
    """

    name: str | None = None
    kana: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    ward_code: str | None = None
    address: str | None = None
    recipient_no: str | None = None
    payer_no: str | None = None
    role: str | None = None
    valid_from: date | None = None
    last_day: date | None = None
    copay_class: str | None = None
    application_on: date | None = None
    application_state: str | None = None
    account: SharedAccount | None = None


class SharedPerson(Message):
    """One of those who were asked for. protected: 支援措置; withheld: items that are therefore not told."""

    atena_no: str
    outcome: Outcome
    protected: bool = False
    withheld: tuple[SharedItem, ...] = ()
    facts: SharedFacts | None = None


class ShareReply(Message):
    """record_no: of the record that is kept of this move; items: what was asked for and permitted."""

    record_no: int
    permit_no: int
    legal_basis: str
    items: tuple[SharedItem, ...]
    persons: tuple[SharedPerson, ...]


SHARE = Operation("sharing", 1, "share", ShareRequest, ShareReply)

SHARING = Contract(
    id="sharing",
    version=1,
    title="庁内移転",
    provider="subsidy",
    operations=(SHARE,),
    examples={
        "share": {
            "request": {
                "rule": "severe-disability",
                "purpose": "重度障害者医療の申請の審査(ひとり親家庭等医療との併給の確認)",
                "staff": "J0001",
                "atena_nos": ["000000010234561", "000000010234999"],
                "items": ["name", "recipient_no", "period"],
            },
            "reply": {
                "record_no": 1,
                "permit_no": 1,
                "legal_basis": "架空の条例第3条第2項",
                "items": ["name", "recipient_no", "period"],
                "persons": [
                    {
                        "atena_no": "000000010234561",
                        "outcome": "given",
                        "protected": False,
                        "withheld": [],
                        "facts": {
                            "name": "髙橋　花子",
                            "recipient_no": "0000018",
                            "valid_from": "2026-04-01",
                            "last_day": "2026-12-31",
                        },
                    },
                    {"atena_no": "000000010234999", "outcome": "out_of_range"},
                ],
            },
        }
    },
)
