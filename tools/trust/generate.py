"""Writes the pickle allow-lists of Violet from the sources of real libraries and from hand-written facts.

    python tools/trust/generate.py --out src/violet/formats/pickle/trust [--source DIR ...] [--why REPORT]

Each ``--source`` is a directory laid out like ``site-packages`` (a virtual environment's, or an unpacked wheel of an
old release: ``pip download --no-deps`` and unzip), the current environment first: what the others lack is looked up
there. The default is the running interpreter's own. ``sources.txt`` lists the
releases the committed data was made from. Nothing found there is imported. ``--why`` writes the classes that were
refused and the reason, for review.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
import textwrap
from collections import defaultdict
from pathlib import Path

import curated_arrays
import curated_base
import curated_learners
import curated_torch
from audit import Auditor
from packages import PACKAGES, SKIP_CLASSES, data_file
from source_tree import SourceTree

LINE = 120  # columns, as configured for the formatter
KINDS = ("CALL", "CHECKED", "CONSTRUCT", "REFER")
CURATED = (curated_base, curated_arrays, curated_torch, curated_learners)
UNSAFE_FUNCTION = (
    "load fetch open read save dump exec eval compile import download url run write get_data store cache resolve"
    " make_ check_"
).split()

Table = dict[str, dict[str, dict[str, str]]]  # kind -> module -> name -> condition


def parse_curated(table: Table) -> None:
    """Add the hand-written lines to the table."""
    for module in CURATED:
        for kind in KINDS:
            for line in getattr(module, kind, "").splitlines():
                if not line.strip():
                    continue
                where, _, names = line.partition(": ")
                for item in names.split():
                    name, _, condition = item.partition("=")
                    table[kind][where][name] = condition


def survey(tree: SourceTree, table: Table, refused: dict[str, str]) -> None:
    """Add every class that passes the audit, and the functions of the chosen modules, of one source tree."""
    auditor = Auditor(tree)
    for package in PACKAGES:
        for name in tree.walk(package.name):
            if not package.wants(name):
                continue
            module = tree.module(name)
            if module is None:
                continue
            for qualname in module.classes:
                if SKIP_CLASSES.search(qualname):
                    continue
                verdict = auditor.trusted(name, qualname)
                if verdict.kind == "refused":
                    refused[f"{name}:{qualname}"] = verdict.why
                else:
                    called = verdict.kind == "enum" or (
                        verdict.kind == "exception" and auditor.harmless_init(name, qualname)
                    )
                    kind = "CALL" if called else "CONSTRUCT"
                    table[kind][name].setdefault(qualname, verdict.condition)
    for name in curated_learners.FUNCTION_MODULES:
        module = tree.module(name)
        for function in sorted(module.functions if module else ()):
            if not function.startswith("_") and not any(part in function for part in UNSAFE_FUNCTION):
                table["REFER"][name].setdefault(function, "")


def strongest_only(table: Table) -> None:
    """Keep each name under its strongest kind; CHECKED wins over CONSTRUCT, hand-written CALL over all."""
    for module in {m for kind in KINDS for m in table[kind]}:
        seen: set[str] = set()
        for kind in KINDS:
            names = table[kind].get(module, {})
            for name in [n for n in names if n in seen]:
                del names[name]
            seen.update(names)


def render(kind_tables: Table, file: str) -> str:
    """The source of one data module."""
    lines = [f'"""Names trusted in pickles ({file}). Written by tools/trust/generate.py: change that instead."""', ""]
    for kind in KINDS:
        modules = {m: n for m, n in sorted(kind_tables[kind].items()) if n}
        if not modules:
            continue
        lines.append(f"{kind}: dict[str, str] = {{")
        for module, names in modules.items():
            words = [f"{n}={c}" if c else n for n, c in sorted(names.items())]
            single = f'    "{module}": "{" ".join(words)}",'
            if len(single) <= LINE:
                lines.append(single)
                continue
            lines.append(f'    "{module}": (')
            text = " ".join(words)
            # One line in brackets where it fits: that is how the formatter would have it.
            chunks = (
                [text]
                if len(text) + 10 <= LINE
                else textwrap.wrap(text, LINE - 11, break_long_words=False, break_on_hyphens=False)
            )
            lines += [f'        "{chunk}{" " if i + 1 < len(chunks) else ""}"' for i, chunk in enumerate(chunks)]
            lines.append("    ),")
        lines.append("}")
    return "\n".join(lines) + "\n"


def write(table: Table, out: Path) -> None:
    """Write one data module per root, and the index of roots."""
    files: dict[str, Table] = {}
    index: dict[str, str] = {}
    for kind in KINDS:
        for module, names in table[kind].items():
            if not names:
                continue
            root = module.partition(".")[0]
            index[root] = data_file(root)
            files.setdefault(index[root], defaultdict(dict))[kind][module] = names
    data = out / "data"
    data.mkdir(parents=True, exist_ok=True)
    for old in data.glob("*.py"):
        old.unlink()
    (data / "__init__.py").write_text('"""Generated allow-lists, one module per root package."""\n')
    for file, content in files.items():
        (data / f"{file}.py").write_text(render(content, file))
    entries = "\n".join(f'    "{root}": "{file}",' for root, file in sorted(index.items()))
    (out / "roots.py").write_text(
        '"""Root packages with an allow-list, and their data modules. Written by tools/trust/generate.py."""\n\n'
        f"ROOTS: dict[str, str] = {{\n{entries}\n}}\n"
    )


def main() -> int:
    """Survey the sources, add the curated facts, write the data modules."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", type=Path, action="append", default=[])
    parser.add_argument("--why", type=Path)
    options = parser.parse_args()
    table: Table = {kind: defaultdict(dict) for kind in KINDS}
    parse_curated(table)
    refused: dict[str, str] = {}
    first, *rest = options.source or [Path(sysconfig.get_paths()["purelib"])]
    current = SourceTree(first)
    for tree in (current, *(SourceTree(source, current) for source in rest)):
        survey(tree, table, refused)
    strongest_only(table)
    write(table, options.out)
    if options.why:
        options.why.write_text("\n".join(f"{name}\t{why}" for name, why in sorted(refused.items())) + "\n")
    total = sum(len(names) for kind in KINDS for names in table[kind].values())
    print(f"{total} names, {len(refused)} classes refused", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
