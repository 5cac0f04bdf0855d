"""Resource descriptors: how a predicate names a file, data set, tool or other thing.

Source: the in-toto attestation framework, ``spec/v1/resource_descriptor.md``: one of ``uri``, ``digest`` and
``content`` must be there.
"""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.domain import Digest
from violet.provenance.statement import StatementError, digests, parse_time


class PredicateError(ValueError):
    """A predicate that does not say what its type requires; the text is a clause that says what."""


@dataclass(frozen=True, slots=True)
class Resource:
    name: str = ""
    uri: str = ""
    digests: tuple[Digest, ...] = ()
    content: bytes | None = None
    media_type: str = ""
    location: str = ""
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def digest(self, *algorithms: str) -> Digest | None:
        """The first digest of these algorithms."""
        return next((d for name in algorithms for d in self.digests if d.algorithm == name), None)

    def encode(self) -> dict[str, Any]:
        if not self.uri and not self.digests and self.content is None:
            raise PredicateError(f"the resource {self.name!r} needs a uri, a digest or content")
        value: dict[str, Any] = {
            "name": self.name,
            "uri": self.uri,
            "digest": {digest.algorithm: digest.value for digest in self.digests},
            "mediaType": self.media_type,
            "downloadLocation": self.location,
            "annotations": dict(self.annotations),
        }
        if self.content is not None:
            value["content"] = base64.b64encode(self.content).decode("ascii")
        return {name: entry for name, entry in value.items() if entry}

    @classmethod
    def decode(cls, value: Any) -> Resource:
        reader = Fields(value, "a resource")
        content = reader.text("content", "")
        try:
            found = digests(value["digest"]) if value.get("digest") else ()
            data = base64.b64decode(content, validate=True) if "content" in value else None
        except (StatementError, binascii.Error, ValueError) as error:
            raise PredicateError(f"a resource cannot be read: {error}") from error
        return cls(
            name=reader.text("name", ""),
            uri=reader.text("uri", ""),
            digests=found,
            content=data,
            media_type=reader.text("mediaType", ""),
            location=reader.text("downloadLocation", ""),
            annotations=reader.mapping("annotations"),
        )


_MISSING = object()


class Fields:
    """Typed access to a JSON object of unknown origin. Every method raises ``PredicateError``."""

    def __init__(self, value: Any, what: str) -> None:
        if not isinstance(value, dict):
            raise PredicateError(f"{what} is no JSON object")
        self._value = value
        self._what = what

    def text(self, name: str, default: Any = _MISSING) -> str:
        return str(self._typed(name, str, "text", default))

    def mapping(self, name: str) -> Mapping[str, Any]:
        """``{}`` where it is missing."""
        found: Mapping[str, Any] = self._typed(name, dict, "a JSON object", {})
        return found

    def inner(self, name: str) -> Fields:
        return Fields(self._typed(name, dict, "a JSON object", _MISSING), f"{self._what}.{name}")

    def texts(self, name: str) -> tuple[str, ...]:
        """``()`` where it is missing."""
        found = self._typed(name, list, "a list", [])
        if not all(isinstance(entry, str) for entry in found):
            raise PredicateError(f"{name} of {self._what} holds something that is no text")
        return tuple(found)

    def resources(self, name: str) -> tuple[Resource, ...]:
        """``()`` where it is missing."""
        return tuple(Resource.decode(entry) for entry in self._typed(name, list, "a list", []))

    def time(self, name: str) -> datetime.datetime | None:
        text = self.text(name, "")
        try:
            return parse_time(text) if text else None
        except (ValueError, OverflowError):
            raise PredicateError(f"{name} of {self._what} is no time: {text[:60]!r}") from None

    def _typed(self, name: str, kind: type, shown: str, default: Any) -> Any:
        if name not in self._value or self._value[name] is None:
            if default is _MISSING:
                raise PredicateError(f"{self._what} lacks {name}")
            return default
        if not isinstance(self._value[name], kind):
            raise PredicateError(f"{name} of {self._what} is not {shown}")
        return self._value[name]
