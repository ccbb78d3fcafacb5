"""Who reaches whom, and how: set by the composition root, asked by a system's `links.py`."""

from tasuke.contracts.kit import Link

_bound: dict[tuple[str, str], Link] = {}


class NotBound(RuntimeError):
    """The composition root has not said how this system reaches that one."""


def bind(provider: str, consumer: str, link: Link) -> None:
    """Say how `consumer` reaches `provider`; saying it again replaces the way."""
    _bound[provider, consumer] = link


def unbind_all() -> None:
    """Forget every way (tests, and a process that is wired anew)."""
    _bound.clear()


def is_bound(provider: str, *, consumer: str) -> bool:
    """Whether there is a way."""
    return (provider, consumer) in _bound


def link_to(provider: str, *, consumer: str) -> Link:
    """The way from `consumer` to `provider`. Raises NotBound."""
    try:
        return _bound[provider, consumer]
    except KeyError:
        raise NotBound(f"{consumer} から {provider} への接続が設定されていません") from None
