"""What happened to a shard that has the same name and other bytes, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.dataset import IMAGE, OTHER, PARQUET, Difference
from violet.provenance.dataset.columns import ColumnFinder, pair_columns, schema_differences
from violet.provenance.dataset.tell_blocks import tell_blocks
from violet.provenance.dataset.tell_parquet import tell_parquet
from violet.provenance.dataset.tell_rows import tell_rows
from violet.provenance.dataset.wording import counted, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.domain.dataset import Shard
    from violet.provenance.dataset.row_changes import RowChanges

ENDINGS = {"lf": "LF", "crlf": "CRLF", "cr": "CR", "mixed": "a mixture of LF and CRLF", "": "none"}


def tell_shard(
    before: Shard, after: Shard, changes: RowChanges | None, regrouped: Mapping[int, bytes]
) -> list[Difference]:
    """All that can be said of one shard; at least that it is altered."""
    path = before.path
    if before.kind == IMAGE:
        return [_image(before, after)]
    if before.kind == OTHER or after.kind != before.kind:
        return [_altered(before, after)]
    schema = pair_columns(before, after)
    found = _layout(before, after) + schema_differences(before, after, schema)
    if before.kind == PARQUET and changes is None:
        found += tell_parquet(before, after, schema)
        if before.row_digests is not None and after.row_digests is None and after.notes:
            found.append(Difference("not-examined", f"{shown(path)}: {after.notes[0]}.", path))
    elif changes is not None:
        finder = ColumnFinder(before, after, schema)
        names = {group: finder.named(group, digests) for group, digests in regrouped.items()}
        told = tell_rows(before, after, changes, finder, names)
        rewritten = {d.code for d in told} <= {"row-changed", "row-rewritten"}
        every = sum(d.last_row - d.row + 1 for d in told) >= before.rows == after.rows
        if told and rewritten and every and not schema.same:
            told = _columns_only(before, after, finder)  # every row holds the change of the columns
        found += told
    elif before.row_digests is not None and after.row_digests is not None:
        found += tell_blocks(before, after, ColumnFinder(before, after, schema))
    if not found and before.kind == PARQUET:
        text = f"{shown(path)}: the file was written otherwise; no row changed."
        found.append(Difference("shard-rewritten", text, path))
    if not found and not (changes and changes.gaps):  # rows that went to other shards are told elsewhere
        found.append(_otherwise(before, after, changes))
    return found


def _columns_only(before: Shard, after: Shard, finder: ColumnFinder) -> list[Difference]:
    found = []
    for name, at, place in finder.schema.pairs:
        if before.columns[at].digest != after.columns[place].digest:
            text = f'{shown(before.path)}: column "{shown(name)}" changed, too.'
            found.append(Difference("column-changed", text, before.path, columns=(name,)))
    return found


def _otherwise(before: Shard, after: Shard, changes: RowChanges | None) -> Difference:
    """The bytes differ, and no row does."""
    path = before.path
    same = before.row_digests and after.row_digests and before.row_digests.content == after.row_digests.content
    if before.compression and same:
        text = f"{shown(path)} was compressed otherwise; its content is the same."
        return Difference("shard-rewritten", text, path)
    if changes is not None and not changes.gaps:
        text = f"{shown(path)}: bytes between its rows changed; no row did."
        return Difference("shard-rewritten", text, path)
    return _altered(before, after)


def _layout(before: Shard, after: Shard) -> list[Difference]:
    """How a text is written."""
    was, now = before.text, after.text
    if was is None or now is None:
        return []
    name, path = shown(before.path), before.path
    found: list[Difference] = []

    def tell(code: str, text: str) -> None:
        found.append(Difference(code, f"{name}: {text}", path))

    if was.encoding != now.encoding:
        tell("encoding-changed", f"the text was {was.encoding.upper()}, and is {now.encoding.upper()} now.")
    elif was.bom != now.bom:
        tell(
            "bom-changed",
            "the byte-order mark at the start is gone." if was.bom else "a byte-order mark was put in front.",
        )
    if was.delimiter != now.delimiter:
        tell("delimiter-changed", f"the fields were parted by {was.delimiter!r}, and are by {now.delimiter!r} now.")
    if was.quoted and not now.quoted:
        tell(
            "quotes-changed",
            "a quotation mark opens a field that does not end; quotation marks are taken as they stand.",
        )
    if was.ending != now.ending and was.ending and now.ending:
        tell(
            "line-ends-changed",
            f"the lines ended with {ENDINGS.get(was.ending, '?')}, and do with {ENDINGS.get(now.ending, '?')} now.",
        )
    elif was.crlf != now.crlf and was.ending == "mixed":
        tell("line-ends-changed", f"{was.crlf:,} lines ended with CRLF, and {now.crlf:,} do now.")
    if (
        was.header_digest != now.header_digest
        and was.delimiter == now.delimiter
        and before.columns
        and [c.name for c in before.columns] == [c.name for c in after.columns]
    ):
        tell("header-changed", "the header is written otherwise; the names of the columns are the same.")
    if was.ended != now.ended and before.rows == after.rows:
        tell("last-line-changed", f"the last line {'has no line end now' if was.ended else 'has a line end now'}.")
    return found


def _image(before: Shard, after: Shard) -> Difference:
    was, now = before.image, after.image
    text = f"{shown(before.path)}: the image is another one"
    if was and now and was != now:
        text += (
            f" ({_facts(was.format, was.width, was.height)} before, {_facts(now.format, now.width, now.height)} now)"
        )
    elif now is None:
        text = f"{shown(before.path)}: the image is none any more"
    return Difference("image-changed", text + ".", before.path)


def _facts(form: str, width: int, height: int) -> str:
    return f"{form.upper()} of {width} x {height}" if width and height else form.upper()


def _altered(before: Shard, after: Shard) -> Difference:
    path = before.path
    size = "" if before.size == after.size else f" ({before.size:,} bytes before, {after.size:,} now)"
    text = f"{shown(path)} is altered{size}"
    if before.rows >= 0 and after.rows >= 0 and before.rows != after.rows:
        text = f"{shown(path)} is altered ({counted(before.rows, 'row')} before, {after.rows:,} now)"
    if after.notes:
        text += f", and what changed cannot be told: {after.notes[0]}"
    return Difference("shard-changed", text + ".", path)
