"""Fuzz the readers of advisories and VEX: any bytes are an entry, a document, or refused."""

from __future__ import annotations

import contextlib
import datetime
import json

from violet.intel.osv.entry import EntryError, parse_entry
from violet.intel.osv.layout import pack_affected, pack_head, pack_rest, unpack
from violet.intel.vex import VexError, read_vex
from violet.intel.vex.products import Statements

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def fuzz_one(data: bytes) -> None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    with contextlib.suppress(EntryError, RecursionError):
        advisory = parse_entry(value)
        pack_affected(advisory)
        again = unpack(advisory.id, advisory.modified, advisory.withdrawn, pack_head(advisory), pack_rest(advisory))
        assert again == advisory
    with contextlib.suppress(VexError):
        Statements(read_vex(value, "fuzz"), NOW)
