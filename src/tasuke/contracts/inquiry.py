"""業務 ⇔ 市中間サーバ(gateway): inquiries by 宛名番号, their states, and the answers.

Own format. States and result codes of the official interface are unpublished; tables in the gateway map them.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from tasuke.contracts.kit import Contract, Message, Operation
from tasuke.contracts.unified import Empty, RowError

# What a business sees of an inquiry. waiting: kept by the gateway; sent: 中間サーバー has it; answered; refused: will
# never be answered; cancelled.
InquiryState = Literal["waiting", "sent", "answered", "refused", "cancelled"]
Value = str | int | bool | None


class InquiryItem(Message):
    """One question about one person. record_id: unique for the business for ever, so that asking again doubles nothing.

    procedure_code 事務手続コード, information_code 特定個人情報名コード; provider: 機関コード of who holds it.
    year: 年度 where the information is by year. undisclosed: the asking side marks 不開示該当.
    extra_step: reason and approver, without which a protected person (支援措置) cannot be asked about.
    """

    record_id: str = Field(pattern=r"^[0-9A-Za-z-]{8,36}$")
    atena_no: str = Field(pattern=r"^\d{1,15}$")
    procedure_code: str = Field(max_length=16)
    information_code: str = Field(max_length=16)
    provider: str = Field(max_length=16)
    year: int | None = Field(default=None, ge=1900, le=2200)
    valid_from: date | None = None
    valid_to: date | None = None
    department: str = Field(max_length=17)
    personal_id: str = Field(max_length=20)
    protected: bool = False
    extra_step: str = Field(default="", max_length=200)
    undisclosed: bool = False


class InquiriesRequest(Message):
    """Up to 10,000 at once. Good rows are taken, bad rows are named."""

    business_id: str
    items: tuple[InquiryItem, ...] = Field(max_length=10_000)


class InquiriesReply(Message):
    """accepted: new ones; known: record ids that were there already."""

    accepted: int
    known: int
    errors: tuple[RowError, ...] = ()


class StatesRequest(Message):
    """States of these inquiries."""

    business_id: str
    record_ids: tuple[str, ...] = Field(max_length=10_000)


class InquiryStatus(Message):
    """state of one; reason: in words when refused, or why it waits (the other side is closed)."""

    record_id: str
    state: InquiryState
    reason: str = ""


class States(Message):
    """In the order asked; unknown ids are left out."""

    states: tuple[InquiryStatus, ...]


class AnswersRequest(Message):
    """Answers after a sequence number of this business."""

    business_id: str
    after: int = Field(ge=0)
    limit: int = Field(default=1_000, ge=1, le=10_000)


class InquiryAnswer(Message):
    """items: item name → value, after the gateway's conversion of format and codes into the business's words.

    outcome: found; none (the provider has nothing); withheld (自動応答不可 and not released); refused.
    """

    sequence: int = Field(ge=1)
    record_id: str
    atena_no: str
    outcome: Literal["found", "none", "withheld", "refused"]
    reason: str = ""
    provider: str
    information_code: str
    answered_at: datetime
    items: tuple[dict[str, Value], ...] = ()


class Answers(Message):
    """last: highest sequence that exists."""

    answers: tuple[InquiryAnswer, ...]
    last: int


class CancelRequest(Message):
    """取りやめ of inquiries that were not answered yet."""

    business_id: str
    record_ids: tuple[str, ...] = Field(max_length=10_000)


class Choice(Message):
    """A combination that the law allows today, from the distributed master (配信マスター)."""

    procedure_code: str
    procedure: str
    information_code: str
    information: str
    provider_kind: str
    legal_basis: str
    by_year: bool
    unconfirmed: bool


class ProviderBody(Message):
    """A body that can be asked."""

    code: str
    name: str
    kind: str


class ChoicesRequest(Message):
    """What may this business ask on a day?"""

    business_id: str
    on: date


class Choices(Message):
    """choices and the bodies that can be asked; version of the master they come from."""

    choices: tuple[Choice, ...]
    bodies: tuple[ProviderBody, ...]
    master_version: int


class ServiceState(Message):
    """Is the national side open? until: when this state ends, if known."""

    open: bool
    note: str = ""
    waiting: int = 0


ASK = Operation("inquiry", 1, "ask", InquiriesRequest, InquiriesReply, writes=True)
STATES = Operation("inquiry", 1, "states", StatesRequest, States)
ANSWERS = Operation("inquiry", 1, "answers", AnswersRequest, Answers)
CANCEL = Operation("inquiry", 1, "cancel", CancelRequest, States, writes=True)
CHOICES = Operation("inquiry", 1, "choices", ChoicesRequest, Choices)
SERVICE_STATE = Operation("inquiry", 1, "service-state", Empty, ServiceState)

_ID = "900-2026-00000001"

INQUIRY = Contract(
    id="inquiry",
    version=1,
    title="情報照会(業務と市中間サーバ)",
    provider="gateway",
    operations=(ASK, STATES, ANSWERS, CANCEL, CHOICES, SERVICE_STATE),
    examples={
        "ask": {
            "request": {
                "business_id": "900",
                "items": [
                    {
                        "record_id": _ID,
                        "atena_no": "000000010234561",
                        "procedure_code": "JT00000000000901",
                        "information_code": "TM00000000000002",
                        "provider": "B012033",
                        "year": 2026,
                        "department": "0101",
                        "personal_id": "S0001",
                    }
                ],
            },
            "reply": {"accepted": 1, "known": 0, "errors": []},
        },
        "states": {
            "request": {"business_id": "900", "record_ids": [_ID]},
            "reply": {"states": [{"record_id": _ID, "state": "sent", "reason": ""}]},
        },
        "answers": {
            "request": {"business_id": "900", "after": 0, "limit": 1000},
            "reply": {
                "answers": [
                    {
                        "sequence": 1,
                        "record_id": _ID,
                        "atena_no": "000000010234561",
                        "outcome": "found",
                        "reason": "",
                        "provider": "B012033",
                        "information_code": "TM00000000000002",
                        "answered_at": "2026-06-10T09:00:05+09:00",
                        "items": [{"tax_year": 2026, "status_code": "3", "total_income": 3120000}],
                    }
                ],
                "last": 1,
            },
        },
        "cancel": {
            "request": {"business_id": "900", "record_ids": [_ID]},
            "reply": {"states": [{"record_id": _ID, "state": "cancelled", "reason": ""}]},
        },
        "choices": {
            "request": {"business_id": "900", "on": "2026-06-10"},
            "reply": {
                "choices": [
                    {
                        "procedure_code": "JT00000000000901",
                        "procedure": "医療費助成の資格審査(独自利用事務)",
                        "information_code": "TM00000000000002",
                        "information": "地方税関係情報",
                        "provider_kind": "municipality",
                        "legal_basis": "番号法9条2項の条例・19条9号",
                        "by_year": True,
                        "unconfirmed": True,
                    }
                ],
                "bodies": [{"code": "B012033", "name": "小樽市(代役)", "kind": "municipality"}],
                "master_version": 1,
            },
        },
        "service-state": {"request": {}, "reply": {"open": True, "note": "", "waiting": 0}},
    },
)
