"""Which other feed a file seems to be: whoever takes the wrong file reads that first, not a list of all its columns."""

from collections.abc import Sequence

from tasuke.core.problems import Problem, Severity
from tasuke.formats.csv_layout.header import read_header
from tasuke.formats.feeds import FEEDS


def name_other_kind(problems: Sequence[Problem], data: bytes, *, kind: str) -> list[Problem]:
    """What is wrong with a file read as this kind; where columns are missing and all those of another feed are there,
    the first problem names that one.

    kind: name in FEEDS. Of several feeds that fit, the one with the most columns is named.
    """
    listed = list(problems)
    if not any(p.code in ("column_missing", "header_missing") for p in listed):
        return listed
    fitting = [(other, FEEDS[other]) for other in FEEDS if other != kind]
    fitting = [(other, layout) for other, layout in fitting if read_header(data, layout)[0] is not None]
    if not fitting:
        return listed
    other, layout = max(fitting, key=lambda named: len(named[1].fields))
    message = f"{layout.title}（{other}）のファイルのようです。{FEEDS[kind].title}（{kind}）としては取り込めません。"
    return [Problem("other_kind", message, severity=Severity.FATAL), *listed]
