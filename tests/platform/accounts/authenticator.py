"""A security key in software: ES256, no attestation, a counter. It signs what a browser would hand it, and lies on
demand."""

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
AAGUID = bytes(range(16))


def plain(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """rp_id and origin: what a browser at another address would say. step 0: a device that does not count."""

    origin: str
    rp_id: str = "localhost"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    step: int = 1
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options, **more):
        """Answer of `navigator.credentials.create`."""
        client = self._client("webauthn.create", options)
        data = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(attested=True)})
        response = {"clientDataJSON": coded(client), "attestationObject": coded(data), "transports": ["usb", "odd"]}
        return self._answer(response, **more)

    def get(self, options, *, user_handle=None, **more):
        """Answer of `navigator.credentials.get`; the counter goes on."""
        self.count += self.step
        client, data = self._client("webauthn.get", options), self._data(attested=False)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": coded(client), "authenticatorData": coded(data), "signature": coded(signature)}
        if user_handle is not None:
            response["userHandle"] = coded(user_handle)
        return self._answer(response, **more)

    def _answer(self, response, **more):
        said = coded(self.credential_id)
        return json.dumps({"id": said, "rawId": said, "type": "public-key", "response": response, **more})

    def _client(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, *, attested):
        head = hashlib.sha256(self.rp_id.encode()).digest()
        flags = self.flags | (ATTESTED if attested else 0)
        data = head + bytes([flags]) + struct.pack(">I", self.count)
        if not attested:
            return data
        return data + AAGUID + struct.pack(">H", len(self.credential_id)) + self.credential_id + self._public()

    def _public(self):
        numbers = self.key.public_key().public_numbers()
        x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
