"""Whose gateway this is: set once by the composition root."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """body: the municipality's own 機関コード. kind: its kind in the permission list."""

    body: str
    kind: str = "municipality"


class NoPolicy(RuntimeError):
    """The composition root has not said whose gateway this is."""


_policy: list[Policy] = []


def set_policy(*, body: str, kind: str = "municipality") -> None:
    """Say whose gateway this is; saying it again replaces it."""
    _policy[:] = [Policy(body, kind)]


def policy() -> Policy:
    """What was set. Raises NoPolicy."""
    if not _policy:
        raise NoPolicy("市中間サーバの機関コードが設定されていません")
    return _policy[0]
