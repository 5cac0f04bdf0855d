"""What shell text installs: the packages and options of ``pip install`` and its kin."""

from __future__ import annotations

import re
from functools import cache

from violet.formats.project.facts import Dependency, Setting
from violet.formats.project.requirements import classify
from violet.formats.text.region import Lines

MOST = 2_000
_TAKES_VALUE = frozenset(
    "-i --index-url --extra-index-url -f --find-links --trusted-host -r --requirement -c --constraint -e --editable"
    " --index --default-index --allow-insecure-host --index-strategy".split()
)
_OTHER_VALUES = frozenset(
    "-t --target --prefix --root --python --platform --python-version --abi --implementation --progress-bar --retries"
    " --timeout --cache-dir --proxy --cert --log --no-binary --only-binary -d --dest -p --group --extra --src"
    " --config-settings --torch-backend".split()
)
_RENAMED = {"--index": "--extra-index-url", "--default-index": "--index-url", "--allow-insecure-host": "--trusted-host"}


@cache
def _install() -> re.Pattern[str]:
    return re.compile(
        r"(?:\bpip(?:3(?:\.\d+)?)?\s++(?:-[\w-]++(?:=\S++)?\s++){0,12}install|\buv\s+(?:pip\s+install|add|tool\s+install)"
        r"|\bpipx\s+install|\bpoetry\s+add|\bpdm\s+add)\b"
    )


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|(?:[^\s\"'\\;&|<>#]|\\[^\n]|[<>](?=[=\d]))+|[;&|<>#\n]|\\\n")


def installs(text: str, lines: Lines | None = None, base: int = 0) -> list[Dependency | Setting]:
    """What a script has installed, in order. Regions are places in the text that ``lines`` is of, where that is
    given, and ``base`` the place of this text in it; else in this text."""
    lines = lines or Lines(text)
    found: list[Dependency | Setting] = []
    ended = 0
    for start in _install().finditer(text):
        if start.start() < ended or len(found) >= MOST:
            continue
        waiting, waiting_at = "", 0
        for match in _word().finditer(text, start.end()):
            raw = match.group(0)
            ended = match.end()
            if raw == "\\\n":
                continue
            if raw in ";&|<>#\n" or len(found) >= MOST:
                break
            word = raw[1:-1] if raw[0] in "\"'" and len(raw) > 1 else raw
            at = match.start() + (1 if raw[0] in "\"'" else 0)
            if waiting:
                option = _RENAMED.get(waiting, waiting)
                made = None if waiting in _OTHER_VALUES else classify(f"{option} {word}", base + waiting_at, lines)
                waiting = ""
            elif word in _TAKES_VALUE or word in _OTHER_VALUES:
                waiting, waiting_at = word, at
                continue
            elif word.startswith("-"):
                name, equals, value = word.partition("=")
                known = _RENAMED.get(name, name)
                made = classify(f"{known}={value}", base + at, lines) if equals and name in _TAKES_VALUE else None
            elif word.startswith(("$", "{", "`")) or word in (".", ""):
                made = None
            else:
                made = classify(word, base + at, lines)
            if made is not None and not (isinstance(made, Setting) and made.kind == "option"):
                found.append(made)
    return found
