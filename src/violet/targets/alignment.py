"""Which of a model's classes is which of the data's: columns of scores are put into the data's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.targets.base import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence


def class_order(
    count: int, own: Sequence[str], names: Sequence[str], model: str, said: bool = False
) -> tuple[int, ...]:
    """Indices into the model's ``count`` outputs: first those of the data's classes ``names``, in their order, then the
    others.

    ``own`` are the names of the outputs (empty: not known), ``said`` that the user gave them. Where ``own`` and
    ``names`` have no word in common, or one of them is empty, outputs are taken by position; except that data whose
    classes are numbers (``3``, ``7``) is taken to mean outputs 3 and 7. Raises ``TargetError`` where the data has
    classes that the model lacks.
    """
    if own and len(own) != count:
        raise TargetError(f"{model} has {count} outputs, and {len(own)} names of classes: {_shown(own)}.")
    if len(names) > count:
        raise TargetError(f"{model} knows {count} classes, and the data has {len(names)}: {_shown(names)}.")
    places = {_plain(word): index for index, word in enumerate(own)}
    if own and len(places) != len(own):
        raise TargetError(f"Two outputs of {model} have the same name: {_shown(own)}.")
    wanted = [_plain(name) for name in names]
    if not own and all(name.isdigit() and int(name) < count for name in wanted):
        places = {str(index): index for index in range(count)}
    missing = [name for name, plain in zip(names, wanted, strict=True) if plain not in places]
    if missing and (said or len(missing) < len(names)):
        raise TargetError(
            f"{model} knows the classes {_shown(own)}, and the data also has {_shown(missing)}.",
            "Leave these rows out, or say the names of its outputs in their order: --option classes=a,b",
        )
    first = list(range(len(names))) if missing else [places[name] for name in wanted]
    taken = set(first)
    return (*first, *(index for index in range(count) if index not in taken))


def _plain(word: str) -> str:
    """``1.0`` and ``1`` are the same class, and so are ``True`` and ``true``."""
    if word.endswith(".0") and word[:-2].lstrip("-").isdigit():
        return word[:-2]
    return word.lower() if word.lower() in ("true", "false") else word


def _shown(words: Sequence[str]) -> str:
    return ", ".join(words[:12]) + (", ..." if len(words) > 12 else "")
