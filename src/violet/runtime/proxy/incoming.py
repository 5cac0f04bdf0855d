"""Bodies of requests that the guard wants to see before they go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from violet.runtime.proxy.answers import busy, too_large
from violet.runtime.proxy.copies import TooLargeError, UnreadableCodingError, decoded


class ClientGoneError(Exception):
    """There is nobody to answer."""


async def collect(scope: dict[str, Any], receive: Any, limit: int, room: Callable[[int], bool]) -> bytes:
    """The whole body. ``room`` is asked for every piece, and has given as many bytes as come back. Raises ``Refused``
    for one that is too large, or for which there is no room; ``ClientGoneError`` where the client goes away."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.strip().isdigit() and int(value) > limit:
            raise too_large(limit)
    pieces: list[bytes] = []
    size = 0
    try:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGoneError
            piece = message.get("body", b"")
            if size + len(piece) > limit:
                raise too_large(limit)
            if not room(len(piece)):
                raise busy()
            size += len(piece)
            pieces.append(piece)
            if not message.get("more_body"):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    except BaseException:
        room(-size)
        raise


def for_hooks(scope: dict[str, Any], body: bytes, limit: int) -> bytes:
    """The body decompressed, where it can be. Raises ``Refused`` where that would be too large."""
    coding = next((value for name, value in scope["headers"] if name == b"content-encoding"), b"")
    if not coding or not body:
        return body
    try:
        return decoded(coding.decode("latin-1"), body, limit)
    except TooLargeError:
        raise too_large(limit) from None
    except UnreadableCodingError:
        return body
