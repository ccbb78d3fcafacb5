"""Read 総合振込 files: structure first, then each field of all payment lines as a block of bytes."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from tasuke.core.problems import Problem, Severity, is_fatal
from tasuke.formats.zengin import layout
from tasuke.formats.zengin.layout import ACCOUNT_KINDS, CHARACTERS, DATA, EDI, HEADER, TRAILER, Charset, Field
from tasuke.formats.zengin.physical import Bytes, Flags, Records, decode, split
from tasuke.formats.zengin.records import SCHEMA, Header, TransferFile
from tasuke.formats.zengin.structure import Block, find_blocks

_BLANK, _ZERO, _NINE = b" 09"
_WO = 0xA6
_BUSINESSES = {
    "01": "振込入金通知",
    "03": "入出金取引明細",
    "11": "給与振込",
    "12": "賞与振込",
    "41": "配当金支払",
    "71": "給与振込(地方公務員)",
    "72": "賞与振込(地方公務員)",
    "91": "口座振替",
}


def parse(data: bytes) -> tuple[TransferFile | None, list[Problem]]:
    """One transfer file. Bad payment lines are left out and reported; a fault of the whole file gives None.

    A file that holds several header…trailer pairs is refused here: `parse_files` reads those.
    """
    files, problems = parse_files(data)
    if len(files) > 1:
        message = f"ヘッダーからトレーラーまでの組が{len(files)}つ入っています"
        return None, [*problems, Problem("zengin.several", message, severity=Severity.FATAL)]
    return (files[0] if files else None), problems


def parse_files(data: bytes) -> tuple[list[TransferFile], list[Problem]]:
    """Every header…trailer pair of a file. Pairs with a fatal fault (header, totals) are left out."""
    records, problems = split(data)
    if records is None:
        return [], problems
    blocks, found = find_blocks(records)
    problems += found
    if is_fatal(found):
        return [], problems
    files: list[TransferFile] = []
    for block in blocks:
        file, found = _read_block(records, block)
        problems += found
        if file is not None:
            files.append(file)
    return files, problems


def _read_block(records: Records, block: Block) -> tuple[TransferFile | None, list[Problem]]:
    header, problems = _read_header(records.take(slice(block.header, block.header + 1)))
    inside = records.take(slice(block.header + 1, block.trailer))
    payments = inside.take(inside.rows[:, 0] == ord("2"))
    checks = _Checks(payments)
    _check_payments(checks)
    trailer = _Checks(records.take(slice(block.trailer, block.trailer + 1)), Severity.FATAL)
    problems += sorted(checks.problems, key=lambda p: (p.line or 0, p.column or 0))
    problems += _check_trailer(trailer, checks)
    if header is None or is_fatal(problems):
        return None, problems
    return TransferFile(header, _to_frame(payments.take(~checks.bad))), problems


@dataclass(slots=True)
class _Checks:
    """The problems of some records of one kind, and which records they spoil."""

    records: Records
    worst: Severity = Severity.ERROR
    problems: list[Problem] = field(default_factory=list)
    bad: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(len(self.records.rows), dtype=np.bool_)

    def block(self, of: Field) -> Bytes:
        return self.records.rows[:, of.offset : of.end]

    def report(self, of: Field, rows: Flags, code: str, message: str, *, warn: bool = False, at: int = 0) -> None:
        """One problem for each of the flagged records; {value} in the message is the field's text."""
        for index in np.flatnonzero(rows).tolist():
            self._add(of, index, code, message, warn=warn, column=of.offset + at + 1)

    def report_bytes(self, of: Field, wrong: Flags, code: str, message: str, *, warn: bool = False) -> None:
        """One problem for each record, at its first wrong byte; {char} in the message is that byte's character."""
        for index in np.flatnonzero(wrong.any(axis=1)).tolist():
            place = int(wrong[index].argmax())
            byte = int(self.block(of)[index, place])
            shown = decode(bytes([byte])).replace("\ufffd", f"0x{byte:02X}")
            self._add(of, index, code, message.replace("{char}", shown), warn=warn, column=of.offset + place + 1)

    def _add(self, of: Field, index: int, code: str, message: str, *, warn: bool, column: int) -> None:
        value = decode(self.block(of)[index].tobytes())
        severity = Severity.WARNING if warn else self.worst
        line = int(self.records.lines[index])
        text = message.replace("{value}", value.strip())
        self.problems.append(Problem(code, text, line, column, of.label, value.rstrip(), severity))
        self.bad[index] |= not warn


def _check_payments(checks: _Checks) -> None:
    has_edi = checks.block(layout.field(DATA, "identification"))[:, 0] == ord("Y")
    for of in DATA:
        if of.kind == "N":
            _check_digits(checks, of, ~has_edi if of.name.startswith("customer_code") else None)
        else:
            _check_characters(checks, of)
    _check_characters(checks, EDI, has_edi)
    _check_values(checks)


def _check_digits(checks: _Checks, of: Field, where: Flags | None = None) -> Flags:
    """Returns which records hold digits in the field."""
    block = checks.block(of)
    wrong = (block < _ZERO) | (block > _NINE)
    blank = (block == _BLANK).all(axis=1)
    readable: Flags = np.asarray(~wrong.any(axis=1), dtype=np.bool_)
    if where is not None:
        wrong, blank = wrong & where[:, None], blank & where
    if not of.may_be_blank:
        checks.report(of, blank, "zengin.blank", "数字の項目が空白です(0で埋めてください)")
    checks.report_bytes(of, wrong & ~blank[:, None], "zengin.not_digits", "数字でない文字「{char}」があります")
    return readable


def _check_characters(checks: _Checks, of: Field, where: Flags | None = None) -> None:
    block = checks.block(of)
    wrong = ~_allowed(of.charset)[block]
    if where is not None:
        wrong = wrong & where[:, None]
    if of.name in ("holder", "client_name"):
        relaxed = block == _WO
        checks.report_bytes(of, relaxed, "zengin.wo", "「ｦ」を受け付けない金融機関があります", warn=True)
        wrong = wrong & ~relaxed
    # names of banks and branches are for reading only (the codes decide): nothing hangs on them
    checks.report_bytes(of, wrong, "zengin.character", "使えない文字「{char}」があります", warn=of.charset == "shop")


def _allowed(charset: Charset) -> Flags:
    table = np.zeros(256, dtype=np.bool_)
    table[list(CHARACTERS[charset].encode("cp932"))] = True
    return table


def _check_values(checks: _Checks) -> None:
    kind = layout.field(DATA, "account_kind")
    kinds = checks.block(kind)[:, 0]
    unknown = ~np.isin(kinds, list("".join(ACCOUNT_KINDS).encode())) & (kinds >= _ZERO) & (kinds <= _NINE)
    checks.report(kind, unknown, "zengin.account_kind", "預金種目「{value}」は総合振込で使えません(1、2、4、9)")
    amount = layout.field(DATA, "amount")
    checks.report(amount, (checks.block(amount) == _ZERO).all(axis=1), "zengin.amount", "振込金額が0円です")
    holder = layout.field(DATA, "holder")
    checks.report(holder, (checks.block(holder) == _BLANK).all(axis=1), "zengin.holder", "受取人名がありません")
    new_code = layout.field(DATA, "new_code")
    codes = checks.block(new_code)[:, 0]
    beyond = (codes > ord("2")) & (codes <= _NINE)
    checks.report(new_code, beyond, "zengin.new_code", "新規コード「{value}」はありません", warn=True)
    mark = layout.field(DATA, "identification")
    other = ~np.isin(checks.block(mark)[:, 0], (_BLANK, ord("Y")))
    checks.report(mark, other, "zengin.identification", "識別表示「{value}」は金融機関独自のものです", warn=True)


def _numbers(block: Bytes) -> npt.NDArray[np.int64]:
    """Digits as numbers; records that hold other bytes give a number without meaning."""
    weights = 10 ** np.arange(block.shape[1] - 1, -1, -1, dtype=np.int64)
    digits = block.astype(np.int64) - _ZERO
    return np.asarray(digits @ weights, dtype=np.int64)


def _check_trailer(trailer: _Checks, payments: _Checks) -> list[Problem]:
    count, total = layout.field(TRAILER, "count"), layout.field(TRAILER, "total")
    amount = payments.block(layout.field(DATA, "amount"))
    amounts_readable = bool(((amount >= _ZERO) & (amount <= _NINE)).all())
    sums = {count: len(amount), total: int(_numbers(amount).sum())}
    for of, actual in sums.items():
        readable = bool(_check_digits(trailer, of)[0])
        written = int(_numbers(trailer.block(of))[0])
        if readable and written != actual and (of is count or amounts_readable):
            message = f"トレーラーの{of.label}({written:,})がデータレコードの集計({actual:,})と合いません"
            trailer.report(of, np.array([True]), f"zengin.{of.name}", message)
    _check_characters(trailer, layout.field(TRAILER, "filler"))
    return trailer.problems


def _read_header(record: Records) -> tuple[Header | None, list[Problem]]:
    checks = _Checks(record, Severity.FATAL)
    texts = {of.name: decode(checks.block(of)[0].tobytes()) for of in HEADER}
    everything = np.array([True])
    code_kind, business = layout.field(HEADER, "code_kind"), layout.field(HEADER, "business")
    if texts["code_kind"] == "1":
        message = "コード区分が1(EBCDIC)です。EBCDICのファイルは読めません"
        checks.report(code_kind, everything, "zengin.ebcdic", message)
        return None, checks.problems
    if texts["business"] != layout.BUSINESS_TRANSFER:
        name = _BUSINESSES.get(texts["business"], "種別不明")
        checks.report(business, everything, "zengin.business", f"総合振込(21)ではありません({{value}} {name})")
        return None, checks.problems
    for of in HEADER:
        if of.kind == "N":
            _check_digits(checks, of)
        else:
            _check_characters(checks, of)
    if texts["code_kind"] not in ("0", "1", " "):
        checks.report(code_kind, everything, "zengin.code_kind", "コード区分「{value}」はありません(0 JIS)")
    if texts["pay_day"].isdigit() and not _is_month_day(texts["pay_day"]):
        checks.report(layout.field(HEADER, "pay_day"), everything, "zengin.pay_day", "取組日「{value}」は存在しません")
    values = {name: text.rstrip() for name, text in texts.items() if name not in ("kind", "filler")}
    header = None if is_fatal(checks.problems) else Header(**values, line=int(record.lines[0]))
    return header, checks.problems


def _is_month_day(text: str) -> bool:
    month, day = int(text[:2]), int(text[2:])
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _to_frame(payments: Records) -> pl.DataFrame:
    texts = pl.DataFrame({"record": payments.texts()})
    record = pl.col("record")
    columns = {of.name: record.str.slice(of.offset, of.length).str.strip_chars_end(" ") for of in (*DATA, EDI)}
    has_edi = columns["identification"] == "Y"
    for name in ("customer_code1", "customer_code2"):
        columns[name] = pl.when(~has_edi).then(columns[name])
    columns["edi"] = pl.when(has_edi).then(columns["edi"])
    frame = texts.select(**{name: columns[name] for name in SCHEMA if name in columns and name != "amount"})
    amount = payments.rows[:, layout.field(DATA, "amount").offset : layout.field(DATA, "amount").end]
    return frame.with_columns(
        pl.Series("line", payments.lines, dtype=pl.Int64), pl.Series("amount", _numbers(amount), dtype=pl.Int64)
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
