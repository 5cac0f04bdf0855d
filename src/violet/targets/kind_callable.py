"""What stands in a Python module: ``module:name`` of a function, an estimator, a torch module or a target."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.targets.base import Target
    from violet.targets.request import Opening


def open_model(opening: Opening) -> Target:
    """Imports the module, from the working directory too. Raises ``UsageError``, ``TargetError``."""
    from violet.targets.adopting import adopt

    return adopt(named_object(opening.spec.location), opening)


def named_object(dotted: str) -> Any:
    """What ``module:name`` names; the name may be dotted. Raises ``UsageError`` where there is none, and where its
    import fails."""
    from violet.targets.callable_target import first_line
    from violet.targets.data_options import closest

    module_name, colon, name = dotted.partition(":")
    if not (module_name and colon and name):
        raise UsageError(f"{dotted!r} names nothing in a module.", "Write it like package.module:function")
    here = os.getcwd()
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.startswith(error.name):
            raise UsageError(f"{dotted}: there is no module {error.name!r}, here or installed.") from error
        raise UsageError(f"{dotted}: its module needs {error.name!r}, which is not installed.") from error
    except Exception as error:
        raise UsageError(f"{dotted}: its module cannot be imported: {first_line(error)}") from error
    finally:
        if added and here in sys.path:
            sys.path.remove(here)
    for part in name.split("."):
        if not hasattr(found, part):
            known = tuple(other for other in dir(found) if not other.startswith("_"))
            raise UsageError(f"{dotted}: there is no {part!r} in it.", closest(part, known))
        found = getattr(found, part)
    return found
