"""Targets that run code when they are loaded: they are loaded in a process with limits, and asked through a pipe.

The process is started by whoever opens the target (``Host``): it calls ``serve_model``, and gives what that returns one
message after the other. Nothing that comes out of it is unpickled, and every answer is checked as a stranger's.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from violet.domain.errors import VioletError
from violet.targets.answers import to_labels, to_scores
from violet.targets.base import Counter, InputDomain, InputKind, Offers, Target, TargetError, TargetSpec
from violet.targets.callable_target import first_line, prepared
from violet.targets.frames import decode, encode
from violet.targets.request import Opening
from violet.targets.schema import Constraint, Direction, Feature, FeatureType, TableSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Host = Callable[[str, tuple[str, ...]], "Channel"]
    """Starts a process with limits in which ``module:function`` is called with these words and gives a function from
    message to answer."""

MOST_BYTES = 32 << 20
"""Of the rows in one message."""


class Channel(Protocol):
    """The way to a process that answers every message with one."""

    def ask(self, message: bytes) -> bytes:
        """Raises ``VioletError`` where the process has died, or takes too long."""
        ...


# -- on the side of the program --------------------------------------------------------------------


class HostedTarget:
    """The model behind ``channel``. It offers no gradients: those would need the module itself. Raises ``TargetError``
    where the model cannot be opened, and for every answer that is none."""

    def __init__(self, channel: Channel, opening: Opening) -> None:
        self._channel = channel
        self.name = opening.name
        header, arrays = self._ask(*_opening_message(opening))
        domain = opening.domain or _domain(header.get("domain"), arrays)
        offers, classes = header.get("offers"), header.get("classes")
        if not isinstance(offers, int) or not isinstance(classes, int) or not 2 <= classes <= 1_000_000:
            raise TargetError(f"The process of {self.name} did not say what the model offers.")
        known = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
        self.offers = Offers.LABELS | (Offers(offers & known.value))
        self.classes = classes
        self.domain = domain
        self.counter = Counter()

    def labels(self, x: Array) -> Array:
        return self._in_parts("labels", x)

    def scores(self, x: Array) -> Array:
        if Offers.SCORES not in self.offers:
            raise TargetError(f"{self.name} gives labels, and no scores.")
        return self._in_parts("scores", x)

    def _in_parts(self, what: str, x: Array) -> Array:
        x = prepared(x, self.domain, self.name)
        rows = x if self.domain.kind is not InputKind.TEXT else np.array(x, dtype=np.str_)
        size = max(1, rows[:1].nbytes)
        most = max(1, MOST_BYTES // size)
        parts = [self._part(what, rows[start : start + most]) for start in range(0, max(1, len(rows)), most)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _part(self, what: str, rows: Array) -> Array:
        self.counter.rows += len(rows)
        self.counter.calls += 1
        _, arrays = self._ask({"do": what}, [rows])
        if len(arrays) != 1:
            raise TargetError(f"The process of {self.name} sent {len(arrays)} arrays where one was expected.")
        if what == "labels":
            return to_labels(arrays[0], len(rows), self.classes, self.name)
        return to_scores(arrays[0], len(rows), self.classes, self.name, Offers.PROBABILITIES in self.offers)

    def _ask(self, header: dict[str, Any], arrays: list[Array]) -> tuple[dict[str, Any], list[Array]]:
        answer = self._channel.ask(encode(header, arrays))
        try:
            found, values = decode(answer)
        except ValueError as error:
            raise TargetError(f"The process of {self.name} sent no answer that can be read: {error}.") from error
        if "error" in found:
            said, hint = found.get("error"), found.get("hint", "")
            raise TargetError(_printable(said), _printable(hint))
        return found, values


def _printable(text: Any, most: int = 500) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in str(text)[:most])


def _opening_message(opening: Opening) -> tuple[dict[str, Any], list[Array]]:
    header: dict[str, Any] = {
        "do": "open",
        "options": [list(pair) for pair in opening.spec.options],
        "classes": opening.classes,
        "names": list(opening.names),
    }
    if opening.domain is None:
        return header, []
    plain, arrays = _plain_domain(opening.domain)
    return {**header, "domain": plain}, arrays


def _plain_domain(domain: InputDomain) -> tuple[dict[str, Any], list[Array]]:
    schema = domain.schema
    plain: dict[str, Any] = {
        "kind": domain.kind.value,
        "shape": list(domain.shape),
        "layout": domain.layout,
        "names": list(domain.names),
        "dtype": domain.dtype,
    }
    if schema is not None:
        plain["schema"] = {
            "label": schema.label,
            "constraints": [[constraint.text, constraint.tolerance] for constraint in schema.constraints],
            "features": [
                [f.name, f.type.value, f.low, f.high, f.direction.value, list(f.values), f.step, f.group, f.default]
                for f in schema.features
            ],
        }
    return plain, [np.asarray(domain.low, dtype=np.float64), np.asarray(domain.high, dtype=np.float64)]


def _domain(plain: Any, arrays: list[Array]) -> InputDomain:
    """Raises ``TargetError`` for what is no domain."""
    try:
        schema = plain.get("schema")
        return InputDomain(
            kind=InputKind(plain["kind"]),
            shape=tuple(int(axis) for axis in plain["shape"]),
            low=arrays[0],
            high=arrays[1],
            layout=str(plain["layout"]),
            names=tuple(str(name) for name in plain["names"]),
            dtype=str(plain["dtype"]) if plain["dtype"] in ("float32", "float64", "object") else "float64",
            schema=None if schema is None else _schema(schema),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise TargetError("A process said its inputs in a way that makes no sense.") from error


def _schema(plain: Any) -> TableSchema:
    features = tuple(
        Feature(
            name=str(name),
            type=FeatureType(kind),
            low=float(low),
            high=float(high),
            direction=Direction(direction),
            values=tuple(str(value) for value in values),
            step=float(step),
            group=str(group),
            default=None if default is None else float(default),
        )
        for name, kind, low, high, direction, values, step, group, default in plain["features"]
    )
    constraints = tuple(Constraint(str(text), float(tolerance)) for text, tolerance in plain["constraints"])
    return TableSchema(features, constraints, str(plain["label"]))


# -- on the side of the process --------------------------------------------------------------------


def serve_model(path: str, kind: str) -> Callable[[bytes], bytes]:
    """To be called in a process with limits: loads what ``path`` holds, running what it runs, and gives the function
    that answers messages. ``kind`` is ``sklearn`` or ``torch``. What goes wrong is answered, not raised."""
    target: Target | None = None

    def answer(message: bytes) -> bytes:
        nonlocal target
        try:
            header, arrays = decode(message)
            if header["do"] == "open":
                target = _opened(path, kind, header, arrays)
                plain, bounds = _plain_domain(target.domain)
                return encode({"offers": target.offers.value, "classes": target.classes, "domain": plain}, bounds)
            if target is None:
                return encode({"error": "The model was not opened."})
            x = arrays[0]
            if target.domain.kind is InputKind.TEXT:
                x = x.astype(object)
            return encode({}, [target.scores(x) if header["do"] == "scores" else target.labels(x)])
        except VioletError as error:
            return encode({"error": error.what, "hint": error.hint})
        except Exception as error:
            return encode({"error": f"{type(error).__name__}: {first_line(error)}"})

    return answer


def _opened(path: str, kind: str, header: dict[str, Any], arrays: list[Array]) -> Target:
    from violet.targets.adopting import adopt

    options = tuple((str(key), str(value)) for key, value in header["options"])
    domain = _domain(header["domain"], arrays) if "domain" in header else None
    spec = TargetSpec(path, kind, True, options)
    opening = Opening(spec, domain, int(header["classes"]), tuple(str(name) for name in header["names"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thing = _loaded(path, kind)
    return adopt(thing, opening)


def _loaded(path: str, kind: str) -> Any:
    try:
        return _load(path, kind)
    except VioletError:
        raise
    except ModuleNotFoundError as error:
        raise TargetError(f"{path} needs {error.name!r}, which is not installed.") from error
    except Exception as error:
        raise TargetError(f"{path} cannot be loaded: {type(error).__name__}: {first_line(error)}") from error


def _load(path: str, kind: str) -> Any:
    if kind == "torch":
        from violet.targets.torch_trusted import load_whole

        return load_whole(path)
    from violet.targets.content import formats_of

    if "skops" in formats_of(path):
        import skops.io

        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    import joblib

    return joblib.load(path)
