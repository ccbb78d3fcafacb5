"""団体内統合宛名: 個人番号 ⇔ 統合宛名番号 ⇔ 宛名番号, and the state of 符号 acquisition.

Who may call what is decided by scope: the gateway alone converts; business systems register and never learn a unified
number (住民記録システム標準仕様書 7.1.2.3: its import is not to be built). Functions: 共通機能標準仕様書 032.
"""

from typing import Literal

from pydantic import Field

from tasuke.contracts.kit import Contract, Message, Operation

AtenaNo = str
UnifiedNo = str
CodeState = Literal["none", "requested", "sent", "acquired", "failed"]


class Registration(Message):
    """付番依頼 of one person: 宛名番号 with 個人番号 sealed to unified_id (none: only a business number to link)."""

    atena_no: str = Field(pattern=r"^\d{1,15}$")
    my_number_sealed: str | None = None
    resident: bool
    name: str
    birth_date: str | None = None
    sex: str | None = None
    address: str | None = None
    removed: bool = False


class RegisterRequest(Message):
    """From a business (業務ID, 3 characters) or the resident distribution.

    batch_sealed: the 個人番号 of all rows in one JWE instead of one per row: a JSON array as long as `registrations`,
    in their order, null for a row without a number. Sealed to the same key with the same context.
    """

    business_id: str = Field(pattern=r"^[0-9A-Za-z]{3}$")
    registrations: tuple[Registration, ...] = Field(max_length=10_000)
    batch_sealed: str | None = None


class RowError(Message):
    """row: 1-based. code: E0001 missing, E0002 character, E0003 length, E0004 contradiction, E0101 unknown person."""

    row: int
    code: str
    message: str


class RegisterReply(Message):
    """How many rows led to a number or a link, how many were linked already, and what failed. No unified number."""

    linked: int
    unchanged: int
    errors: tuple[RowError, ...] = ()


class ToUnifiedRequest(Message):
    """宛名番号 → 統合宛名番号, for the gateway alone."""

    business_id: str
    atena_nos: tuple[AtenaNo, ...] = Field(max_length=10_000)


class ToAtenaRequest(Message):
    """統合宛名番号 → 宛名番号 of the business."""

    business_id: str
    unified_nos: tuple[UnifiedNo, ...] = Field(max_length=10_000)


class Converted(Message):
    """numbers[i] answers the i-th number asked; None: not known to this business. code_states in the same order."""

    numbers: tuple[str | None, ...]
    code_states: tuple[CodeState, ...] = ()


class MyNumberRequest(Message):
    """Show a 個人番号 to a permitted person for a permitted business. purpose goes to the audit trail.

    reply_jwk: public key (ECDH-ES on X25519) to which the answer is sealed; without it the asking system's own
    `SEALING_KEYS` are asked.
    """

    atena_no: str
    business_id: str
    personal_id: str
    purpose: str = Field(min_length=1)
    reply_jwk: dict[str, str] | None = None


class MyNumberReply(Message):
    """my_number_sealed: JWE to the asking system's key; it is opened for the page and kept nowhere.

    refused: why it is not shown; the attempt is on record.
    """

    my_number_sealed: str | None
    refused: str = ""


class MatchRequest(Message):
    """Does this 宛名番号 belong to this 個人番号? (SUB-16) The number travels sealed; the answer is yes or no.

    personal_id, purpose: who asks at a counter, and what for; then the question counts for the limit of guesses and
    stands in the provider's audit trail. Empty: a system asks by itself.
    """

    atena_no: str
    my_number_sealed: str
    personal_id: str = ""
    purpose: str = ""


class MatchReply(Message):
    """known: the person has a number here; matches: it is this one. refused: why it was not compared; on record."""

    known: bool
    matches: bool
    refused: str = ""


class FindRequest(Message):
    """Who of this business has this 個人番号? (単件検索 at the counter) One number at a time, by one person."""

    business_id: str = Field(pattern=r"^[0-9A-Za-z]{3}$")
    my_number_sealed: str
    personal_id: str = Field(min_length=1)
    purpose: str = Field(min_length=1)


class FindReply(Message):
    """atena_nos: 宛名番号 of the asking business alone; empty: nobody. refused: why it was not asked; on record."""

    atena_nos: tuple[AtenaNo, ...] = ()
    refused: str = ""


class CodeProgress(Message):
    """From the gateway: what became of 符号 requests. processing_no: 処理通番."""

    unified_no: str
    processing_no: str
    state: CodeState
    error: str = ""


class CodeProgressRequest(Message):
    """States that changed. removed: unified numbers that 中間サーバー has taken out after `PendingCodes.removed`."""

    changed: tuple[CodeProgress, ...] = Field(max_length=10_000)
    removed: tuple[UnifiedNo, ...] = Field(default=(), max_length=10_000)


class Empty(Message):
    """Nothing more to say."""


class PendingCodesRequest(Message):
    """Unified numbers that need a 符号 and have not been sent to the gateway yet."""

    limit: int = Field(default=1_000, ge=1, le=10_000)


class PendingCodes(Message):
    """For the gateway: ask 中間サーバー for these. removed: numbers out of use, to be taken out there (削除の通知)."""

    unified_nos: tuple[UnifiedNo, ...]
    removed: tuple[UnifiedNo, ...] = ()


REGISTER = Operation("unified", 1, "register", RegisterRequest, RegisterReply, writes=True, code="0320001")
TO_UNIFIED = Operation("unified", 1, "to-unified", ToUnifiedRequest, Converted)
TO_ATENA = Operation("unified", 1, "to-atena", ToAtenaRequest, Converted)
SHOW_MY_NUMBER = Operation("unified", 1, "show-my-number", MyNumberRequest, MyNumberReply, writes=True)
MATCH_MY_NUMBER = Operation("unified", 1, "match-my-number", MatchRequest, MatchReply)
FIND_BY_MY_NUMBER = Operation("unified", 1, "find-by-my-number", FindRequest, FindReply)
PENDING_CODES = Operation("unified", 1, "pending-codes", PendingCodesRequest, PendingCodes)
PUT_CODE_PROGRESS = Operation("unified", 1, "code-progress", CodeProgressRequest, Empty, writes=True)

_U = "000000000000017"

UNIFIED = Contract(
    id="unified",
    version=1,
    title="団体内統合宛名",
    provider="unified_id",
    operations=(
        REGISTER,
        TO_UNIFIED,
        TO_ATENA,
        SHOW_MY_NUMBER,
        MATCH_MY_NUMBER,
        FIND_BY_MY_NUMBER,
        PENDING_CODES,
        PUT_CODE_PROGRESS,
    ),
    examples={
        "register": {
            "request": {
                "business_id": "900",
                "registrations": [
                    {
                        "atena_no": "000000010234561",
                        "my_number_sealed": "eyJhbGciOiJFQ0RILUVTIn0..example",
                        "resident": True,
                        "name": "髙橋　花子",
                        "birth_date": "2019-05-01",
                        "sex": "2",
                        "address": "札幌市中央区北一条西二丁目１番地",
                    }
                ],
            },
            "reply": {"linked": 1, "unchanged": 0, "errors": []},
        },
        "to-unified": {
            "request": {"business_id": "900", "atena_nos": ["000000010234561"]},
            "reply": {"numbers": [_U], "code_states": ["acquired"]},
        },
        "to-atena": {
            "request": {"business_id": "900", "unified_nos": [_U]},
            "reply": {"numbers": ["000000010234561"], "code_states": []},
        },
        "show-my-number": {
            "request": {
                "atena_no": "000000010234561",
                "business_id": "900",
                "personal_id": "S0001",
                "purpose": "申請の審査",
            },
            "reply": {"my_number_sealed": "eyJhbGciOiJFQ0RILUVTIn0..example"},
        },
        "match-my-number": {
            "request": {
                "atena_no": "000000010234561",
                "my_number_sealed": "eyJhbGciOiJFQ0RILUVTIn0..example",
                "personal_id": "S0001",
                "purpose": "窓口での本人確認",
            },
            "reply": {"known": True, "matches": True, "refused": ""},
        },
        "find-by-my-number": {
            "request": {
                "business_id": "900",
                "my_number_sealed": "eyJhbGciOiJFQ0RILUVTIn0..example",
                "personal_id": "S0001",
                "purpose": "窓口での本人確認",
            },
            "reply": {"atena_nos": ["000000010234561"], "refused": ""},
        },
        "pending-codes": {"request": {"limit": 1000}, "reply": {"unified_nos": [_U]}},
        "code-progress": {
            "request": {
                "changed": [{"unified_no": _U, "processing_no": "P0000000000001", "state": "sent", "error": ""}]
            },
            "reply": {},
        },
    },
)
