"""Text of fixed width -> rows of text. Widths are bytes in the agreed encoding; files that count characters are recognised."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch.faults import Extract, Refused, Unparsed
from ingestion.batch.readers.encoding import decode
from lakehouse.contracts import Source

Numbered = list[tuple[int, str]]


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = line of the file, then text columns without the blanks that fill them) and lines of another length.

    Raises Refused.
    """
    form = source.format
    text, notes = decode(body, form.encoding, name)
    lines = [(number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), 1)]
    lines = [(n, line) for n, line in lines if line and not (form.comment and line.startswith(form.comment))]
    wide = sum(form.widths.values())
    by_bytes = [(n, line.encode(form.encoding or "utf-8", errors="replace")) for n, line in lines]
    fitting, in_characters = (sum(len(line) == wide for _, line in some) for some in (by_bytes, lines))
    if not text.endswith("\n") and 0 < max(fitting, in_characters) == len(lines) - 1 and len(by_bytes[-1][1]) < wide:
        raise Refused(f"{name}: breaks off within line {lines[-1][0]}: cut off on its way; send it whole.")
    if fitting < in_characters:
        notes.append("The widths of the columns are characters, not bytes, as agreed; they were read so.")
        return _cut_characters(lines, form.widths, name, notes)
    return _cut_bytes(by_bytes, dict(lines), form.widths, form.encoding or "utf-8", name, notes)


def _cut_characters(lines: Numbered, widths: dict[str, int], name: str, notes: list[str]) -> Extract:
    wide, edges = sum(widths.values()), list(pairwise(accumulate(widths.values(), initial=0)))
    good = [(n, line) for n, line in lines if len(line) == wide]
    values = ([line[a:b].rstrip(" ") for _, line in good] for a, b in edges)
    columns = {column: pa.array(cut, pa.string()) for column, cut in zip(widths, values, strict=True)}
    bad = [_unparsed(n, line, f"has {len(line)} characters", wide, name) for n, line in lines if len(line) != wide]
    return Extract(_table([n for n, _ in good], columns), bad, notes)


def _cut_bytes(
    lines: list[tuple[int, bytes]], texts: dict[int, str], widths: dict[str, int], encoding: str, name: str, notes: list[str]
) -> Extract:
    wide = sum(widths.values())
    good = [(n, line) for n, line in lines if len(line) == wide]
    bad = [_unparsed(n, texts[n], f"has {len(line)} bytes", wide, name) for n, line in lines if len(line) != wide]
    block = np.frombuffer(b"".join(line for _, line in good), np.uint8).reshape(-1, wide)
    edges = pairwise(accumulate(widths.values(), initial=0))
    cut = {column: _column(block[:, a:b], encoding) for column, (a, b) in zip(widths, edges, strict=True)}
    rows = _table([n for n, _ in good], cut)
    torn = np.zeros(rows.num_rows, bool)
    for column, values in cut.items():
        for at in np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)):
            number, torn[at] = good[at][0], True
            reason = f"line {number} of {name}: {column} begins or ends within a character; pad the columns before it anew."
            bad.append(Unparsed(number, texts[number], reason))
    return Extract(rows.filter(pa.array(~torn)), _each_line_once(bad), notes)


def _column(block: np.ndarray, encoding: str) -> pa.Array:
    """Texts of one column (rows x bytes), blanks behind them removed; null where bytes are no characters."""
    ended = np.concatenate([block, np.full((len(block), 1), ord("\n"), np.uint8)], axis=1).tobytes()
    try:
        texts: Sequence[str | None] = ended.decode(encoding).split("\n")[:-1]
    except UnicodeDecodeError:
        texts = [_text(row.tobytes(), encoding) for row in block]
    return pc.utf8_rtrim(pa.array(texts, pa.string()), " ")


def _text(cell: bytes, encoding: str) -> str | None:
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError:
        return None


def _table(numbers: list[int], columns: dict[str, pa.Array]) -> pa.Table:
    return pa.table({"_row_no": pa.array(numbers, pa.int64()), **columns})


def _unparsed(number: int, line: str, has: str, wide: int, name: str) -> Unparsed:
    return Unparsed(number, line, f"line {number} of {name} {has}, the columns together {wide}; pad each to its width.")


def _each_line_once(unparsed: list[Unparsed]) -> list[Unparsed]:
    return list({u.row_no: u for u in reversed(unparsed)}.values())[::-1]
