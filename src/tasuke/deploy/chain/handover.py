"""The folder through which systems in processes of their own give each other what they need to call: files of one
reader, made by the provider's people and carried to the consumer's, as letters with secrets are in an office."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasuke.platform.database.embedded import data_folder
from tasuke.platform.transport.clients import Credentials


def handover_folder() -> Path:
    """TASUKE_HANDOVER, or `handover` in the data folder."""
    return Path(os.environ.get("TASUKE_HANDOVER", data_folder() / "handover"))


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a provider: base address ending in `/`, and the credentials of this consumer."""

    base: str
    credentials: Credentials
    ca: str | None = None


def base_of(provider: str) -> str:
    """Address of a provider's API: TASUKE_BASE_<SYSTEM>, or this machine."""
    return os.environ.get(f"TASUKE_BASE_{provider.upper()}", f"http://127.0.0.1:8000/{provider}/")


def put_contact(*, provider: str, consumer: str, body: str, credentials: Credentials) -> None:
    """Leave a client's secret for its consumer."""
    facts = {
        "base": base_of(provider),
        "client_id": credentials.client_id,
        "secret": credentials.secret,
        "ca": os.environ.get("TASUKE_CHAIN_CA"),
    }
    put(f"contacts/{provider}--{consumer}{f'--{body}' if body else ''}.json", facts)


def contact_of(*, provider: str, consumer: str, body: str) -> Contact | None:
    """How this consumer reaches the provider, or None when nothing was left for it."""
    facts = get(f"contacts/{provider}--{consumer}{f'--{body}' if body else ''}.json")
    if facts is None:
        return None
    return Contact(str(facts["base"]), Credentials(str(facts["client_id"]), str(facts["secret"])), facts.get("ca"))


def put(name: str, facts: Mapping[str, Any]) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path = handover_folder() / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(path)


def get(name: str) -> dict[str, Any] | None:
    """What lies there, or None."""
    path = handover_folder() / name
    if not path.exists():
        return None
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts
