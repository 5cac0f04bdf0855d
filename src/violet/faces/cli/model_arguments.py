"""The options that name a model to be run, and the data it is asked about: shared by all commands that run one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.services.testing.options import DataSource, target_spec

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.targets.base import TargetSpec


def add_target_arguments(parser: ArgumentParser) -> None:
    """How the model is opened: shared by all commands that run one."""
    how = parser.add_argument_group("the model")
    how.add_argument("--kind", default="", metavar="KIND", help="of target, where its content does not tell")
    how.add_argument("--trust", action="store_true", help="load what runs code when loaded, in a process with limits")
    how.add_argument("--factory", default="", metavar="MODULE:FUNCTION", help="makes the torch module for the weights")
    how.add_argument("--protocol", default="", metavar="NAME", help="of a URL: v2, mlflow, tf-serving, template")
    how.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="another option of this kind of target"
    )
    how.add_argument("--no-scan", action="store_true", help="do not scan the model's file first")


def add_data_arguments(parser: ArgumentParser) -> None:
    """Where held-out data come from: shared by all commands that need some."""
    where = parser.add_argument_group("the data")
    where.add_argument("--data", default="", metavar="PATH", help="npz, CSV, Parquet, JSONL, or a folder of images")
    where.add_argument("--schema", default="", metavar="FILE", help="types, ranges and relations of a table's features")
    where.add_argument("--label", default="", metavar="COLUMN", help="the column of the class")
    where.add_argument("--segment", action="append", default=[], metavar="COLUMN", help="split results by it, too")
    where.add_argument("--layout", default="", choices=("", "chw", "hwc", "hw"), help="of images")
    where.add_argument("--range", default="", metavar="LOW:HIGH", help="of the inputs (default: by schema or content)")


def target_of(arguments: Namespace) -> TargetSpec:
    """The target that the command line names. Raises ``UsageError``."""
    if not arguments.model:
        raise UsageError("There is no model.", "Name one: a file, module:function, or a URL.")
    options = [(name, getattr(arguments, name)) for name in ("factory", "protocol") if getattr(arguments, name)]
    for given in arguments.option:
        name, equals, value = given.partition("=")
        if not equals:
            raise UsageError(f"--option {given}: that is no NAME=VALUE.")
        options.append((name, value))
    return target_spec(arguments.model, arguments.kind, arguments.trust, tuple(options))


def data_of(arguments: Namespace) -> DataSource:
    if not arguments.data:
        raise UsageError("There is no data.", "Give held-out data: --data FILE")
    return DataSource(
        path=arguments.data,
        schema=arguments.schema,
        label=arguments.label,
        segments=tuple(arguments.segment),
        layout=arguments.layout,
        value_range=_range(arguments.range),
    )


def _range(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    low, _, high = text.partition(":")
    try:
        found = float(low), float(high)
    except ValueError:
        raise UsageError(f"--range {text}: that is no range.", "Write it like 0:1") from None
    if not found[0] < found[1]:
        raise UsageError(f"--range {text}: the first must be below the second.")
    return found
