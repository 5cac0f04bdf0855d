"""``violet guard --upstream``: listen, and stand before a model until stopped."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.domain.guarding import GuardPolicy, Mode, ModelPolicy
from violet.faces.cli.guarding.options import watched_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.faces.gateway.server import GatewayOptions

LISTEN = "127.0.0.1:8081"


def add_serving_arguments(parser: ArgumentParser) -> None:
    serving = parser.add_argument_group("before a model")
    serving.add_argument("--upstream", default="", metavar="URL", help="the model server: http://model:8080")
    serving.add_argument("--listen", default=LISTEN, metavar="HOST:PORT", help=f"default: {LISTEN}; unix:PATH")
    serving.add_argument(
        "--policy", default="", metavar="FILE", help="what to do, and about whom (default: violet.toml)"
    )
    mode = serving.add_mutually_exclusive_group()
    mode.add_argument("--enforce", action="store_true", help="do what is ruled")
    mode.add_argument("--observe", action="store_true", help="look, tell, and change nothing (default)")
    serving.add_argument("--state", default="", metavar="DIR", help="keep alerts, rulings and figures there")
    serving.add_argument("--spool", default="", metavar="DIR", help="keep exchanges there")
    serving.add_argument(
        "--share", default="", metavar="ADDRESS", help="with other guards: redis://HOST:PORT, or a directory"
    )
    serving.add_argument("--metrics", default="", metavar="HOST:PORT", help="answer /metrics there (Prometheus)")
    serving.add_argument("--ask", default="", metavar="URL", help="ask the model there beside the traffic (advice)")
    serving.add_argument("--workers", type=int, default=1, metavar="N", help="processes on the port (default: 1)")
    serving.add_argument("--inline", action="store_true", help="detect in the serving process, not beside it")
    serving.add_argument("--tls-cert", default="", metavar="FILE", help="certificate chain, PEM")
    serving.add_argument("--tls-key", default="", metavar="FILE", help="its key, PEM")
    serving.add_argument(
        "--client-ca", default="", metavar="FILE", help="callers must show a certificate of this authority"
    )
    serving.add_argument("--config", default="", metavar="FILE", help="the configuration, where it is not the policy")
    serving.add_argument("--isolated", action="store_true", help="look for no configuration file")


def serve(arguments: Namespace) -> int:
    """Until interrupted or told to stop."""
    from violet.faces.gateway.server import serve as listen
    from violet.services.guarding.gateway import GatewayOptions, application, claim, plan_gateway
    from violet.services.guarding.needs import GATEWAY, require_guard

    require_guard(GATEWAY)
    policy = _policy(arguments)
    plan = plan_gateway(
        GatewayOptions(
            policy=policy,
            state=arguments.state,
            beside=not arguments.inline,
            campaign=arguments.campaign,
            triggers=arguments.triggers,
            only=tuple(arguments.detector),
            without=tuple(arguments.without),
            seed=arguments.seed,
            metrics=arguments.metrics,
            workers=arguments.workers,
        )
    )
    claim(plan)
    for note in plan.notes:
        print(f"violet: {note}", file=sys.stderr)
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING)

    def started(address: str) -> None:
        does = "enforcing" if policy.mode is Mode.ENFORCE else "observing"
        errors = f"fails {policy.on_error.value}"
        print(f"guarding {policy.upstream} on {address} ({does}, {errors})", flush=True)

    listen(lambda number: application(plan, number), replace(_listening(arguments), limits=plan.server), started)
    return 0


def _policy(arguments: Namespace) -> GuardPolicy:
    """What the file says, and over it what the command line says."""
    from violet.services.guarding.gateway import with_model
    from violet.services.guarding.policy import load_policy

    policy = load_policy(arguments.policy, arguments.config, isolated=arguments.isolated)
    watched = watched_options(arguments)
    said = ModelPolicy(watched.profile, watched.calibration, watched.schema, ask=arguments.ask)
    name = arguments.model if arguments.model != "model" else ""
    policy = with_model(policy, name, said)
    if arguments.upstream:
        policy = replace(policy, upstream=arguments.upstream)
    if arguments.enforce or arguments.observe:
        policy = replace(policy, mode=Mode.ENFORCE if arguments.enforce else Mode.OBSERVE)
    if arguments.spool:
        policy = replace(policy, spool=replace(policy.spool, directory=arguments.spool))
    if arguments.share:
        policy = replace(policy, sharing=replace(policy.sharing, address=arguments.share))
    if arguments.clients != 10_000:
        policy = replace(policy, clients=arguments.clients)
    return policy


def _listening(arguments: Namespace) -> GatewayOptions:
    from violet.faces.gateway.server import GatewayOptions

    tls = {"certificate": arguments.tls_cert, "key": arguments.tls_key, "clients": arguments.client_ca}
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise UsageError("A certificate comes with its key.", "Say both --tls-cert and --tls-key.")
    if arguments.client_ca and not arguments.tls_cert:
        raise UsageError("Callers can show certificates only over TLS.", "Say --tls-cert and --tls-key, too.")
    if arguments.workers < 1:
        raise UsageError("--workers must be 1 or more.")
    if arguments.listen.startswith("unix:"):
        return GatewayOptions(socket=arguments.listen[5:], workers=arguments.workers, **tls)
    host, colon, port = arguments.listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--listen {arguments.listen} is no address.", "Write HOST:PORT, such as 0.0.0.0:8081.")
    return GatewayOptions(host=host.strip("[]"), port=int(port), workers=arguments.workers, **tls)
