"""What proxies are measured with: rows of 20 columns in the Open Inference Protocol, 450 bytes, no two alike."""

from __future__ import annotations

import random
from pathlib import Path

PATH = "/v2/models/credit-risk/infer"
COLUMNS = 20
SIZE = 450
CALLERS = 20
LEVELS = 256
"""Different values of a column."""
BEFORE = f'{{"id":"benchmark","inputs":[{{"name":"input-0","shape":[1,{COLUMNS}],"datatype":"FP32","data":['
AFTER = "]}]}"


def values() -> list[str]:
    """Of the normal distribution, each nine characters wide: bodies then have one length."""
    chance = random.Random(1)
    return [f"{max(-9.0, min(9.0, chance.gauss(0, 1))):9.6f}" for _ in range(LEVELS)]


def padding() -> str:
    used = len(BEFORE) + len(AFTER) + COLUMNS * 10 - 1
    return " " * max(0, SIZE - used)


class Traffic:
    """Requests of callers who ask what the model is made for."""

    def __init__(self, seed: int = 2) -> None:
        self._chance = random.Random(seed)
        self._values = values()
        self._end = AFTER + padding()
        length = len(BEFORE) + COLUMNS * 10 - 1 + len(self._end)
        self._heads = [
            f"POST {PATH} HTTP/1.1\r\nHost: model\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer caller-{number}\r\nContent-Length: {length}\r\n\r\n{BEFORE}"
            for number in range(CALLERS)
        ]
        self._turn = 0

    def request(self) -> bytes:
        self._turn = (self._turn + 1) % CALLERS
        row = ",".join(self._chance.choices(self._values, k=COLUMNS))
        return f"{self._heads[self._turn]}{row}{self._end}".encode()


def lua(path: Path) -> None:
    """The same for wrk."""
    quoted = ",".join(f'"{value}"' for value in values())
    path.write_text(
        f"""local values = {{{quoted}}}
local before, after = [==[{BEFORE}]==], [==[{AFTER}{padding()}]==]
local heads, row, turn = {{}}, {{}}, 0
function init(args)
  math.randomseed(2)
  local length = #before + {COLUMNS} * 10 - 1 + #after
  for caller = 1, {CALLERS} do
    heads[caller] = "POST {PATH} HTTP/1.1\\r\\nHost: model\\r\\nContent-Type: application/json\\r\\n"
      .. "Authorization: Bearer caller-" .. (caller - 1) .. "\\r\\nContent-Length: " .. length
      .. "\\r\\n\\r\\n" .. before
  end
end
function request()
  turn = turn % {CALLERS} + 1
  for column = 1, {COLUMNS} do row[column] = values[math.random({LEVELS})] end
  return heads[turn] .. table.concat(row, ",") .. after
end
"""
    )


def benign(path: Path, rows: int = 20_000) -> None:
    """A table of such rows and what the model says of them: what a profile is made of."""
    chance = random.Random(3)
    known = [value.strip() for value in values()]
    with path.open("w") as file:
        file.write(",".join([*(f"c{column}" for column in range(COLUMNS)), "score"]) + "\n")
        for _ in range(rows):
            file.write(",".join([*chance.choices(known, k=COLUMNS), f"{0.1269 + chance.gauss(0, 0.01):.4f}"]) + "\n")
