"""Bodies for tests: real keys, real envelopes, real links. What midserver does, in the smallest form."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from tasuke.contracts.mediation import (
    CONFIRM_MAIL,
    FETCH,
    GET_KEYS,
    SEND,
    WANT_CODES,
    Ask,
    AskBatch,
    CodesWanted,
    CodeWanted,
    Confirm,
    Envelope,
    Fetch,
    KeysRequest,
    Provided,
    ProvidedBatch,
    Send,
)
from tasuke.core.numbers import synthetic_my_number
from tasuke.platform.crypto.envelopes import Claims, make, read
from tasuke.platform.crypto.keyrings import keypair_of, signing_of
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import link_to
from tasuke.systems.nis.services.enrol_body import enrol_body
from tasuke.systems.nis.settings_holder import juki_sealing

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
TAX, TAX_OF_CHILD = "TM00000000000002", "JT00000000000901"
NUMBER = synthetic_my_number("12345678901")
OTHER_NUMBER = synthetic_my_number("98765432109")
_ids = count(1)


class Clock:
    """The moment that the stand-in sees."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def forward(self, **by):
        self.now += timedelta(**by)


@dataclass
class Station:
    """One body with its keys, counters and link."""

    code: str
    clock: Clock
    sent: int = 0
    fetched: int = 0
    codes: dict = field(default_factory=dict)  # 処理通番 → 符号

    @property
    def signing(self):
        return signing_of(f"test/{self.code}")

    @property
    def sealing(self):
        return keypair_of(f"test/{self.code}")

    @property
    def link(self):
        return link_to("nis", consumer=f"midserver:{self.code}")

    def enrol(self, kind="municipality"):
        enrol_body(
            code=self.code, name=f"{self.code}(代役)", kind=kind, at=self.clock.now,
            signing=self.signing.public_jwks()[0], sealing=self.sealing.public_jwks()[0],
        )  # fmt: skip
        return self

    def core_key(self, use="enc"):
        keys = self.link.call(GET_KEYS, KeysRequest(known=0)).keys
        return [k for k in keys if k.body == "CORE" and k.use == use][-1]

    def claims(self, kind, **changes):
        made = Claims(
            issuer=self.code, audience="CORE", message_id=f"M{next(_ids):013}", sequence=self.sent + 1,
            issued_at=self.clock.now, expires_at=self.clock.now + timedelta(days=1), kind=kind,
        )  # fmt: skip
        return replace(made, **changes)

    def envelope(self, content, *, signer=None, outer=None, **changes):
        """An envelope with this content. changes: of the claims; outer: of what stands on it."""
        claims = self.claims(getattr(content, "kind", "ask"), **changes)
        payload = content if isinstance(content, bytes) else content.model_dump_json().encode()
        token = make(payload, signer=signer or self.signing.current(), recipient=self.core_key(), claims=claims)
        made = Envelope(
            message_id=claims.message_id, sequence=claims.sequence, sender=self.code, receiver="CORE", token=token
        )
        return made.model_copy(update=outer or {})

    def send(self, *envelopes, key=None):
        """Verdicts, as (verdict, reason)."""
        reply = self.link.call(SEND, Send(envelopes=envelopes), key=key or f"send-{next(_ids)}")
        self.sent += sum(v.verdict == "taken" for v in reply.verdicts)
        return [(v.verdict, v.reason) for v in reply.verdicts]

    def fetch(self, *, limit=20, confirm=True):
        """Contents of the mailbox as JSON values, verified."""
        mail = self.link.call(FETCH, Fetch(after=self.fetched, limit=limit))
        core = {self.core_key("sig").kid: self.core_key("sig")}
        opened = [
            read(e.token, recipient=self.sealing, senders=core.get, audience=self.code, at=self.clock.now)
            for e in mail.envelopes
        ]
        if confirm and mail.envelopes:
            self.fetched = mail.envelopes[-1].sequence
            self.link.call(CONFIRM_MAIL, Confirm(upto=self.fetched), key=f"confirm-{self.code}-{self.fetched}")
        return [json.loads(o.payload) for o in opened]

    def want(self, *numbers, nos=None):
        """Ask for codes through the 住基 side."""
        items = tuple(
            CodeWanted(body=self.code, processing_no=no, my_number_sealed=self.seal_number(number))
            for no, number in zip(nos or [f"P{next(_ids)}" for _ in numbers], numbers, strict=True)
        )
        link = link_to("nis", consumer=f"unified_id:{self.code}")
        return link.call(WANT_CODES, CodesWanted(items=items), key=f"want-{next(_ids)}")

    def seal_number(self, number):
        return seal_for(juki_sealing().public_jwks()[0][1], number.encode(), context="my_number")

    def code_of(self, number=NUMBER):
        """The code of a person here, got in the lawful way."""
        if number not in self.codes:
            self.want(number)
            self.codes[number] = self.fetch()[-1]["items"][0]["code"]
        return self.codes[number]

    def ask(self, asked, code=None, **changes):
        made = Ask(
            request_id=f"R{next(_ids)}", code=code or self.code_of(), procedure_code=TAX_OF_CHILD,
            information_code=TAX, provider=asked.code, year=2026, condition_sealed="",
        )  # fmt: skip
        return made.model_copy(update=changes)

    def send_asks(self, *asks):
        return self.send(self.envelope(AskBatch(asks=asks)))

    def answer(self, permit_id, **changes):
        made = Provided(
            permit_id=permit_id, outcome="found", answer_sealed="sealed-answer", item_names=("total_income",),
            provided_at=self.clock.now,
        )  # fmt: skip
        return made.model_copy(update=changes)

    def send_answers(self, *answers):
        return self.send(self.envelope(ProvidedBatch(items=answers)))
