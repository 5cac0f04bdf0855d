"""How far the types of a skops schema are believed: with the allow-lists of the pickle reader, by loader.

Facts from skops' own lists of trusted types and from CVE-2025-54412, CVE-2025-54413 and CVE-2025-54886.
"""

from __future__ import annotations

import enum
import sys

from violet.formats.skops.facts import SkopsNode


class Level(enum.IntEnum):
    """``UNKNOWN`` cannot be vouched for, ``SUSPECT`` is what no model needs, ``DANGEROUS`` runs code."""

    KNOWN = 0
    UNKNOWN = 1
    SUSPECT = 2
    DANGEROUS = 3


_RUNS = frozenset(
    "os posix nt subprocess sys importlib runpy pty ctypes code codeop marshal pickle _pickle cPickle shelve socket "
    "shutil pdb bdb timeit cProfile profile trace webbrowser asyncio multiprocessing http urllib ftplib smtplib "
    "tempfile pathlib io _io inspect gc pkgutil zipimport threading _thread concurrent signal pydoc doctest "
    "types builtins operator _operator cloudpickle dill joblib requests torch numexpr pip setuptools".split()
)
_PLAIN_BUILTINS = frozenset(
    "int float str bool complex list set map tuple dict bytes bytearray slice frozenset range NoneType object type "
    "len abs min max sum round sorted any all ellipsis".split()
)
_DEFAULT_CLASSES = frozenset(
    "collections.OrderedDict collections.defaultdict functools.partial numpy.ndarray numpy.dtype numpy.ma.MaskedArray "
    "numpy.ma.core.MaskedArray numpy.random.RandomState numpy.random.mtrand.RandomState numpy.random.Generator "
    "numpy.random._generator.Generator datetime.timezone datetime.datetime datetime.date datetime.timedelta "
    "zoneinfo.ZoneInfo sklearn.tree._tree.Tree decimal.Decimal fractions.Fraction pathlib.PurePosixPath".split()
)
_BIT_GENERATORS = frozenset("PCG64 PCG64DXSM MT19937 Philox SFC64".split())
_OPERATORS = frozenset({"itemgetter"})
_METHODS = frozenset(
    "predict transform predict_proba decision_function fit fit_transform inverse_transform score".split()
)


def judge(node: SkopsNode) -> Level:
    """The level of one node, with what its loader does to the name."""
    loader = node.loader
    if loader == "JsonNode" and node.module in ("", "builtins"):
        return Level.KNOWN
    if loader == "CachedNode" and not node.module:
        return Level.KNOWN
    if loader == "OperatorFuncNode":
        return _operator(node)
    if loader == "RandomGeneratorNode" and node.call and node.call not in _BIT_GENERATORS:
        return Level.DANGEROUS
    level = _name(node.module, node.name)
    if loader == "ConstructorFromReduceNode" and level is Level.UNKNOWN and not node.name.lstrip("_")[:1].isupper():
        return Level.SUSPECT  # skops writes this loader for classes only; a function would be called
    if loader == "MethodNode":
        if node.call.startswith("_"):
            return Level.DANGEROUS
        return max(level, Level.KNOWN if node.call in _METHODS else Level.UNKNOWN)
    if loader == "DTypeNode" or level is Level.KNOWN:
        return Level.KNOWN if loader != "DTypeNode" or node.module == "numpy" else level
    return level


def _operator(node: SkopsNode) -> Level:
    if node.module != "operator":
        return Level.DANGEROUS
    if node.name in _OPERATORS:
        return Level.KNOWN
    return Level.SUSPECT if node.name == "attrgetter" and "__" not in node.call else Level.DANGEROUS


def _name(module: str, name: str) -> Level:
    full = f"{module}.{name}"
    if module == "builtins" or not module:
        return Level.KNOWN if name in _PLAIN_BUILTINS else Level.DANGEROUS if module else Level.UNKNOWN
    if full in _DEFAULT_CLASSES:
        return Level.KNOWN
    if _listed(module, name):
        return Level.KNOWN
    root = module.partition(".")[0]
    if root in _RUNS or any(part.startswith("__") and part != "__main__" for part in full.split(".")):
        return Level.DANGEROUS
    if root in sys.stdlib_module_names:
        return Level.SUSPECT
    return Level.UNKNOWN


def _listed(module: str, name: str) -> bool:
    """Whether the pickle reader's allow-lists let the name be made or called without conditions."""
    from violet.formats.pickle.trust import Trust, lookup

    entry = lookup(module, name)
    if entry is None:
        return False
    return entry.trust is not Trust.CALL_CHECKED
