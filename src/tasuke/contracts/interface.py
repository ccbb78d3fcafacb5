"""市中間サーバ(gateway) → 中間サーバー: the external interface, one operation per interface number.

Numbers: 共通機能標準仕様書 表2-1〜2-5 (trailing digit 1 request, 2 synchronous fetch, 3 file in, 4 file out, 5 send).
The official payloads are unpublished: these are our own, and the gateway's adapter tables are the place to map them.
The municipality is that of the calling client, never a field of a message.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from tasuke.contracts.kit import Contract, Message, Operation
from tasuke.contracts.unified import CodeProgress, Empty, RowError, UnifiedNo

Value = str | int | bool | None
Record = dict[str, Value]
MidState = Literal["registered", "sent", "answered", "refused", "cancelled"]


class CodeRequest(Message):
    """Unified numbers that need a 符号. The reply gives a 処理通番 for each, to be sent to 住基GW with the 個人番号."""

    unified_nos: tuple[UnifiedNo, ...] = Field(max_length=10_000)


class CodeReply(Message):
    """In the order asked."""

    progress: tuple[CodeProgress, ...]


class CodeStateRequest(Message):
    """What became of these 処理通番."""

    processing_nos: tuple[str, ...] = Field(max_length=10_000)


class MidInquiry(Message):
    """One inquiry by 統合宛名番号. record_id as the gateway gave it; unique within the municipality."""

    record_id: str = Field(max_length=40)
    unified_no: str
    procedure_code: str
    information_code: str
    provider: str
    year: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    department: str
    personal_id: str
    undisclosed: bool = False


class MidInquiries(Message):
    """A file of at most 10,000 rows."""

    items: tuple[MidInquiry, ...] = Field(max_length=10_000)


class MidAccepted(Message):
    """accepted: new; known: record ids that were registered before."""

    accepted: int
    known: int
    errors: tuple[RowError, ...] = ()


class MidStatesRequest(Message):
    """States of these."""

    record_ids: tuple[str, ...] = Field(max_length=10_000)


class MidStatus(Message):
    """detail_status and information_status as result files carry them (09 / 01: good)."""

    record_id: str
    state: MidState
    detail_status: str = ""
    information_status: str = ""
    reason: str = ""


class MidStates(Message):
    """In the order asked; unknown ids are left out."""

    states: tuple[MidStatus, ...]


class MidResultsRequest(Message):
    """Results after a sequence number of this municipality."""

    after: int = Field(ge=0)
    limit: int = Field(default=1_000, ge=1, le=10_000)


class MidResult(Message):
    """records: what the provider's replica holds, in the standard layout's item names (a table maps them)."""

    sequence: int
    record_id: str
    unified_no: str
    outcome: Literal["found", "none", "withheld", "refused"]
    reason: str = ""
    provider: str
    information_code: str
    answered_at: datetime
    records: tuple[Record, ...] = ()


class MidResults(Message):
    """last: highest sequence that exists."""

    results: tuple[MidResult, ...]
    last: int


class ReplicaRow(Message):
    """副本 of one piece of information about one person. period and year as the information is kept; delete: 公開終了.

    version: rises with each change at the source; an older one than that stored is refused.
    """

    unified_no: str
    information_code: str
    year: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    version: int = Field(ge=1)
    records: tuple[Record, ...]
    delete: bool = False


class ReplicaUpdate(Message):
    """副本の更新, at most 10,000 rows."""

    rows: tuple[ReplicaRow, ...] = Field(max_length=10_000)


class Flag(Message):
    """自動応答不可 or 不開示該当, for one piece of a person's information, or (information_code None) for all of it."""

    unified_no: str
    information_code: str | None = None
    on: bool
    reason: str = Field(min_length=1, max_length=200)


class Flags(Message):
    """Flags to set or lift."""

    flags: tuple[Flag, ...] = Field(max_length=10_000)


class ProvisionRequests(Message):
    """Provision requests that wait for a person, after a sequence number."""

    after: int = Field(ge=0)
    limit: int = Field(default=100, ge=1, le=1_000)


class ProvisionWaiting(Message):
    """Somebody asks about one of our people, and no automatic answer is allowed."""

    sequence: int
    provision_id: str
    unified_no: str
    requester: str
    procedure_code: str
    information_code: str
    asked_at: datetime
    why: str


class ProvisionsWaiting(Message):
    """The oldest first."""

    waiting: tuple[ProvisionWaiting, ...]
    last: int


class ManualAnswer(Message):
    """An official's answer: send (from the replica, or records given here) or withhold, with the reason."""

    provision_id: str
    send: bool
    reason: str = Field(min_length=1, max_length=200)
    personal_id: str
    records: tuple[Record, ...] | None = None


class RecordsRequest(Message):
    """情報提供等記録 of this municipality in a period, optionally of one person."""

    unified_no: str | None = None
    date_from: date
    date_to: date
    after: int = Field(default=0, ge=0)
    limit: int = Field(default=1_000, ge=1, le=10_000)


class ProvisionRecord(Message):
    """What 番号法23条 asks to be kept: who asked whom, when asked, when provided, which items; 不開示該当 if so."""

    sequence: int
    side: Literal["requester", "provider"]
    permit_id: str
    unified_no: str
    requester: str
    provider: str
    procedure_code: str
    information_code: str
    asked_at: datetime
    provided_at: datetime | None
    outcome: str
    items: tuple[str, ...]
    undisclosed: bool


class Records(Message):
    """In the order of their sequence."""

    records: tuple[ProvisionRecord, ...]
    more: bool


class PermissionRow(Message):
    """One row of 照会許可用照合リスト: who may ask whom for what, and on what ground. End-exclusive validity."""

    procedure_code: str
    procedure: str
    requester_kind: str
    information_code: str
    information: str
    provider_kind: str
    legal_basis: str
    by_year: bool = False
    valid_from: date
    valid_to: date | None = None
    unconfirmed: bool = True


class BodyRow(Message):
    """A body in the network. code: 機関コード."""

    code: str
    name: str
    kind: str
    municipality_code: str | None = None
    valid_from: date
    valid_to: date | None = None


class MasterRequest(Message):
    """The master, if it is newer than `known`."""

    known: int = Field(ge=0)


class Master(Message):
    """配信マスター: permissions and bodies. Empty when the caller's version is the newest."""

    version: int
    permissions: tuple[PermissionRow, ...] = ()
    bodies: tuple[BodyRow, ...] = ()


class MidServiceState(Message):
    """稼動状態. opens_at: when a closed service opens again. master_version: the newest that can be asked for."""

    open: bool
    opens_at: datetime | None = None
    note: str = ""
    master_version: int | None = None


class Removal(Message):
    """統合宛名番号 that is no longer used (転出, 消除): the 符号 goes with it, records stay."""

    unified_nos: tuple[UnifiedNo, ...] = Field(max_length=10_000)


REQUEST_CODES = Operation("midserver", 1, "code-requests", CodeRequest, CodeReply, writes=True, code="IF_FGU_20221")
CODE_STATES = Operation("midserver", 1, "code-states", CodeStateRequest, CodeReply, code="IF_FGU_20234")
REMOVE_NUMBERS = Operation("midserver", 1, "remove-numbers", Removal, Empty, writes=True)
REGISTER_INQUIRIES = Operation("midserver", 1, "inquiries", MidInquiries, MidAccepted, writes=True, code="IF_SKI_10123")
INQUIRY_STATES = Operation("midserver", 1, "inquiry-states", MidStatesRequest, MidStates, code="IF_SKI_10723")
INQUIRY_RESULTS = Operation("midserver", 1, "inquiry-results", MidResultsRequest, MidResults, code="IF_SKI_11123")
CANCEL_INQUIRIES = Operation(
    "midserver", 1, "cancel-inquiries", MidStatesRequest, MidStates, writes=True, code="IF_SKI_50123"
)
UPDATE_REPLICA = Operation("midserver", 1, "replica", ReplicaUpdate, MidAccepted, writes=True, code="IF_DBM_20113")
SET_MANUAL = Operation("midserver", 1, "no-automatic-answer", Flags, MidAccepted, writes=True, code="IF_DBM_40111")
SET_UNDISCLOSED = Operation("midserver", 1, "undisclosed", Flags, MidAccepted, writes=True, code="IF_DBM_70111")
PROVISIONS = Operation("midserver", 1, "provisions", ProvisionRequests, ProvisionsWaiting, code="IF_TKY_11312")
ANSWER_MANUALLY = Operation("midserver", 1, "manual-answer", ManualAnswer, Empty, writes=True, code="IF_TKY_20311")
PROVISION_RECORDS = Operation("midserver", 1, "records", RecordsRequest, Records, code="IF_TKM_40113")
GET_MASTER = Operation("midserver", 1, "master", MasterRequest, Master, code="IF_SCM_30112")
MID_SERVICE_STATE = Operation("midserver", 1, "service-state", Empty, MidServiceState, code="IF_SYM_20212")

_U = "000000000000017"
_R = "900-2026-00000001"
_TAX: dict[str, object] = {"tax_year": 2026, "status_code": "3", "total_income": 3120000}

INTERFACE = Contract(
    id="midserver",
    version=1,
    title="中間サーバー 外部インターフェイス",
    provider="midserver",
    operations=(
        REQUEST_CODES,
        CODE_STATES,
        REMOVE_NUMBERS,
        REGISTER_INQUIRIES,
        INQUIRY_STATES,
        INQUIRY_RESULTS,
        CANCEL_INQUIRIES,
        UPDATE_REPLICA,
        SET_MANUAL,
        SET_UNDISCLOSED,
        PROVISIONS,
        ANSWER_MANUALLY,
        PROVISION_RECORDS,
        GET_MASTER,
        MID_SERVICE_STATE,
    ),
    examples={
        "code-requests": {
            "request": {"unified_nos": [_U]},
            "reply": {"progress": [{"unified_no": _U, "processing_no": "P0000000000001", "state": "requested"}]},
        },
        "code-states": {
            "request": {"processing_nos": ["P0000000000001"]},
            "reply": {"progress": [{"unified_no": _U, "processing_no": "P0000000000001", "state": "acquired"}]},
        },
        "remove-numbers": {"request": {"unified_nos": [_U]}, "reply": {}},
        "inquiries": {
            "request": {
                "items": [
                    {
                        "record_id": _R,
                        "unified_no": _U,
                        "procedure_code": "JT00000000000901",
                        "information_code": "TM00000000000002",
                        "provider": "B012033",
                        "year": 2026,
                        "department": "0101",
                        "personal_id": "S0001",
                    }
                ]
            },
            "reply": {"accepted": 1, "known": 0, "errors": []},
        },
        "inquiry-states": {
            "request": {"record_ids": [_R]},
            "reply": {"states": [{"record_id": _R, "state": "sent"}]},
        },
        "inquiry-results": {
            "request": {"after": 0},
            "reply": {
                "results": [
                    {
                        "sequence": 1,
                        "record_id": _R,
                        "unified_no": _U,
                        "outcome": "found",
                        "provider": "B012033",
                        "information_code": "TM00000000000002",
                        "answered_at": "2026-06-10T09:00:05+09:00",
                        "records": [_TAX],
                    }
                ],
                "last": 1,
            },
        },
        "cancel-inquiries": {
            "request": {"record_ids": [_R]},
            "reply": {"states": [{"record_id": _R, "state": "cancelled"}]},
        },
        "replica": {
            "request": {
                "rows": [
                    {
                        "unified_no": _U,
                        "information_code": "TM00000000000002",
                        "year": 2026,
                        "version": 1,
                        "records": [_TAX],
                    }
                ]
            },
            "reply": {"accepted": 1, "known": 0, "errors": []},
        },
        "no-automatic-answer": {
            "request": {"flags": [{"unified_no": _U, "information_code": None, "on": True, "reason": "支援措置"}]},
            "reply": {"accepted": 1, "known": 0, "errors": []},
        },
        "undisclosed": {
            "request": {"flags": [{"unified_no": _U, "information_code": None, "on": True, "reason": "支援措置"}]},
            "reply": {"accepted": 1, "known": 0, "errors": []},
        },
        "provisions": {
            "request": {"after": 0},
            "reply": {
                "waiting": [
                    {
                        "sequence": 1,
                        "provision_id": "V0000000000001",
                        "unified_no": _U,
                        "requester": "B011002",
                        "procedure_code": "JT00000000000901",
                        "information_code": "TM00000000000002",
                        "asked_at": "2026-06-10T09:00:00+09:00",
                        "why": "自動応答不可",
                    }
                ],
                "last": 1,
            },
        },
        "manual-answer": {
            "request": {
                "provision_id": "V0000000000001",
                "send": False,
                "reason": "支援措置対象者のため",
                "personal_id": "T0001",
            },
            "reply": {},
        },
        "records": {
            "request": {"date_from": "2026-06-01", "date_to": "2026-07-01"},
            "reply": {
                "records": [
                    {
                        "sequence": 1,
                        "side": "requester",
                        "permit_id": "K0000000000001",
                        "unified_no": _U,
                        "requester": "B011002",
                        "provider": "B012033",
                        "procedure_code": "JT00000000000901",
                        "information_code": "TM00000000000002",
                        "asked_at": "2026-06-10T09:00:00+09:00",
                        "provided_at": "2026-06-10T09:00:05+09:00",
                        "outcome": "found",
                        "items": ["total_income"],
                        "undisclosed": False,
                    }
                ],
                "more": False,
            },
        },
        "master": {
            "request": {"known": 0},
            "reply": {
                "version": 1,
                "permissions": [
                    {
                        "procedure_code": "JT00000000000901",
                        "procedure": "医療費助成の資格審査(独自利用事務)",
                        "requester_kind": "municipality",
                        "information_code": "TM00000000000002",
                        "information": "地方税関係情報",
                        "provider_kind": "municipality",
                        "legal_basis": "番号法9条2項の条例・19条9号",
                        "by_year": True,
                        "valid_from": "2024-05-27",
                    }
                ],
                "bodies": [
                    {
                        "code": "B012033",
                        "name": "小樽市(代役)",
                        "kind": "municipality",
                        "municipality_code": "012033",
                        "valid_from": "2024-05-27",
                    }
                ],
            },
        },
        "service-state": {"request": {}, "reply": {"open": True}},
    },
)
