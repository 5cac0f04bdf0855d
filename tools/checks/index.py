"""Write src/violet/checks/index.py: which formats each module's checks are asked of.

Loading every check takes longer than most scans. ``python tools/checks/index.py`` writes the index anew;
``--check`` only says whether it is up to date. A module that is not in it still works: it is loaded always.
"""

from __future__ import annotations

import sys
from pathlib import Path

from violet.checks.base import checks

PATH = Path(__file__).resolve().parents[2] / "src" / "violet" / "checks" / "index.py"
HEAD = '''"""Which formats the checks of each module are asked of. Written by tools/checks/index.py."""

from __future__ import annotations

INDEX: dict[str, tuple[str, ...]] = {
'''


def text() -> str:
    """The index as it should be, of this package's own checks."""
    table: dict[str, set[str]] = {}
    for entry in checks():
        if entry.module.startswith("violet.checks."):
            table.setdefault(entry.module, set()).update(entry.formats)
    lines = [HEAD]
    for module, formats in sorted(table.items()):
        names = [f'"{name}"' for name in sorted(formats)]
        line = f'    "{module}": ({", ".join(names)}{"," if len(names) == 1 else ""}),\n'
        if len(line) > 121:
            line = f'    "{module}": (\n' + "".join(f"        {name},\n" for name in names) + "    ),\n"
        lines.append(line)
    lines.append("}\n")
    return "".join(lines)


def main(arguments: list[str]) -> int:
    wanted = text()
    if "--check" in arguments:
        if PATH.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"{PATH.name} is out of date: run python tools/checks/index.py", file=sys.stderr)
        return 1
    PATH.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
