"""中間サーバー → 情報提供ネットワークシステム: sealed envelopes through a mailbox, always asked for from below.

The national side calls nobody: a body sends envelopes, fetches what lies in its mailbox, and confirms what it has
stored. Every envelope is a JOSE token, signed by who made it and encrypted to who opens it (`platform/crypto`).
Law: 番号法21条 (mediation), 21条の2 (codes), 23条 (records). Own format: the real one is unpublished.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from tasuke.contracts.interface import Master, MasterRequest, Record
from tasuke.contracts.kit import Contract, Message, Operation
from tasuke.contracts.unified import Empty


# --- what only the two bodies may read: JWE inside the envelopes, unreadable for core ---------------------------------
class Condition(Message):
    """Inside `condition_sealed`: the period asked for, end-exclusive. Empty when no period is asked for."""

    valid_from: date | None = None
    valid_to: date | None = None


class Answer(Message):
    """Inside `answer_sealed`: what the replica holds, in the standard layout's item names; the oldest first."""

    records: tuple[Record, ...] = ()


def condition_context(*, requester: str, provider: str, procedure_code: str, information_code: str) -> str:
    """Context of the JWE of a condition: it opens only in an inquiry of the same bodies about the same thing."""
    return f"condition|{requester}|{provider}|{procedure_code}|{information_code}"


def answer_context(*, permit_id: str) -> str:
    """Context of the JWE of an answer: it opens only as the answer to this permit."""
    return f"answer|{permit_id}"


# --- what is inside an envelope ---------------------------------------------------------------------------------------
class CodeIssued(Message):
    """core → body: the 符号 that this body uses for the person behind a 処理通番; none when it failed."""

    kind: Literal["code-issued"] = "code-issued"
    processing_no: str
    code: str | None
    error: str = ""


class Ask(Message):
    """requester → core: one inquiry. code: the requester's own 符号; condition_sealed: JWE to the provider or empty."""

    request_id: str
    code: str
    procedure_code: str
    information_code: str
    provider: str
    year: int | None = None
    condition_sealed: str
    undisclosed: bool = False


class AskBatch(Message):
    """requester → core, up to 1,000 inquiries."""

    kind: Literal["ask"] = "ask"
    asks: tuple[Ask, ...] = Field(max_length=1_000)


class Permit(Message):
    """情報提供許可証: core's word that this inquiry is on the permission list. Used once, before it expires."""

    permit_id: str
    requester: str
    provider: str
    procedure_code: str
    information_code: str
    issued_at: datetime
    expires_at: datetime


class Permitted(Message):
    """core → provider: a permit, with the 符号 that the *provider* uses for the person."""

    permit: Permit
    code: str
    year: int | None = None
    condition_sealed: str
    undisclosed: bool = False


class PermittedBatch(Message):
    """core → provider."""

    kind: Literal["permitted"] = "permitted"
    items: tuple[Permitted, ...]


class Provided(Message):
    """provider → core: the answer to a permit. answer_sealed: JWE to the requester (empty unless found).

    item_names: which items were provided (for the record, 23条), never their values.
    """

    permit_id: str
    outcome: Literal["found", "none", "withheld"]
    answer_sealed: str
    item_names: tuple[str, ...] = ()
    provided_at: datetime
    undisclosed: bool = False


class ProvidedBatch(Message):
    """provider → core."""

    kind: Literal["provided"] = "provided"
    items: tuple[Provided, ...]


class Outcome(Message):
    """core → requester: what became of one inquiry. permit_id empty: refused before a permit was issued."""

    request_id: str
    permit_id: str = ""
    outcome: Literal["found", "none", "withheld", "refused"]
    reason: str = ""
    answer_sealed: str = ""
    item_names: tuple[str, ...] = ()
    provided_at: datetime | None = None
    undisclosed: bool = False


class OutcomeBatch(Message):
    """core → requester."""

    kind: Literal["outcomes"] = "outcomes"
    items: tuple[Outcome, ...]


class CodesRemoved(Message):
    """body → core: these 符号 are no longer used by the body."""

    kind: Literal["codes-removed"] = "codes-removed"
    codes: tuple[str, ...]


class CodesIssued(Message):
    """core → body, several at once."""

    kind: Literal["codes-issued"] = "codes-issued"
    items: tuple[CodeIssued, ...]


Content = Annotated[
    CodesIssued | AskBatch | PermittedBatch | ProvidedBatch | OutcomeBatch | CodesRemoved, Field(discriminator="kind")
]


class Envelope(Message):
    """message_id: unique for ever at the sender; sequence: rises by one per sender and receiver; token: JOSE."""

    message_id: str
    sequence: int = Field(ge=1)
    sender: str
    receiver: str
    token: str


# --- the mailbox ------------------------------------------------------------------------------------------------------
class Send(Message):
    """Envelopes from the calling body to core."""

    envelopes: tuple[Envelope, ...] = Field(max_length=100)


class Verdict(Message):
    """taken, known (was there already) or refused with the reason; refused ones are on record."""

    message_id: str
    verdict: Literal["taken", "known", "refused"]
    reason: str = ""


class Verdicts(Message):
    """In the order sent."""

    verdicts: tuple[Verdict, ...]


class Fetch(Message):
    """Envelopes in the caller's mailbox after a sequence number."""

    after: int = Field(ge=0)
    limit: int = Field(default=20, ge=1, le=100)


class Mail(Message):
    """In the order of their sequence.

    keys_version, master_version: the newest of what is distributed, so that who fetches knows what to ask for anew.
    """

    envelopes: tuple[Envelope, ...]
    more: bool
    keys_version: int | None = None
    master_version: int | None = None


class Confirm(Message):
    """Everything up to this number is stored: the mailbox may forget it."""

    upto: int = Field(ge=0)


class PublicKey(Message):
    """A body's public key as core distributes it. use: sig or enc. certificate: PEM, issued by the stand-in's CA."""

    body: str
    kid: str
    use: Literal["sig", "enc"]
    jwk: dict[str, str]
    certificate: str = ""
    valid_from: datetime
    valid_to: datetime
    revoked_at: datetime | None = None


class KeysRequest(Message):
    """Keys of all bodies that changed since a version."""

    known: int = Field(ge=0)


class Keys(Message):
    """version: of the whole directory."""

    version: int
    keys: tuple[PublicKey, ...]


class Publish(Message):
    """A body's new public key, signed with its key in force (jws over the JWK)."""

    key: PublicKey
    proof: str


class CodeWanted(Message):
    """住基GW → 住基ネット (stand-in): who stands behind a 処理通番. 個人番号 is sealed to the stand-in's 住基 key."""

    body: str
    processing_no: str
    my_number_sealed: str


class CodesWanted(Message):
    """Sent by the city's unified_id through its 住基GW."""

    items: tuple[CodeWanted, ...] = Field(max_length=10_000)


class CodesTaken(Message):
    """known: 処理通番 that were there already."""

    taken: int
    known: int


class Opening(Message):
    """Is the national side open?"""

    open: bool
    opens_at: datetime | None = None


SEND = Operation("mediation", 1, "send", Send, Verdicts, writes=True)
FETCH = Operation("mediation", 1, "fetch", Fetch, Mail)
CONFIRM_MAIL = Operation("mediation", 1, "confirm", Confirm, Empty, writes=True)
GET_KEYS = Operation("mediation", 1, "keys", KeysRequest, Keys)
PUBLISH_KEY = Operation("mediation", 1, "publish-key", Publish, Empty, writes=True)
GET_NATIONAL_MASTER = Operation("mediation", 1, "master", MasterRequest, Master)
OPENING = Operation("mediation", 1, "opening", Empty, Opening)
WANT_CODES = Operation("juki", 1, "want-codes", CodesWanted, CodesTaken, writes=True)

_ENVELOPE: dict[str, object] = {
    "message_id": "M0000000000001",
    "sequence": 1,
    "sender": "B011002",
    "receiver": "CORE",
    "token": "eyJhbGciOiJFQ0RILUVTIn0..example",
}
_KEY: dict[str, object] = {
    "body": "B011002",
    "kid": "B011002-sig-1",
    "use": "sig",
    "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    "certificate": "",
    "valid_from": "2026-04-01T00:00:00+09:00",
    "valid_to": "2027-04-01T00:00:00+09:00",
    "revoked_at": None,
}

MEDIATION = Contract(
    id="mediation",
    version=1,
    title="情報提供ネットワークシステム(代役)",
    provider="nis",
    operations=(SEND, FETCH, CONFIRM_MAIL, GET_KEYS, PUBLISH_KEY, GET_NATIONAL_MASTER, OPENING),
    examples={
        "send": {
            "request": {"envelopes": [_ENVELOPE]},
            "reply": {"verdicts": [{"message_id": "M0000000000001", "verdict": "taken", "reason": ""}]},
        },
        "fetch": {"request": {"after": 0, "limit": 20}, "reply": {"envelopes": [_ENVELOPE], "more": False}},
        "confirm": {"request": {"upto": 1}, "reply": {}},
        "keys": {"request": {"known": 0}, "reply": {"version": 1, "keys": [_KEY]}},
        "publish-key": {"request": {"key": _KEY, "proof": "eyJhbGciOiJFZERTQSJ9..example"}, "reply": {}},
        "master": {"request": {"known": 1}, "reply": {"version": 1, "permissions": [], "bodies": []}},
        "opening": {"request": {}, "reply": {"open": True, "opens_at": None}},
    },
)

JUKI = Contract(
    id="juki",
    version=1,
    title="住基ゲートウェイ(代役)",
    provider="nis",
    operations=(WANT_CODES,),
    examples={
        "want-codes": {
            "request": {
                "items": [
                    {
                        "body": "B011002",
                        "processing_no": "P0000000000001",
                        "my_number_sealed": "eyJhbGciOiJFQ0RILUVTIn0..example",
                    }
                ]
            },
            "reply": {"taken": 1, "known": 0},
        }
    },
)
