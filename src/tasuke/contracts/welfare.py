"""社会保障宛名 → 業務: persons incl. 住登外者, tax figures by year, accounts, mailing addresses; and the 付番 API.

The 付番 API follows 共通機能標準仕様書 別紙7-2 (機能別連携仕様 住登外者宛名番号付番, v2.0) in names and error codes
E0001–E0004; the changes are our own documented format.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from tasuke.contracts.kit import Contract, Message, Operation

Value = str | bool | int | None
ChangeKind = Literal["person", "tax", "account", "mailing", "nonresident", "merge"]


class WelfareChange(Message):
    """One change of one person. items: field names of the resident, tax and account layouts in `formats`.

    For `merge`, items name `merged_into`; numbers are never given anew (名寄せ keeps both).
    """

    sequence: int = Field(ge=1)
    kind: ChangeKind
    atena_no: str
    valid_from: date
    recorded_at: datetime
    items: dict[str, Value]


class ChangesRequest(Message):
    """Changes after a sequence number."""

    after: int = Field(ge=0)
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Changes(Message):
    """changes in order; last: highest sequence that exists for the caller."""

    changes: tuple[WelfareChange, ...]
    last: int


class FourInfo(Message):
    """基本4情報. birth_text when the date is not wholly known."""

    shimei: str = Field(max_length=100)
    shimei_furigana: str | None = Field(default=None, max_length=100)
    seibetsu: Literal["1", "2", "3"]
    seinengappi: date | None
    seinengappi_fushohyoki: str | None = Field(default=None, max_length=72)
    jusho: str = Field(max_length=300)
    yubinbango: str | None = Field(default=None, pattern=r"^\d{7}$")


class NonresidentRequest(Message):
    """住登外者宛名番号付番. shorikubun 0: give a number; 1: a number that exists; 2: one of the candidates.

    kojinbango_sealed: 個人番号 (`kojinbango` of the 付番 API) as JWE to 団体内統合宛名, context `my_number`; it is
    handed on and cannot be read on the way.
    """

    shorikubun: Literal["0", "1", "2"]
    shikuchosonkodo: str = Field(pattern=r"^\d{6}$")
    atenabango: str | None = Field(default=None, pattern=r"^\d{1,15}$")
    four_info: FourInfo
    gyomuid: str = Field(pattern=r"^[0-9A-Za-z]{3}$")
    nayosemotofuragu: Literal["0", "1"] = "0"
    nayosesakiatenabango: str | None = Field(default=None, pattern=r"^\d{1,15}$")
    tagyomusanshofukafuragu: Literal["0", "1"] = "0"
    sosashaid: str = Field(max_length=10)
    kojinbango_sealed: str | None = None


class NonresidentReply(Message):
    """The number, and how often its record has changed."""

    atenabango: str
    rirekibango: int
    sosanengappi: date


class SearchRequest(Message):
    """Search by 4 information, also in the history. Names match as search keys (異体字 folded)."""

    shimei: str | None = None
    seinengappi: date | None = None
    seibetsu: Literal["1", "2", "3"] | None = None
    jusho: str | None = None
    partial: bool = False
    limit: int = Field(default=20, ge=1, le=100)


class Candidate(Message):
    """Somebody who may be meant. current: false when only a former state fits.

    protected: 支援措置; the address (`jusho`, `yubinbango`) is then empty.
    """

    atenabango: str
    resident: bool
    current: bool
    protected: bool = False
    four_info: FourInfo


class Candidates(Message):
    """The best first; more: there are others."""

    candidates: tuple[Candidate, ...]
    more: bool


CHANGES = Operation("welfare", 1, "changes", ChangesRequest, Changes)
ASSIGN_NONRESIDENT = Operation(
    "welfare", 1, "jutogaishaatenabangofuban", NonresidentRequest, NonresidentReply, writes=True, code="0310001"
)
SEARCH_PERSONS = Operation("welfare", 1, "search", SearchRequest, Candidates)

_FOUR = {
    "shimei": "佐藤　太郎",
    "shimei_furigana": "サトウ　タロウ",
    "seibetsu": "1",
    "seinengappi": "1985-03-02",
    "seinengappi_fushohyoki": None,
    "jusho": "北海道小樽市架空町一丁目１番地",
    "yubinbango": "0470001",
}

WELFARE = Contract(
    id="welfare",
    version=1,
    title="社会保障宛名",
    provider="welfare",
    operations=(CHANGES, ASSIGN_NONRESIDENT, SEARCH_PERSONS),
    examples={
        "changes": {
            "request": {"after": 0, "limit": 1000},
            "reply": {
                "changes": [
                    {
                        "sequence": 1,
                        "kind": "tax",
                        "atena_no": "000000010234561",
                        "valid_from": "2026-06-01",
                        "recorded_at": "2026-06-10T09:00:00+09:00",
                        "items": {"tax_year": 2026, "status_code": "3", "total_income": 3120000},
                    }
                ],
                "last": 1,
            },
        },
        "jutogaishaatenabangofuban": {
            "request": {
                "shorikubun": "0",
                "shikuchosonkodo": "011002",
                "four_info": _FOUR,
                "gyomuid": "900",
                "sosashaid": "S0001",
            },
            "reply": {"atenabango": "000000900000014", "rirekibango": 1, "sosanengappi": "2026-04-01"},
        },
        "search": {
            "request": {"shimei": "佐藤太郎", "limit": 20},
            "reply": {
                "candidates": [
                    {"atenabango": "000000900000014", "resident": False, "current": True, "four_info": _FOUR}
                ],
                "more": False,
            },
        },
    },
)
