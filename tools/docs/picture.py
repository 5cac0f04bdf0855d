"""Draw the rooms: the floors that the import contracts name, and the imports that there really are.

Used by generate.py: docs/rooms.svg is what this returns.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WIDTH = 960
MARGIN = 20
GAP = 24
HEIGHT = 52
STOREY = 104

WHAT = {
    "faces": "command line, admission webhook, gateway: parse, call one service, render",
    "exercises": "the demonstration",
    "services": "the use cases: scan, test, explain, harden, sign, attest, list, gate, fix, promote, watch, admit",
    "runtime": "the guard: proxy, judging, alerts, spool, sharing",
    "checks": "one file a rule",
    "actions": "one file an action",
    "policy": "requirements, waivers",
    "report": "renderers",
    "attacks": "red: one file an attack",
    "defenses": "what makes models harder",
    "explain": "attributions as evidence",
    "detectors": "blue: one file a detector",
    "targets": "what predicts, and data",
    "engine": "workers, hosts, tasks",
    "intel": "ATLAS, OSV, VEX",
    "provenance": "signatures, BOM",
    "registries": "MLflow",
    "formats": "what a file is, and bounded readers that execute nothing",
    "domain": "dataclasses and errors; every room may use it",
}

STYLE = """    rect { fill: #f4f0fa; stroke: #6b3fa0; stroke-width: 1.5 }
    .face rect { fill: #e7dcf5 }
    .ground rect { fill: #ece9f1 }
    text { font-family: "DejaVu Sans", Verdana, sans-serif; fill: #2b1a42 }
    .name { font-size: 15px; font-weight: bold }
    .what { font-size: 11px }
    path.uses { stroke: #6b3fa0; stroke-width: 1.2; stroke-opacity: 0.6; fill: none; marker-end: url(#head) }"""

LABELS = 'aria-labelledby="title description"'

HEAD = """    <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
      <path d="M0 0 L10 5 L0 10 z" fill="#6b3fa0"/>
    </marker>"""


@dataclass(frozen=True, slots=True)
class Box:
    """A room on the page, in pixels."""

    name: str
    floor: int
    x: float
    y: float
    width: float


def picture() -> str:
    """The whole SVG."""
    boxes = _boxes()
    height = MARGIN * 2 + STOREY * max(box.floor for box in boxes.values()) + HEIGHT
    arrows = sorted(pair for pair in imports(boxes) if pair[1] != "domain")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {LABELS}>',
        '  <title id="title">The rooms of Violet</title>',
        '  <desc id="description">Floors of rooms. Arrows show which room uses which; all lead downward.</desc>',
        f"  <style>\n{STYLE}\n  </style>",
        f"  <defs>\n{HEAD}\n  </defs>",
        f'  <rect x="0" y="0" width="{WIDTH}" height="{height}" style="fill: #ffffff; stroke: none"/>',
        *_arrows(boxes, arrows),
        *(_room(box) for box in boxes.values()),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def floors() -> list[list[str]]:
    """The rooms of each floor, from the top, as the contract on layers names them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[room.strip().removeprefix("violet.") for room in names.split("|")] for names in layers]


def imports(rooms: dict[str, Box]) -> set[tuple[str, str]]:
    """Which room imports which at run time."""
    found = set()
    for room in rooms:
        for file in (ROOT / "src" / "violet" / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            text = re.sub(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", "", text, flags=re.MULTILINE)
            for other in re.findall(r"^\s*(?:from|import) violet\.(\w+)", text, re.MULTILINE):
                if other != room and other in rooms:
                    found.add((room, other))
    return found


def _boxes() -> dict[str, Box]:
    boxes = {}
    for number, rooms in enumerate(floors()):
        width = (WIDTH - 2 * MARGIN - GAP * (len(rooms) - 1)) / len(rooms)
        if len(rooms) == 1 and rooms[0] == "exercises":
            width = 300
        for place, room in enumerate(rooms):
            boxes[room] = Box(room, number, MARGIN + place * (width + GAP), MARGIN + number * STOREY, width)
    return boxes


def _arrows(boxes: dict[str, Box], pairs: list[tuple[str, str]]) -> list[str]:
    """Curves from the lower edge of one room to the upper edge of another, spread along both edges."""
    lines = []
    for source, target in pairs:
        start, end = boxes[source], boxes[target]
        leaving = sorted((t for s, t in pairs if s == source), key=lambda name: boxes[name].x)
        coming = sorted((s for s, t in pairs if t == target), key=lambda name: boxes[name].x)
        x1 = start.x + start.width * (leaving.index(target) + 1) / (len(leaving) + 1)
        x2 = end.x + end.width * (coming.index(source) + 1) / (len(coming) + 1)
        y1, y2 = start.y + HEIGHT, end.y - 2
        bend = (y2 - y1) / 2
        lines.append(
            f'  <path class="uses" data-from="{source}" data-to="{target}"'
            f' d="M{x1:.0f} {y1:.0f} C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"/>'
        )
    return lines


def _room(box: Box) -> str:
    kind = {"faces": "face", "formats": "ground", "domain": "ground"}.get(box.name, "room")
    middle = box.x + box.width / 2
    return (
        f'  <g class="{kind}" id="{box.name}">\n'
        f'    <rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{HEIGHT}" rx="6"/>\n'
        f'    <text class="name" x="{middle:.0f}" y="{box.y + 22:.0f}" text-anchor="middle">{box.name}</text>\n'
        f'    <text class="what" x="{middle:.0f}" y="{box.y + 40:.0f}" text-anchor="middle">{WHAT[box.name]}</text>\n'
        "  </g>"
    )
