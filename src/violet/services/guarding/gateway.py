"""A guard before a model, from a policy and a few words on the command line: what each process of it serves."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError
from violet.domain.guarding import GuardPolicy, ModelPolicy
from violet.services.guarding.watched import WatchedOptions, model_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.runtime.judging.spec import JudgeSpec
    from violet.runtime.proxy.options import ProxyOptions
    from violet.runtime.proxy.server_limits import ServerLimits
    from violet.runtime.station import StationOptions

DECOY = "decoy"
"""What the proxy calls the upstream that answers in the place of all models."""


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """``policy`` as read, with what the command line says put in. ``state`` is the guard's directory. ``beside``:
    detectors run in processes of their own. ``only`` and ``without`` are detectors by id. ``campaign`` and ``triggers``
    are files (empty: none) of what is known of attacks on the policy's ``model``; they go before the policy's own."""

    policy: GuardPolicy
    state: str = ""
    beside: bool = True
    campaign: str = ""
    triggers: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    seed: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    metrics: str = ""
    """``HOST:PORT`` for ``/metrics``."""
    workers: int = 1


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """What every process is made from, checked."""

    station: StationOptions
    proxy: ProxyOptions
    server: ServerLimits
    notes: tuple[str, ...] = ()


def with_model(policy: GuardPolicy, name: str, said: ModelPolicy) -> GuardPolicy:
    """The policy with what the command line says of a model; what it does not say stays."""
    name = name or policy.model or (next(iter(policy.models)) if len(policy.models) == 1 else "model")
    known = policy.models.get(name, ModelPolicy())
    merged = ModelPolicy(
        said.profile or known.profile,
        said.calibration or known.calibration,
        said.schema or known.schema,
        said.upstream or known.upstream,
        said.decoy or known.decoy,
        said.ask or known.ask,
    )
    return replace(policy, model=name, models={**policy.models, name: merged})


def plan_gateway(options: GatewayOptions) -> GatewayPlan:
    """Raises ``UsageError`` and ``ConfigurationError`` for whatever would only show when traffic comes."""
    from violet.runtime.alerts.routing import parse_routes
    from violet.runtime.alerts.settings import parse_alerts
    from violet.runtime.proxy.options import ProxyOptions, Upstream
    from violet.runtime.proxy.settings import parse_proxy, parse_server
    from violet.runtime.station import StationOptions
    from violet.runtime.tracing import parse_tracing

    policy = options.policy
    if not policy.upstream:
        raise UsageError("Where the model is is not said.", "Say --upstream http://model:8080")
    judge, notes = _judge(options)
    models = policy.models.items()
    upstreams = [Upstream(policy.upstream)]
    upstreams += [Upstream(one.upstream, model=name) for name, one in models if one.upstream]
    decoys = {name: Upstream(one.decoy, name=f"{DECOY}/{name}") for name, one in models if one.decoy}
    if policy.decoy:
        decoys[""] = Upstream(policy.decoy, name=DECOY)
    file = policy.origin or "the guard's policy"
    timeouts, limits = parse_proxy(policy.proxy, file)
    proxy = ProxyOptions(
        upstreams=tuple(upstreams),
        decoys=tuple(decoys.values()),
        trusted=policy.identity.trusted_proxies,
        fail_open=policy.on_error.value == "open",
        timeouts=timeouts,
        limits=limits,
    )
    if options.state:
        os.makedirs(options.state, mode=0o700, exist_ok=True)
    routes = parse_routes(list(policy.routes), file, options.environment or None)
    if routes and not options.state:
        raise UsageError("Alerts can be sent on only by a guard that keeps them.", "Say --state DIR.")
    station = StationOptions(
        policy=policy,
        correlation=parse_alerts(dict(policy.alerts), file),
        tracing=parse_tracing(dict(policy.tracing), file),
        judge=judge,
        state=options.state,
        beside=options.beside,
        routes=routes,
        decoys={name: one.name for name, one in decoys.items()},
        metrics=_address(options.metrics),
        workers=options.workers,
    )
    return GatewayPlan(station, proxy, parse_server(policy.server, file), tuple(notes))


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--metrics {text} is no address.", "Write HOST:PORT, such as 127.0.0.1:9464.")
    return host.strip("[]"), int(port)


def claim(plan: GatewayPlan) -> None:
    """Take the state directory for this guard, until the process ends. Raises ``UsageError`` where another has it."""
    if plan.station.state:
        from violet.runtime.state import StateDirectory

        StateDirectory(plan.station.state).take()


def _judge(options: GatewayOptions) -> tuple[JudgeSpec, list[str]]:
    """Every file is read once here, so that what is wrong with one is said before anything listens."""
    from violet.runtime.judging.spec import JudgeSpec, build

    policy = options.policy
    notes: list[str] = []
    found = []
    for name, one in policy.models.items():
        spec, _ = model_spec(
            WatchedOptions(
                model=name,
                profile=one.profile,
                calibration=one.calibration,
                schema=one.schema,
                ask=one.ask,
                campaign=options.campaign if name == policy.model else "",
                triggers=options.triggers if name == policy.model else "",
                only=options.only,
                without=(*options.without, *(id_ for id_, said in policy.detectors.items() if said.on is False)),
                clients=policy.clients,
                seed=options.seed,
            )
        )
        thresholds = dict(spec.thresholds)
        for id_, said in policy.detectors.items():
            if said.threshold is not None:
                thresholds[id_] = (said.threshold, float("nan"))
        own = dict(spec.options)
        for id_, said in policy.detectors.items():
            if said.options:
                own[id_] = {**said.options, **own.get(id_, {})}
        spec = replace(spec, thresholds=thresholds, options=own)
        if not one.profile:
            notes.append(f"{name}: there is no profile, so what compares with benign traffic does not run.")
        elif not one.calibration:
            notes.append(f"{name}: thresholds are as they come; fit them with: violet guard calibrate")
        found.append(spec)
    judge = JudgeSpec(tuple(found), policy.clients, options.seed)
    build(judge, lambda alert: None)
    return judge, notes


def application(plan: GatewayPlan, number: int) -> Any:
    """What one process serves: an ASGI application that begins and ends with its guard."""
    from violet.runtime.proxy.app import Proxy
    from violet.runtime.station import Station, Stationed

    station = Station(replace(plan.station, number=number))
    proxy = Proxy(plan.proxy, station.hooks)
    station.metrics.counted["proxy_total"] = lambda: proxy.counts
    hooks = proxy.hooks
    if hooks is not None:
        station.metrics.counted["hook_failures_total"] = lambda: hooks.failures
    return Stationed(proxy, station)
