"""AdmissionReviews as an API server sends them, shortened to what matters and one field that does not."""

from __future__ import annotations

from typing import Any


def review(thing: dict[str, Any], operation: str = "CREATE", group: str = "", uid: str = "u-1") -> dict[str, Any]:
    kind = thing["kind"]
    metadata = thing.get("metadata")
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": group, "version": "v1", "kind": kind},
            "resource": {"group": group, "version": "v1", "resource": f"{kind.lower()}s"},
            "name": metadata.get("name", "") if isinstance(metadata, dict) else "",
            "namespace": "fraud",
            "operation": operation,
            "userInfo": {"username": "ada", "groups": ["system:authenticated"]},
            "object": thing if operation != "DELETE" else None,
            "oldObject": thing if operation != "CREATE" else None,
            "dryRun": False,
        },
    }


def inference_service(uri: str, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """KServe, in the form that names a model format."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "fraud", "annotations": annotations or {}},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": uri}}},
    }


def old_inference_service(uri: str) -> dict[str, Any]:
    """KServe, in the form that names a framework."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "fraud"},
        "spec": {"predictor": {"sklearn": {"storageUri": uri}}, "transformer": {"containers": [{"name": "t"}]}},
    }


def pod(annotations: dict[str, str] | None = None, **container: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "serve-", "annotations": annotations or {}},
        "spec": {"containers": [{"name": "server", "image": "registry/serve:1", **container}]},
    }


def deployment(annotations: dict[str, str]) -> dict[str, Any]:
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": "server", "image": "x"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "serve"},
        "spec": {"template": template},
    }
