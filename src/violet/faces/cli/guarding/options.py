"""What several parts of ``violet guard`` ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.services.guarding.watched import WatchedOptions

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_watched_arguments(parser: ArgumentParser) -> None:
    """Which model, and what its traffic is compared with."""
    what = parser.add_argument_group("what is watched")
    what.add_argument("--model", default="model", metavar="NAME", help="what alerts call it (default: model)")
    what.add_argument("--profile", default="", metavar="FILE", help="benign traffic, from: violet profile")
    what.add_argument("--calibration", default="", metavar="FILE", help="thresholds, from: violet guard calibrate")
    what.add_argument("--schema", default="", metavar="FILE", help="types, ranges and relations of a table's columns")
    what.add_argument(
        "--campaign", default="", metavar="FILE", help="known adversarial examples, from: violet guard fingerprints"
    )
    what.add_argument("--triggers", default="", metavar="FILE", help="known triggers of trojans, JSON")
    what.add_argument(
        "--detector", action="append", default=[], metavar="ID", help="only this one; may be repeated (default: all)"
    )
    what.add_argument("--without", action="append", default=[], metavar="ID", help="all but this one; may be repeated")
    what.add_argument(
        "--clients", type=int, default=10_000, metavar="N", help="clients remembered at once (default: 10,000)"
    )
    what.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: 0)")


def watched_options(arguments: Namespace) -> WatchedOptions:
    if arguments.clients < 256:
        raise UsageError("--clients must be 256 or more.", "Fewer cannot be told apart in one batch.")
    if arguments.calibration and not arguments.profile:
        raise UsageError("--calibration comes with the profile it was fitted to.", "Say --profile FILE, too.")
    if arguments.schema and not arguments.profile:
        raise UsageError("--schema needs --profile, which says in which order columns come.")
    if arguments.campaign and not arguments.profile:
        raise UsageError("--campaign comes with the profile it was made with.", "Say --profile FILE, too.")
    return WatchedOptions(
        model=arguments.model,
        profile=arguments.profile,
        calibration=arguments.calibration,
        schema=arguments.schema,
        campaign=arguments.campaign,
        triggers=arguments.triggers,
        only=tuple(arguments.detector),
        without=tuple(arguments.without),
        clients=arguments.clients,
        seed=arguments.seed,
    )
