"""Public keys of a system that receives sealed values: who sends a 個人番号 seals it to the system that may open it."""

from pydantic import Field

from tasuke.contracts.kit import Contract, Message, Operation
from tasuke.contracts.unified import Empty


class SealingKey(Message):
    """A public key for JWE (ECDH-ES on X25519). jwk without any private part."""

    kid: str
    jwk: dict[str, str]


class SealingKeys(Message):
    """The first is to be used; the others still open what was sealed before a rotation."""

    keys: tuple[SealingKey, ...] = Field(min_length=1)


SEALING_KEYS = Operation("keys", 1, "sealing", Empty, SealingKeys)

KEYS = Contract(
    id="keys",
    version=1,
    title="封緘用の公開鍵",
    provider="(封緘された値を受け取るシステム)",
    operations=(SEALING_KEYS,),
    examples={
        "sealing": {
            "request": {},
            "reply": {
                "keys": [
                    {
                        "kid": "unified_id-1",
                        "jwk": {"kty": "OKP", "crv": "X25519", "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"},
                    }
                ]
            },
        }
    },
)
