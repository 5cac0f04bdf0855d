"""What proxies are measured with: a row of 20 columns in the Open Inference Protocol, 450 bytes of body."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

PATH = "/v2/models/credit-risk/infer"
COLUMNS = 20
SIZE = 450
CALLERS = 20


def bodies(count: int = 512, seed: int = 1) -> list[str]:
    """No two alike: a guard that remembers rows must not be flattered by repeats."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        row = ",".join(f"{chance.gauss(0, 1):.6f}" for _ in range(COLUMNS))
        tensor = f'{{"name":"input-0","shape":[1,{COLUMNS}],"datatype":"FP32","data":[{row}]}}'
        text = f'{{"id":"{number}","inputs":[{tensor}]}}'
        found.append(text.ljust(SIZE))
    return found


def requests(count: int = 512) -> Sequence[bytes]:
    """Whole requests, as bytes of HTTP/1.1, from several callers."""
    return [
        (
            f"POST {PATH} HTTP/1.1\r\nHost: model\r\nContent-Type: application/json\r\nAuthorization: Bearer "
            f"caller-{number % CALLERS}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        for number, body in enumerate(bodies(count))
    ]


def lua(path: Path) -> None:
    """The same for wrk."""
    quoted = ",\n".join(f"[==[{body}]==]" for body in bodies())
    path.write_text(
        f"""local bodies = {{
{quoted}
}}
local made, turn = {{}}, 0
function init(args)
  for i, body in ipairs(bodies) do
    local headers = {{ ["Content-Type"] = "application/json", ["Authorization"] = "Bearer caller-" .. (i % {CALLERS}) }}
    made[i] = wrk.format("POST", "{PATH}", headers, body)
  end
end
function request()
  turn = turn % #made + 1
  return made[turn]
end
"""
    )
