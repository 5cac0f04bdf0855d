"""What the webhook reads out of reviews, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.admission.reviews import deployment, inference_service, old_inference_service, pod, review
from violet.domain.admission import ModelReference, ModelVerdict
from violet.services.admission.objects import ANNOTATION_DIGEST, ANNOTATION_URI, TEMPLATES, references
from violet.services.admission.review import ReviewError, answer, encode, parse

URI = "s3://models/fraud/1"
DIGEST = "sha256:" + "ab" * 32
KSERVE = "serving.kserve.io"


def named(thing: dict[str, Any], group: str = "") -> list[tuple[str, str]]:
    request = parse(json.dumps(review(thing, group=group)).encode())
    return [(reference.uri, reference.digest) for reference in references(request)]


@pytest.mark.parametrize(
    ("thing", "group", "expected"),
    [
        (inference_service(URI), KSERVE, [(URI, "")]),
        (inference_service(URI, {ANNOTATION_DIGEST: DIGEST}), KSERVE, [("", DIGEST), (URI, DIGEST)]),
        (old_inference_service(URI), KSERVE, [(URI, "")]),
        (pod(), "", []),
        (pod({ANNOTATION_URI: URI}), "", [(URI, "")]),
        (pod({ANNOTATION_DIGEST: DIGEST}), "", [("", DIGEST)]),
        (pod(env=[{"name": "STORAGE_URI", "value": URI}]), "", [(URI, "")]),
        (pod(name="storage-initializer", args=[URI, "/mnt"]), "", [(URI, "")]),
        (deployment({ANNOTATION_URI: URI, ANNOTATION_DIGEST: DIGEST}), "apps", [(URI, DIGEST)]),
    ],
)
def test_models_are_found_where_objects_name_them(
    thing: dict[str, Any], group: str, expected: list[tuple[str, str]]
) -> None:
    assert named(thing, group) == expected


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_every_kind_that_makes_pods_is_looked_into(kind: str) -> None:
    thing: dict[str, Any] = {"metadata": {"annotations": {ANNOTATION_URI: URI}}, "spec": {"containers": []}}
    for name in reversed(TEMPLATES[kind]):
        thing = {name: thing}
    assert named({"kind": kind, **thing}) == [(URI, "")]


def test_kserve_models_of_several_places_are_all_found() -> None:
    thing = inference_service(URI)
    thing["spec"]["predictor"]["model"]["storageUris"] = [{"uri": "s3://adapter"}, "s3://other"]
    thing["spec"]["explainer"] = {"art": {"storage": {"key": "minio", "path": "/explain"}}}
    assert [uri for uri, _ in named(thing, KSERVE)] == [URI, "s3://adapter", "s3://other", "storage://minio/explain"]


def respond(thing: dict[str, Any], verdict: bool = False, demand: bool = False, **more: Any) -> dict[str, Any]:
    request = parse(json.dumps(review(thing, **more)).encode())

    def judge(references: Sequence[ModelReference]) -> list[ModelVerdict]:
        reasons, warnings = ("signature: It is not signed.",), ("w" * 500,)
        return [ModelVerdict(r, verdict, reasons, warnings, "content", DIGEST) for r in references]

    content: dict[str, Any] = json.loads(encode(answer(request, judge, demand=demand)))
    assert (content["apiVersion"], content["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    response: dict[str, Any] = content["response"]
    assert response["uid"] == "u-1"
    return response


def test_a_denial_says_which_model_and_why() -> None:
    response = respond(inference_service(URI), group=KSERVE)
    assert not response["allowed"]
    assert response["status"]["code"] == 403
    assert response["status"]["message"].splitlines() == [
        "violet: the gate denies InferenceService fraud.",
        f"{URI} (spec.predictor.model.storageUri): signature: It is not signed.",
    ]
    assert response["auditAnnotations"] == {"model-1": f"denied: {URI} {DIGEST} by its content"}


def test_what_is_allowed_is_warned_about_within_what_a_cluster_takes() -> None:
    response = respond(inference_service(URI), verdict=True, group=KSERVE)
    assert response["allowed"]
    assert [len(warning) for warning in response["warnings"]] == [240]


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT"])
def test_what_runs_no_model_is_let_through(operation: str) -> None:
    assert respond(inference_service(URI), operation=operation, group=KSERVE) == {"uid": "u-1", "allowed": True}


def test_an_object_without_a_model_passes_unless_one_is_demanded() -> None:
    assert respond(pod())["allowed"]
    response = respond(pod(), demand=True)
    assert not response["allowed"]
    assert ANNOTATION_DIGEST in response["status"]["message"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda thing: thing.update(spec=[]),
        lambda thing: thing.update(metadata=3),
        lambda thing: thing["metadata"].update(annotations={ANNOTATION_URI: 7}),
        lambda thing: thing["spec"].update(containers={"name": "x"}),
        lambda thing: thing["spec"].update(containers=["x"]),
    ],
)
def test_an_object_that_is_not_shaped_as_its_kind_is_denied(spoil: Any) -> None:
    thing = pod()
    spoil(thing)
    response = respond(thing, verdict=True)
    assert not response["allowed"]
    assert response["status"]["code"] == 400


def test_depth_is_bounded() -> None:
    thing = inference_service(URI)
    node = thing["spec"]
    for _ in range(200):
        node["x"] = {}
        node = node["x"]
    node["storageUri"] = URI
    assert not respond(thing, verdict=True, group=KSERVE)["allowed"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "no AdmissionReview"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}', "v1beta1"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}', "no request"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":""}}', "no request"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1"}}', "no kind"),
    ],
)
def test_what_is_no_review_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ReviewError, match=why):
        parse(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["spec", "metadata", "annotations", "containers", "env", "template", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([*TEMPLATES, "Pod", "InferenceService"]),
    st.dictionaries(st.sampled_from(["spec", "metadata"]), JSON),
)
def test_any_object_gets_an_answer(kind: str, content: dict[str, Any]) -> None:
    group = KSERVE if kind == "InferenceService" else ""
    request = parse(json.dumps(review({"kind": kind, **content}, group=group)).encode())
    made = json.loads(encode(answer(request, lambda named: [ModelVerdict(reference, True) for reference in named])))
    response = made["response"]
    assert response["uid"] == request.uid
    assert response["allowed"] or response["status"]["code"] == 400, "only what cannot be read is denied here"
