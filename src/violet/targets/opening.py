"""Open a target from its spec, here or in a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.errors import MissingExtraError, UsageError, VioletError
from violet.targets.base import TargetError
from violet.targets.kinds import kind_of, needs_trust, opener
from violet.targets.request import Opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.targets.base import InputDomain, Target, TargetSpec
    from violet.targets.hosted import Host


def open_target(
    spec: TargetSpec,
    domain: InputDomain | None = None,
    classes: int = 0,
    *,
    names: Sequence[str] = (),
    host: Host | None = None,
) -> Target:
    """The target that ``spec`` names, asked about inputs of ``domain``, its classes in the order of ``names``.

    What runs code when it is loaded is opened where ``spec.trust`` is set and ``host`` starts a process with limits for
    it; such a target offers no gradients. Raises ``UsageError`` for a location or option that makes no sense,
    ``MissingExtraError`` where a package is missing, ``TargetError`` where the model cannot be opened, or does not fit
    the domain or the classes.
    """
    kind = kind_of(spec)
    opening = Opening(spec, domain, classes, tuple(names))
    if needs_trust(spec):
        return _hosted(opening, kind.id, host)
    try:
        return opener(kind)(opening)
    except VioletError:
        raise
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        extra = "torch" if missing in ("torch", "safetensors") else "test"
        raise MissingExtraError(f"A target of kind {kind.id} ({missing})", extra) from error
    except Exception as error:
        from violet.targets.callable_target import first_line

        raise TargetError(
            f"{opening.name} cannot be opened as {kind.id}: {type(error).__name__}: {first_line(error)}"
        ) from error


def _hosted(opening: Opening, kind: str, host: Host | None) -> Target:
    from violet.targets.hosted import HostedTarget

    spec = opening.spec
    if not spec.trust:
        hint = "With --trust it is loaded in a process with limits, if its scan finds nothing against it."
        if kind == "torch":
            hint = f"Name a factory, and only its weights are read: --factory module:function. {hint}"
        raise UsageError(f"{opening.name}: loading it runs code that it holds.", hint)
    if host is None:
        raise TargetError(f"{opening.name} runs code when it is loaded, and no process with limits was given for it.")
    return HostedTarget(host("violet.targets.hosted:serve_model", (spec.location, kind)), opening)
