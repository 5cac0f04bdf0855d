"""What a Keras configuration names, as the checks need it."""

from __future__ import annotations

from dataclasses import dataclass, field

from violet.formats.keras.code import Code


def visible(text: str, most: int = 400) -> str:
    """Text from a configuration as it can be shown: one line, no control characters, no lone surrogates."""
    text = text[:most]
    return text if text.isascii() and text.isprintable() else ascii(text)[1:-1]


@dataclass(frozen=True, slots=True)
class KerasObject:
    """One object that loading the configuration would make or look up.

    ``where`` is its place in the JSON; ``name`` the class or function; ``module`` and ``registered`` as
    written (``None`` where absent); ``function`` says that it is looked up and not instantiated;
    ``owner`` is the nearest class around it; ``arguments`` a short text of what it would be given.
    """

    where: str
    name: str
    module: str | None = None
    registered: str | None = None
    function: bool = False
    owner: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class LambdaCode:
    """Code of a Lambda; ``code`` is ``None`` where the text is not a marshalled code object."""

    where: str
    layer: str
    code: Code | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class PathValue:
    """A field whose value the named class opens as a file, directory or address when it is loaded."""

    where: str
    owner: str
    key: str
    value: str


@dataclass(slots=True)
class KerasFacts:
    """``yaml_tags`` are tags of a YAML text that name Python objects, with their line number."""

    objects: list[KerasObject] = field(default_factory=list)
    lambdas: list[LambdaCode] = field(default_factory=list)
    paths: list[PathValue] = field(default_factory=list)
    expressions: list[tuple[str, str]] = field(default_factory=list)
    """Places and texts that a class evaluates as Python (``RWKVTokenizer`` does so with its vocabulary)."""
    names: list[tuple[str, str]] = field(default_factory=list)
    """Places and values of object names that are path steps (``..``): names become directories."""
    torch_modules: list[str] = field(default_factory=list)
    yaml_tags: list[tuple[int, str]] = field(default_factory=list)


def keras_facts(facts: object) -> KerasFacts | None:
    """The Keras facts of a reader: its own, or those that came with a SavedModel."""
    if isinstance(facts, KerasFacts):
        return facts
    inner = getattr(facts, "keras", None)
    return inner if isinstance(inner, KerasFacts) else None
