"""``violet admission``: the gate in front of a Kubernetes cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.services.admission.setup import AdmissionOptions

DESCRIPTION = """Answer Kubernetes AdmissionReviews (v1) with the gate: an InferenceService, or a pod whose model is
named in an annotation, runs only if the policy allows its model.

  serve      listen, over HTTPS
  review     answer one recorded AdmissionReview, to see what the webhook would say
  manifest   print the ValidatingWebhookConfiguration to apply"""

EXAMPLES = """  violet admission serve --policy violet.toml --environment production \\
      --map s3://models/=/mnt/models --tls-cert tls.crt --tls-key tls.key
  violet admission review review.json --policy violet.toml --map s3://models/=/mnt/models
  violet admission manifest --ca ca.crt | kubectl apply -f -

exit codes: 0 all well (review: allowed); 1 denied; 2 wrong usage or configuration"""

LARGEST_REVIEW = 8 << 20


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("serve", "review", "manifest"))
    parser.add_argument(
        "file", nargs="?", default="", metavar="FILE", help="review: the AdmissionReview (-: standard input)"
    )
    policy = parser.add_argument_group("policy")
    policy.add_argument("--policy", default="", metavar="FILE", help="the policy (default: violet.toml, searched for)")
    policy.add_argument("--environment", default="", metavar="NAME", help="the policy's environment")
    policy.add_argument("--run-missing", action="store_true", help="scan, and more, what nobody attested")
    policy.add_argument("--evidence", action="append", default=[], metavar="DIR", help="attestations are here, too")
    policy.add_argument(
        "--trust", action="append", default=[], metavar="NAME=FILE", help="believe this public key, too"
    )
    policy.add_argument("--config", default="", metavar="FILE", help="the configuration, where it is not the policy")
    policy.add_argument("--isolated", action="store_true", help="look for no configuration file")
    models = parser.add_argument_group("models")
    models.add_argument(
        "--map", action="append", default=[], metavar="PREFIX=DIR", help="addresses that begin so are found there"
    )
    models.add_argument("--demand-model", action="store_true", help="deny objects that name no model")
    models.add_argument(
        "--accept-claimed-digests",
        action="store_true",
        help="believe the digest that an object claims, where a signed summary allows it (files are not seen)",
    )
    models.add_argument("--summaries", action="append", default=[], metavar="DIR", help="signed summaries for that")
    models.add_argument(
        "--summary-days", type=float, default=30.0, metavar="N", help="how old they may be (default: 30)"
    )
    serving = parser.add_argument_group("serve")
    serving.add_argument("--listen", default="0.0.0.0:8443", metavar="HOST:PORT", help="default: 0.0.0.0:8443")
    serving.add_argument("--tls-cert", default="", metavar="FILE", help="certificate chain, PEM")
    serving.add_argument("--tls-key", default="", metavar="FILE", help="its key, PEM")
    serving.add_argument(
        "--client-ca", default="", metavar="FILE", help="callers must have a certificate of this authority"
    )
    serving.add_argument(
        "--deadline", type=float, default=8.0, metavar="SECONDS", help="then ask the cluster to try again (8)"
    )
    serving.add_argument("--remember", type=float, default=60.0, metavar="SECONDS", help="keep a decision so long (60)")
    serving.add_argument("--jobs", type=int, default=2, metavar="N", help="models examined at once (2)")
    manifest = parser.add_argument_group("manifest")
    manifest.add_argument("--namespace", default="violet", metavar="NAME", help="where the webhook runs (violet)")
    manifest.add_argument(
        "--service", default="violet-admission", metavar="NAME", help="its service (violet-admission)"
    )
    manifest.add_argument("--ca", default="", metavar="FILE", help="the authority that signed its certificate, PEM")
    manifest.add_argument("--inject-ca-from", default="", metavar="NAMESPACE/NAME", help="cert-manager's certificate")
    manifest.add_argument(
        "--exempt", action="append", default=["kube-system"], metavar="NAMESPACE", help="not asked about"
    )
    parser.add_argument("--format", choices=("json",), default="json", help="of review and manifest")
    parser.add_argument("--output", default="", metavar="FILE", help="of review and manifest")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    if arguments.action == "manifest":
        return _manifest(arguments)
    if arguments.action == "review":
        return _review(arguments)
    return _serve(arguments)


def _options(arguments: Namespace) -> AdmissionOptions:
    from violet.services.admission.setup import AdmissionOptions
    from violet.services.gate import GateOptions

    gate = GateOptions(
        path="",
        policy=arguments.policy,
        environment=arguments.environment,
        config=arguments.config,
        isolated=arguments.isolated,
        run_missing=arguments.run_missing,
        stores=tuple(arguments.evidence),
        trust=tuple(arguments.trust),
    )
    return AdmissionOptions(
        gate,
        maps=tuple(arguments.map),
        summaries=tuple(arguments.summaries),
        accept_claimed_digests=arguments.accept_claimed_digests,
        summary_days=arguments.summary_days,
        deadline=arguments.deadline,
        remember=arguments.remember,
        workers=arguments.jobs,
    )


def _review(arguments: Namespace) -> int:
    from dataclasses import replace

    from violet.services.admission.review import ReviewError, answer, encode, parse
    from violet.services.admission.setup import judge_for

    if not arguments.file:
        raise UsageError("Which review?", "violet admission review FILE")
    judge = judge_for(replace(_options(arguments), deadline=86_400.0))
    try:
        request = parse(_read(arguments.file))
    except ReviewError as error:
        raise UsageError(f"{arguments.file} is no AdmissionReview v1: {error}.") from error
    response = answer(request, judge, demand=arguments.demand_model)
    judge.close()
    _print(encode(response).decode(), arguments.output)
    return 0 if response.allowed else 1


def _serve(arguments: Namespace) -> int:
    from violet.faces.admission.app import Application
    from violet.faces.admission.server import ServerOptions, serve
    from violet.services.admission.setup import judge_for

    if not arguments.tls_cert or not arguments.tls_key:
        raise UsageError("A cluster asks over HTTPS only.", "Give --tls-cert and --tls-key.")
    host, colon, port = arguments.listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f"{arguments.listen!r} is no address to listen on.", "Write HOST:PORT: 0.0.0.0:8443")
    judge = judge_for(_options(arguments))
    options = ServerOptions(host.strip("[]"), int(port), arguments.tls_cert, arguments.tls_key, arguments.client_ca)
    try:
        serve(
            Application(judge, demand=arguments.demand_model),
            options,
            lambda address: print(f"violet: answering at {address}", file=sys.stderr, flush=True),
        )
    finally:
        judge.close()
    return 0


def _manifest(arguments: Namespace) -> int:
    import json

    from violet.services.admission.manifest import ManifestOptions, webhook

    made = webhook(
        ManifestOptions(
            arguments.namespace, arguments.service, arguments.ca, arguments.inject_ca_from, tuple(arguments.exempt)
        )
    )
    _print(json.dumps(made, indent=2), arguments.output)
    return 0


def _read(path: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read(LARGEST_REVIEW)
        with open(path, "rb") as file:
            return file.read(LARGEST_REVIEW)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _print(text: str, output: str) -> None:
    if output:
        from violet.faces.cli.output import write_text

        write_text(output, f"{text}\n")
    else:
        print(text)
