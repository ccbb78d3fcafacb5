"""What the composition root says about the stand-in: which 個人番号 it takes, and how it is run."""

from typing import Literal

from tasuke.platform.crypto.keyrings import SealingKeyPair, SigningKeyPair, keypair_of, signing_of
from tasuke.platform.crypto.vault import Vault, vault_of
from tasuke.systems.nis.calendar import Service, read_service

USING = "nis"
CORE = "CORE"
Accept = Literal["synthetic", "real"]

_policy: list[Accept] = []
_service: list[Service] = []


class NoPolicy(RuntimeError):
    """The composition root has not said which 個人番号 may come in."""


def set_policy(*, accept: Accept) -> None:
    """synthetic: only numbers that can be nobody's (a fictitious city); real: only real ones."""
    _policy[:] = [accept]


def accepted_numbers() -> Accept:
    """Which 個人番号 may come in. Raises NoPolicy: there is no silent default."""
    if not _policy:
        raise NoPolicy("個人番号の扱い(synthetic または real)が決められていません")
    return _policy[0]


def set_service(service: Service | None) -> None:
    """Opening hours and durations; None: those of the package."""
    _service[:] = [service] if service is not None else []


def service() -> Service:
    """Opening hours and durations in force."""
    if not _service:
        _service.append(read_service())
    return _service[0]


def vault() -> Vault:
    """Keys of what is stored here."""
    return vault_of("nis")


def core_sealing() -> SealingKeyPair:
    """Keys that open what bodies send to core."""
    return keypair_of("nis/core")


def core_signing() -> SigningKeyPair:
    """Keys that sign what core sends."""
    return signing_of("nis/core")


def juki_sealing() -> SealingKeyPair:
    """Keys that open the 個人番号 that come through the 住基 side."""
    return keypair_of("nis/juki")
