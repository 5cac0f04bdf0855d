"""What to apply to a cluster so that it asks the webhook. JSON, which ``kubectl apply -f -`` takes as it is."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from violet.domain import UsageError

LARGEST_BUNDLE = 1 << 20
RULES = (
    ("serving.kserve.io", ("*",), ("*",)),
    ("", ("v1",), ("pods", "pods/ephemeralcontainers", "replicationcontrollers")),
    ("apps", ("v1",), ("deployments", "statefulsets", "daemonsets", "replicasets")),
    ("batch", ("v1",), ("jobs", "cronjobs")),
)
"""API groups, versions and resources that can name a model; of KServe's all, for every release brings new ones. (``*``
leaves out subresources such as ``status``.)"""


@dataclass(frozen=True, slots=True)
class ManifestOptions:
    """``namespace`` and ``service`` are where the webhook runs, ``bundle`` the PEM file of the authority that signed
    its certificate (``""``: left to an injector such as cert-manager's, whose ``injector`` is the certificate's
    ``namespace/name``); ``exempt`` are namespaces that are not asked about, the webhook's own among them."""

    namespace: str = "violet"
    service: str = "violet-admission"
    bundle: str = ""
    injector: str = ""
    exempt: tuple[str, ...] = ("kube-system",)
    timeout: int = 10


def webhook(options: ManifestOptions) -> dict[str, Any]:
    """A ``ValidatingWebhookConfiguration`` that fails closed. Raises ``UsageError`` for a bundle that cannot be
    read, and where nothing says whom the cluster should believe."""
    client: dict[str, Any] = {
        "service": {"namespace": options.namespace, "name": options.service, "path": "/validate", "port": 443}
    }
    metadata: dict[str, Any] = {"name": options.service}
    if options.bundle:
        client["caBundle"] = base64.b64encode(_bundle(options.bundle)).decode()
    elif options.injector:
        metadata["annotations"] = {"cert-manager.io/inject-ca-from": options.injector}
    else:
        raise UsageError(
            "Nothing says which certificate the cluster should believe.",
            "Give --ca FILE, or --inject-ca-from NAMESPACE/NAME.",
        )
    exempt = sorted({options.namespace, *options.exempt})
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": metadata,
        "webhooks": [
            {
                "name": "gate.violet.dev",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "matchPolicy": "Equivalent",
                "timeoutSeconds": options.timeout,
                "clientConfig": client,
                "namespaceSelector": {
                    "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": exempt}]
                },
                "rules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": list(versions),
                        "resources": list(resources),
                        "operations": ["CREATE", "UPDATE"],
                        "scope": "*" if "*" in resources else "Namespaced",
                    }
                    for group, versions, resources in RULES
                ],
            }
        ],
    }


def _bundle(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_BUNDLE)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise UsageError(f"{path} holds no certificate in PEM.")
    return content
