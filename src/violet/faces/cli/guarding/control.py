"""``violet guard rulings``, ``release``, ``replay`` and ``routes``: orders to a guard, and what it knows."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

from violet.domain import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_control_arguments(parser: ArgumentParser) -> None:
    control = parser.add_argument_group("orders (with --state)")
    control.add_argument("--spare", default="", metavar="TIME", help="release: rule nothing against it for 1h, 7d")
    control.add_argument("--alert", default="", metavar="ID", help="replay: the alert whose exchanges are shown")


def rulings(arguments: Namespace) -> int:
    """What is being done with whom."""
    from violet.services.guarding.ordering import rulings as asked

    return _told(asked(_state(arguments)), arguments, "Nothing is being done with anybody.")


def release(arguments: Namespace) -> int:
    """End it: by client, or by the reason that a refused caller was told."""
    from violet.services.guarding.ordering import release as released
    from violet.services.guarding.ordering import undo

    state = _state(arguments)
    if not arguments.target:
        raise UsageError("Whom to release is not said.", "violet guard release CLIENT --state DIR")
    by = getpass.getuser()
    if ":" in arguments.target:
        return _told(
            released(state, arguments.target, by=by, seconds=_spared(arguments)), arguments, "Nothing was in force."
        )
    return _told(undo(state, arguments.target, by=by), arguments, "Nothing was done for that reason.")


def _spared(arguments: Namespace) -> float:
    if not arguments.spare:
        return 0.0
    from violet.services.testing.options import parse_duration

    return parse_duration(arguments.spare, "--spare")


def _told(answers: Any, arguments: Namespace, nothing: str) -> int:
    from violet.report.visible import visible

    worst = 0
    seen: set[tuple[str, str, str]] = set()
    found: list[dict[str, Any]] = []
    for answer in answers:
        if answer.problem:
            print(f"violet: worker {answer.worker}: {answer.problem}", file=sys.stderr)
            worst = 3
        for one in answer.said.get("rulings", ()):
            key = (one["client"], one["model"], one["response"])
            if key not in seen:
                seen.add(key)
                found.append(one)
    if arguments.format == "json":
        print(json.dumps(found, indent=2))
        return worst
    from violet.report.guarding.words import moment

    for one in found:
        until = moment(one["until"]) if one["until"] is not None else "released by hand"
        about = f" ({one['model']})" if one["model"] else ""
        print(
            visible(f"{one['client']}{about}: {one['response']} until {until}, by {one['by']}, reason {one['reason']}")
        )
    if not found and not worst:
        print(nothing)
    return worst


def replay(arguments: Namespace) -> int:
    """The exchanges that an alert rests on, as JSON Lines. Exit code 3 where some are not kept."""
    from violet.report.visible import visible
    from violet.services.guarding.needs import require_guard
    from violet.services.guarding.replaying import replay_alert

    require_guard()
    state = _state(arguments)
    if not arguments.alert:
        raise UsageError("Which alert is not said.", "violet guard replay --state DIR --alert ID")
    found = replay_alert(state, arguments.alert, arguments.spool)
    alert = found.alert
    about = f"{alert.detector}, {alert.client or 'all traffic'}: {alert.evidence.summary or alert.title}"
    print(f"violet: {visible(about)}", file=sys.stderr)
    for line in found.lines():
        print(line)
    if found.missing:
        print(f"violet: not kept: {', '.join(found.missing)}", file=sys.stderr)
    return 3 if found.missing else 0


def routes(arguments: Namespace) -> int:
    """Send a test alert along each route."""
    from violet.report.guarding.words import route_line
    from violet.services.guarding.needs import require_guard
    from violet.services.guarding.policy import load_policy
    from violet.services.guarding.routes import exit_code, send_test_alerts

    require_guard()
    policy = load_policy(arguments.policy, arguments.config, isolated=arguments.isolated)
    only = (arguments.target,) if arguments.target else ()
    file = policy.origin or "the policy"
    results = send_test_alerts(
        policy.routes, file, only=only, state=arguments.state, each=lambda done: print(route_line(done), flush=True)
    )
    return exit_code(results)


def _state(arguments: Namespace) -> str:
    if not arguments.state:
        raise UsageError("Which guard is not said.", "Give its state directory: --state DIR")
    state: str = arguments.state
    return state
