"""What a request's scope says beyond ASGI, under the name ``violet``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from violet.runtime.proxy.http_head import Head
    from violet.runtime.proxy.http_server import ServerProtocol


class Extension:
    """What an application of ours may ask of the connection under its request: ``target`` is the request target as it
    came, ``names`` the header names as they were written, ``upgrade`` the protocol that the client would change to
    (empty: none), ``length``, ``chunked`` and ``expects`` what its head says of its body; ``tunnel`` hands the
    connection over after an upgrade."""

    __slots__ = ("_connection", "chunked", "expects", "length", "names", "target", "upgrade")

    def __init__(self, connection: ServerProtocol, target: bytes, names: list[bytes], head: Head) -> None:
        self._connection = connection
        self.target = target
        self.names = names
        self.upgrade = head.upgrade
        self.length = head.length
        self.chunked = head.chunked
        self.expects = head.expect

    def tunnel(self, head: Sequence[tuple[bytes, bytes]], tunnel: Any) -> ServerProtocol:
        """Answer 101 with this head, and give everything that comes from now on to ``tunnel``."""
        return self._connection.become_tunnel(head, tunnel)
