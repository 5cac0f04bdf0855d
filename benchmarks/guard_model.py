"""A model server that answers the Open Inference Protocol as fast as Python can: what proxies are measured in front of.

``python benchmarks/guard_model.py PORT`` answers every request with the same scores.
"""

from __future__ import annotations

import asyncio
import sys

import httptools
import uvloop

BODY = (
    b'{"model_name":"credit-risk","id":"1","outputs":[{"name":"scores","datatype":"FP32","shape":[1,2],'
    b'"data":[0.8731,0.1269]}]}'
)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


class Model(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_complete(self) -> None:
        self._transport.write(ANSWER)  # type: ignore[attr-defined]


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", port, backlog=2048)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
