"""Answer one AdmissionReview.

Source: Kubernetes, "Dynamic Admission Control" (``admission.k8s.io/v1``): the response carries the request's uid;
a warning may have 256 characters, all together 4,096; audit annotations are keyed without the webhook's name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.domain.admission import AdmissionRequest, AdmissionResponse, ModelReference, ModelVerdict
from violet.services.admission.objects import ANNOTATION_DIGEST, ObjectError, old_references, references

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Judge = Callable[[Sequence[ModelReference]], Sequence[ModelVerdict]]

API_VERSION = "admission.k8s.io/v1"
LONGEST_WARNING = 240
MOST_WARNINGS = 12
LONGEST_MESSAGE = 4000
JUDGED = frozenset({"CREATE", "UPDATE"})
PASSED = frozenset({"DELETE", "CONNECT"})


class ReviewError(ValueError):
    """A request that is no AdmissionReview v1."""


def parse(body: bytes) -> AdmissionRequest:
    """Raises ``ReviewError``."""
    try:
        review = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"the body is not JSON: {error}") from None
    if not isinstance(review, dict) or review.get("kind") != "AdmissionReview":
        raise ReviewError("the body is no AdmissionReview")
    if review.get("apiVersion") != API_VERSION:
        raise ReviewError(f"its apiVersion is {review.get('apiVersion')!r}; {API_VERSION} is understood")
    request = review.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str) or not request["uid"]:
        raise ReviewError("it has no request with a uid")
    kind = request.get("kind")
    if not isinstance(kind, dict):
        raise ReviewError("its request has no kind")
    thing = request.get("object")
    operation = _text(request, "operation")
    if operation not in JUDGED | PASSED:
        raise ReviewError(f"its operation is {operation[:40]!r}; CREATE, UPDATE, DELETE and CONNECT are understood")
    if operation in JUDGED and not isinstance(thing, dict):
        raise ReviewError(f"its request is to {operation} and has no object")
    user, old = request.get("userInfo"), request.get("oldObject")
    return AdmissionRequest(
        uid=request["uid"],
        kind=_text(kind, "kind"),
        group=_text(kind, "group"),
        name=_text(request, "name") or _generated_name(thing),
        namespace=_text(request, "namespace"),
        operation=operation,
        user=_text(user, "username") if isinstance(user, dict) else "",
        object=thing if isinstance(thing, dict) else {},
        old=old if isinstance(old, dict) else {},
    )


def answer(request: AdmissionRequest, judge: Judge, *, demand: bool = False) -> AdmissionResponse:
    """What the gate says of the models that the object names. ``demand`` denies objects that name none."""
    if request.operation not in JUDGED:
        return AdmissionResponse(request.uid, True)
    try:
        named = references(request)
        if _ending(request) and set(named) <= set(old_references(request)):
            return AdmissionResponse(request.uid, True)
    except ObjectError as error:
        return AdmissionResponse(request.uid, False, f"violet: {request.kind} {request.name}: {error}.", code=400)
    if not named:
        if not demand:
            return AdmissionResponse(request.uid, True)
        why = f"it names no model. Name it in the annotation {ANNOTATION_DIGEST}."
        return AdmissionResponse(request.uid, False, f"violet: {request.kind} {request.name}: {why}", code=403)
    verdicts = list(judge(named))
    denied = [verdict for verdict in verdicts if not verdict.allowed]
    lines = [f"{v.reference} ({v.reference.place}): {' '.join(v.reasons) or 'the gate denies it.'}" for v in denied]
    message = "\n".join(lines)
    if denied:
        message = f"violet: the gate denies {request.kind} {request.name}.\n{message}"
    return AdmissionResponse(
        uid=request.uid,
        allowed=not denied,
        message=_cut(message, LONGEST_MESSAGE),
        warnings=tuple(_cut(text, LONGEST_WARNING) for v in verdicts for text in v.warnings)[:MOST_WARNINGS],
        annotations=tuple(_annotations(verdicts)),
        code=403 if denied else 0,
    )


def _ending(request: AdmissionRequest) -> bool:
    """Whether the object is being deleted: whoever cleans up after it must be able to say so, whatever the gate says
    of its models by now. Only the cluster sets the time of a deletion."""
    metadata = request.old.get("metadata")
    return request.operation == "UPDATE" and isinstance(metadata, dict) and bool(metadata.get("deletionTimestamp"))


def encode(response: AdmissionResponse) -> bytes:
    """The AdmissionReview that answers."""
    content: dict[str, Any] = {"uid": response.uid, "allowed": response.allowed}
    if response.message or response.code:
        content["status"] = {"code": response.code or 200, "message": response.message}
    if response.warnings:
        content["warnings"] = list(response.warnings)
    if response.annotations:
        content["auditAnnotations"] = dict(response.annotations)
    return json.dumps({"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": content}).encode()


def _annotations(verdicts: list[ModelVerdict]) -> list[tuple[str, str]]:
    found = []
    for number, verdict in enumerate(verdicts, 1):
        word = "allowed" if verdict.allowed else "denied"
        digest = f" {verdict.digest}" if verdict.digest else ""
        by = f" by its {verdict.how}" if verdict.how else ""
        found.append((f"model-{number}", _cut(f"{word}: {verdict.reference}{digest}{by}", LONGEST_WARNING)))
    return found


def _generated_name(thing: Any) -> str:
    metadata = thing.get("metadata") if isinstance(thing, dict) else None
    if not isinstance(metadata, dict):
        return ""
    return _text(metadata, "name") or _text(metadata, "generateName")


def _text(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    return value if isinstance(value, str) else ""


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
