"""What cannot be left out of an inquiry: its seals, signatures and commits, and nothing else."""

import time
from datetime import UTC, datetime, timedelta

from tasuke.bench.chain import RECORD
from tasuke.contracts.mediation import Answer, Ask, Outcome, Permit, Permitted, Provided, PublicKey, answer_context

BARE = "sign, seal, open and verify its four letters, and nine rows with a commit each, alone"
_PLACES = 9
_REQUESTER, _PROVIDER, _CORE = "B011002", "B012033", "CORE"


def bare_inquiries(count: int) -> float:
    """Seconds for one inquiry: four letters (asked, permitted, provided, outcome), each signed and sealed by itself as
    X-Road does it, opened and verified, the answer sealed and opened once more, and a row with its commit for each of
    the nine places that must keep it (business, gateway, both 中間サーバー, the centre; there and back)."""
    from django.db import connections

    from tasuke.platform.crypto.envelopes import Claims, make, read
    from tasuke.platform.crypto.keyrings import keypair_of, signing_of
    from tasuke.platform.crypto.sealed import open_with, seal_for

    at = datetime.now(UTC)
    ring, signer = keypair_of("bench"), signing_of("bench").current()
    (sealing, jwk), signing = ring.public_jwks()[0], signing_of("bench").public_jwks()[0][1]
    begin, end = at - timedelta(days=1), at + timedelta(days=1)
    key = PublicKey(body=_CORE, kid=sealing, use="enc", jwk=jwk, valid_from=begin, valid_to=end)
    sender = PublicKey(body=_REQUESTER, kid=signer.kid, use="sig", jwk=signing, valid_from=begin, valid_to=end)
    with connections["nis"].cursor() as cursor:
        cursor.execute("CREATE TABLE bare_letter (id bigserial PRIMARY KEY, kind text, token text)")
        began = time.perf_counter()
        for number in range(count):
            context = answer_context(permit_id=f"K{number:024d}")
            sealed = seal_for(key.jwk, _answer(), context=context)
            tokens = []
            for kind, payload in _letters(number, sealed, at).items():
                claims = Claims(
                    issuer=_REQUESTER, audience=_CORE, message_id=f"{kind}-{number}", sequence=number + 1,
                    issued_at=at, expires_at=at + timedelta(hours=1), kind=kind,
                )  # fmt: skip
                tokens.append(make(payload, signer=signer, recipient=key, claims=claims))
                read(tokens[-1], recipient=ring, senders=lambda _: sender, audience=_CORE, at=at)
            open_with(ring, sealed, context=context)
            for place in range(_PLACES):
                token = tokens[place % len(tokens)]
                cursor.execute("INSERT INTO bare_letter (kind, token) VALUES (%s, %s)", [str(place), token])
        taken = time.perf_counter() - began
        cursor.execute("DROP TABLE bare_letter")
    return taken / count


def _answer() -> bytes:
    return Answer(records=(RECORD,)).model_dump_json().encode()


def _letters(number: int, sealed: str, at: datetime) -> dict[str, bytes]:
    permit = Permit(
        permit_id=f"K{number:024d}", requester=_REQUESTER, provider=_PROVIDER, procedure_code="JT00000000000901",
        information_code="TM00000000000002", issued_at=at, expires_at=at + timedelta(days=7),
    )  # fmt: skip
    ask = Ask(
        request_id=f"Q{number:013d}", code=f"F{number:032d}", procedure_code="JT00000000000901",
        information_code="TM00000000000002", provider=_PROVIDER, year=2026, condition_sealed="",
    )  # fmt: skip
    permitted = Permitted(permit=permit, code=f"F{number:032d}", year=2026, condition_sealed="", undisclosed=False)
    provided = Provided(
        permit_id=permit.permit_id, outcome="found", answer_sealed=sealed,
        item_names=("dependents", "income_levy", "status_code", "tax_year", "total_income"), provided_at=at,
    )  # fmt: skip
    outcome = Outcome(
        request_id=ask.request_id, permit_id=permit.permit_id, outcome="found", answer_sealed=sealed,
        item_names=provided.item_names, provided_at=at,
    )  # fmt: skip
    messages = {"ask": ask, "permitted": permitted, "provided": provided, "outcome": outcome}
    return {kind: message.model_dump_json().encode() for kind, message in messages.items()}
