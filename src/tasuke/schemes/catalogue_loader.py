"""Reads schemes from TOML: every fault of a file at once, each with the key path and the reason in Japanese."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from tasuke.core.problems import Problem, Severity
from tasuke.schemes.based_on import resolve_versions
from tasuke.schemes.definition import Scheme
from tasuke.schemes.definition_checks import check_scheme
from tasuke.schemes.toml_messages import message_of

CATALOGUE = ("sapporo-kodomo", "sapporo-hitorioya", "sapporo-judo", "kawasaki-hitorioya", "kawasaki-shoni")


class UnknownScheme(LookupError):
    """No scheme of this id is in the catalogue."""

    def __init__(self, scheme_id: str) -> None:
        super().__init__(f"制度「{scheme_id}」はありません。あるもの: {', '.join(CATALOGUE)}")
        self.scheme_id = scheme_id


class SchemeInvalid(ValueError):
    """A file of the catalogue has faults; `problems` lists them all."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


def parse_scheme(data: bytes, file: str) -> tuple[Scheme | None, list[Problem]]:
    """Read one scheme. Faults: `file`, `field` = key path, `message` in Japanese, all at once; then no scheme."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return None, [_fatal("scheme.encoding", f"UTF-8 として読めません({error.start + 1}バイト目)", file)]
    except tomllib.TOMLDecodeError as error:
        return None, [_fatal("scheme.toml", f"TOML として読めません: {error}", file)]
    resolved, problems = resolve_versions(raw)
    try:
        scheme = Scheme.model_validate(resolved)
    except ValidationError as error:
        problems += [_problem_of(e, resolved) for e in _causes(error.errors())]
        return None, _of_file(problems, file)
    problems += check_scheme(scheme)
    return (None if problems else scheme), _of_file(problems, file)


@lru_cache(maxsize=32)
def load_scheme(scheme_id: str) -> Scheme:
    """A scheme of the catalogue. Raises UnknownScheme, SchemeInvalid."""
    if scheme_id not in CATALOGUE:
        raise UnknownScheme(scheme_id)
    file = f"{scheme_id}.toml"
    data = files("tasuke.schemes").joinpath("catalogue", file).read_bytes()
    scheme, problems = parse_scheme(data, file)
    if scheme is None:
        raise SchemeInvalid(problems)
    return scheme


def load_all() -> list[Scheme]:
    """Every scheme of the catalogue."""
    return [load_scheme(scheme_id) for scheme_id in CATALOGUE]


def _fatal(code: str, message: str, file: str) -> Problem:
    return Problem(code, message, severity=Severity.FATAL, file=file)


def _causes(errors: list[Any]) -> list[Any]:
    """Without 「too short」 of a list whose entries are themselves at fault: that is only the consequence."""
    return [
        e
        for e in errors
        if e["type"] != "too_short"
        or not any(o["loc"][: len(e["loc"])] == e["loc"] and len(o["loc"]) > len(e["loc"]) for o in errors)
    ]


def _problem_of(error: Any, raw: dict[str, Any]) -> Problem:
    return Problem(
        f"scheme.{error['type']}",
        message_of(error),
        field=key_path(error["loc"], raw),
        value=None if error["type"] == "missing" else repr(error["input"])[:80],
        severity=Severity.FATAL,
    )


def key_path(location: tuple[str | int, ...], raw: Any) -> str:
    """Where a fault is, in the words of the file: list entries by their date or key instead of their number."""
    words: list[str] = []
    place = raw
    for step in location:
        place = _step(place, step)
        words.append(_name(place, step) if isinstance(step, int) else str(step))
    return ".".join(words)


def _step(place: Any, step: str | int) -> Any:
    if isinstance(place, dict):
        return place.get(step)
    if isinstance(place, list) and isinstance(step, int) and step < len(place):
        return place[step]
    return None


def _name(entry: Any, number: int) -> str:
    if isinstance(entry, dict):
        for field in ("valid_from", "key", "kind", "subject", "band"):
            if field in entry:
                return str(entry[field])
    return str(number + 1)


def _of_file(problems: list[Problem], file: str) -> list[Problem]:
    seen: dict[tuple[str, str | None, str], Problem] = {}
    for p in problems:
        placed = Problem(p.code, p.message, field=p.field, value=p.value, severity=Severity.FATAL, file=file)
        seen.setdefault((p.code, p.field, p.message), placed)
    return list(seen.values())
