"""Typst templates filled with data, one at a time or in shards on spawned processes.

A template reads its data with `json(bytes(sys.inputs.data))`, and the parts that all papers share with
`#import "/platform/documents/templates/parts.typ": *`. The same data give the same bytes: the creation time is the
caller's. Processes are spawned, never forked: a fork after Typst has run hangs on its thread pool.
"""

import json
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import typst

from tasuke.platform.documents.fonts import font_folders
from tasuke.platform.documents.glyphs import with_geta

# templates inside the package may read each other, and nothing outside it
_PACKAGE = Path(__file__).resolve().parents[2]


class PaperFailed(RuntimeError):
    """The template does not compile with these data: the template's fault or a missing value."""


@lru_cache(maxsize=8)
def _fonts(folders: tuple[str, ...]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


@lru_cache(maxsize=32)
def _compiler(template: Path, root: Path) -> typst.Compiler:
    return typst.Compiler(str(template), root=str(root), font_paths=_fonts(tuple(font_folders())))


def _root_of(template: Path) -> Path:
    return _PACKAGE if template.resolve().is_relative_to(_PACKAGE) else template.parent


def render_paper(
    template: Path, data: Any, *, made_at: datetime, root: Path | None = None, tagged: bool = True
) -> bytes:
    """One PDF. data: anything JSON can say; made_at: stands in the PDF as its creation time (aware).

    root: folder that the template may read from (the package for its own templates, else the template's folder).
    A character that no font holds is printed as 〓, never as an empty box. Raises PaperFailed, FontsMissing.
    """
    try:
        pdf = _compiler(template, root or _root_of(template)).compile(
            sys_inputs={"data": with_geta(json.dumps(data, ensure_ascii=False))},
            timestamp=int(made_at.timestamp()),
            pdf_tags=tagged,
        )
    except typst.TypstError as error:
        raise PaperFailed(f"{template.name}: {error}") from error
    if not isinstance(pdf, bytes):
        raise PaperFailed(f"{template.name}: no PDF came out")
    return pdf


def _render_shard(template: Path, root: Path, data: Any, made_at: datetime) -> bytes:
    # untagged: large print runs go to a printer, not to a screen reader, and tags make them four times as large
    return render_paper(template, data, made_at=made_at, root=root, tagged=False)


def render_shards(
    template: Path, shards: Sequence[Any], *, made_at: datetime, workers: int = 2, root: Path | None = None
) -> Iterator[bytes]:
    """One PDF per shard, in order, on `workers` spawned processes; no more than 2 × workers wait in memory.

    A shard of about 1,000 pages keeps a process below 500 MB and costs nothing against larger ones.
    """
    folder = root or _root_of(template)
    if len(shards) <= 1 or workers <= 1:
        yield from (_render_shard(template, folder, data, made_at) for data in shards)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = (pool.submit(_render_shard, template, folder, data, made_at) for data in shards)
        yield from _in_order(jobs, ahead=workers * 2)


def _in_order(jobs: Iterable["Future[bytes]"], *, ahead: int) -> Iterator[bytes]:
    source = iter(jobs)
    waiting = list(islice(source, ahead))
    while waiting:
        yield waiting.pop(0).result()
        waiting.extend(islice(source, 1))
