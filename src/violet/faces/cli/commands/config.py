"""``violet config show``: what is in force, and where each value came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from violet.faces.cli.output import chosen, deliver
from violet.services.configuration import Configuration, as_text, keys, load

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("console", "json")
SCHEMA = "violet-config/1"

DESCRIPTION = """Show every setting: its value, and where that came from (default, file, environment).
Settings stand in violet.toml or in [tool.violet] of pyproject.toml, searched from the working directory
upward."""

EXAMPLES = """  violet config show
  violet config show --format json
  VIOLET_SCAN_JOBS=1 violet config show"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("show",), default="show")
    parser.add_argument(
        "--config", default="", metavar="FILE", help="obey this configuration file instead of searching"
    )
    parser.add_argument("--isolated", action="store_true", help="look at no configuration file")
    parser.add_argument("--format", choices=FORMATS, help="default: console, or what --output ends in")
    parser.add_argument("--output", default="", metavar="FILE")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    fmt = chosen(arguments.format, arguments.output, FORMATS)
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    text = _as_json(configuration) if fmt == "json" else _as_table(configuration)
    deliver(text, arguments.output)
    return 0


def _as_table(configuration: Configuration) -> str:
    rows = [
        (key.name, as_text(configuration.value(key.name)), configuration.settings[key.name].origin, key.help)
        for key in keys()
    ]
    names, values, origins = (max(len(row[column]) for row in rows) for column in range(3))
    lines = [f"{name:<{names}}  {value:<{values}}  {origin:<{origins}}  {text}" for name, value, origin, text in rows]
    ignore = [f"ignore file: {source.origin} ({len(source.lines)} lines)" for source in configuration.ignore]
    return "\n".join([f"configuration file: {configuration.file or 'none found'}", *ignore, "", *lines, ""])


def _as_json(configuration: Configuration) -> str:
    settings = {
        name: {"value": as_text(setting.value), "origin": setting.origin}
        for name, setting in configuration.settings.items()
    }
    content = {
        "schema": SCHEMA,
        "file": configuration.file,
        "ignore": [source.origin for source in configuration.ignore],
        "settings": settings,
    }
    return json.dumps(content, indent=2) + "\n"
