"""Pickles of ordinary Python objects, and of the objects of dill and cloudpickle."""

from __future__ import annotations

import argparse
import array
import collections
import copyreg
import datetime
import decimal
import enum
import fractions
import functools
import io
import operator
import pathlib
import pickle
import pickletools
import random
import re
import types
import uuid
from collections.abc import Callable
from typing import Any

from .sample import Sample, write_bytes


def _dumps(value: Any, protocol: int) -> bytes:
    """As the standard library pickles, whatever reducers of exceptions other libraries have installed meanwhile."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol)
    table = copyreg.dispatch_table.items()
    pickler.dispatch_table = {kind: reduce for kind, reduce in table if not issubclass(kind, BaseException)}
    pickler.dump(value)
    return stream.getvalue()


def _plain(name: str, make: Callable[[], Any], protocol: int = 4, *, technique: str = "benign/python") -> Sample:
    return Sample(
        name=name,
        technique=technique,
        malicious=False,
        fires=False,
        build=write_bytes(name, lambda: _dumps(make(), protocol)),
        loader="pickle",
    )


def _training_state() -> dict[str, Any]:
    return {
        "epoch": 12,
        "loss": [0.91, 0.55, 0.31],
        "best": {"accuracy": 0.934, "path": "checkpoints/best.pt"},
        "labels": ("cat", "dog", "__import__"),
        "note": "never call eval() or os.system('rm -rf /') on user input",
        "frozen": frozenset({1, 2, 3}),
        "tags": {"nightly", "release"},
        "missing": None,
        "flags": [True, False],
        "big": 2**200,
        "negative": -(2**70),
        "unicode": "naïve ☃ 模型",
        "bytes": bytes(range(256)),
    }


def _calendar() -> list[Any]:
    zone = datetime.timezone(datetime.timedelta(hours=2), "CEST")
    return [
        datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC),
        datetime.datetime(2024, 2, 29, 12, 30, tzinfo=zone),
        datetime.date(1999, 12, 31),
        datetime.time(23, 59, 59),
        datetime.timedelta(days=3, seconds=7),
    ]


def _numbers() -> list[Any]:
    return [decimal.Decimal("3.14159"), fractions.Fraction(22, 7), 3 + 4j, float("inf"), array.array("d", [1.0, 2.0])]


def _collections() -> dict[str, Any]:
    counts: collections.defaultdict[str, list[int]] = collections.defaultdict(list)
    counts["a"].append(1)
    return {
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "default": counts,
        "deque": collections.deque([1, 2, 3], maxlen=5),
        "counter": collections.Counter("mississippi"),
        "chain": collections.ChainMap({"a": 1}, {"b": 2}),
        "user": collections.UserDict(a=1),
    }


def _shared() -> list[Any]:
    row = [1, 2, 3]
    loop: list[Any] = [row, row, {"row": row}]
    loop.append(loop)
    return loop


def _texts_about_attacks() -> dict[str, str]:
    return {
        "doc": "A pickle may contain cos\nsystem\n(S'id'\ntR. which runs a command when it is loaded.",
        "module": "subprocess",
        "function": "builtins.eval",
        "url": "https://example.org/models/resnet.pkl",
        "shell": "curl https://example.org/install.sh | sh",
        "template": "{{ ''.__class__.__mro__ }}",
    }


def _bytes_like_pickles() -> dict[str, bytes]:
    return {
        "header": b"\x80\x04\x95",
        "stop": b"N.",
        "dots": b"." * 40,
        "image": b"\x89PNG\r\n\x1a\n" + bytes(40),
        "zeros": bytes(64),
        "random": random.Random(7).randbytes(512),
        "inner": pickle.dumps({"nested": [1, 2, 3]}),
    }


def _callables() -> list[Any]:
    return [
        functools.partial(round, ndigits=2),
        operator.itemgetter("name", "age"),
        operator.attrgetter("shape"),
        len,
        max,
        str,
        collections.OrderedDict,
    ]


def _vocabulary() -> dict[str, int]:
    letters = random.Random(3)
    return {"".join(letters.choices("abcdefghijklmnopqrstuvwxyz_.", k=7)): i for i in range(3000)}


def _large_text() -> list[str]:
    words = random.Random(5)
    return [" ".join(words.choices(["import", "os", "the", "a", "exec", "model", "."], k=40)) for _ in range(2000)]


def _several() -> bytes:
    stream = io.BytesIO()
    for part in ({"header": 1}, list(range(50)), "trailer"):
        pickle.dump(part, stream, 4)
    return stream.getvalue()


def _buffers() -> bytes:
    return pickle.dumps({"raw": bytearray(b"x" * 100), "view": pickle.PickleBuffer(b"y" * 50)}, 5)


def _recursive() -> Any:
    node: dict[str, Any] = {"children": []}
    child = {"parent": node, "children": []}
    node["children"].append(child)
    return node


def _dill(make: Callable[[], Any]) -> Callable[[], bytes]:
    def content() -> bytes:
        import dill

        return dill.dumps(make())

    return content


def _cloud(make: Callable[[], Any]) -> Callable[[], bytes]:
    def content() -> bytes:
        import cloudpickle

        return cloudpickle.dumps(make())

    return content


def _plain_lambda() -> Any:
    """A lambda of a script, which drags no module of this package along."""
    return types.FunctionType((lambda value: value + 1).__code__, {"__name__": "__main__"})


def _module_made(
    name: str, content: Callable[[], bytes], needs: tuple[str, ...], technique: str, loader: str
) -> Sample:
    return Sample(
        name=name,
        technique=technique,
        malicious=False,
        fires=False,
        build=write_bytes(name, content),
        loader=loader,
        needs=needs,
    )


SAMPLES = (
    _plain("training_state_p0.pkl", _training_state, 0),
    _plain("training_state_p1.pkl", _training_state, 1),
    _plain("training_state_p2.pkl", _training_state, 2),
    _plain("training_state_p3.pkl", _training_state, 3),
    _plain("training_state_p4.pkl", _training_state, 4),
    _plain("training_state_p5.pickle", _training_state, 5),
    _plain("calendar.pkl", _calendar),
    _plain("calendar_p0.pkl", _calendar, 0),
    _plain("numbers.pkl", _numbers),
    _plain("numbers_p2.pkl", _numbers, 2),
    _plain("collections.pkl", _collections),
    _plain("collections_p2.pkl", _collections, 2),
    _plain("shared_references.pkl", _shared),
    _plain("recursive.pkl", _recursive, 5),
    _plain("texts_about_attacks.pkl", _texts_about_attacks),
    _plain("texts_about_attacks_p0.pkl", _texts_about_attacks, 0),
    _plain("bytes_like_pickles.pkl", _bytes_like_pickles),
    _plain("vocabulary.pkl", _vocabulary, 2),
    _plain("documents.pkl", _large_text),
    _plain("callables.pkl", _callables),
    _plain("identifiers.pkl", lambda: [uuid.UUID(int=n) for n in range(4)]),
    _plain("paths.pkl", lambda: [pathlib.PurePosixPath("data/train.csv"), pathlib.Path("models")]),
    _plain("patterns.pkl", lambda: [re.compile(r"\bimport\s+os\b", re.IGNORECASE), re.compile(b"x+")]),
    _plain("random_state.pkl", lambda: random.Random(1)),
    _plain("random_state_tuple.pkl", lambda: random.Random(1).getstate(), 2),
    _plain("namespace.pkl", lambda: argparse.Namespace(lr=0.1, layers=[64, 32], simple=types.SimpleNamespace(a=1))),
    _plain("namespace_p2.pkl", lambda: argparse.Namespace(lr=0.1, eval=True, exec="local"), 2),
    _plain("enumerations.pkl", lambda: [re.IGNORECASE, uuid.SafeUUID.safe, enum.Enum]),
    _plain("errors.pkl", lambda: [ValueError("bad value"), KeyError("missing"), OSError(2, "No such file")]),
    _plain("oddities.pkl", lambda: [..., NotImplemented, slice(1, 5, 2), range(10), bytearray(b"abc"), type(None)]),
    _plain("empty_list.pkl", list, 2),
    _plain("none_p0.pkl", lambda: None, 0),
    _plain("string_as_model.pkl", lambda: "just a string", 4),
    _module_made("several_streams.pkl", _several, (), "benign/python", "pickle-repeat"),
    _module_made("buffers_in_band.pkl", _buffers, (), "benign/python", "pickle"),
    _module_made(
        "optimized.pkl", lambda: pickletools.optimize(pickle.dumps(_training_state(), 4)), (), "benign/python", "pickle"
    ),
    _module_made("dill_state.dill", _dill(_training_state), ("dill",), "benign/dill", "dill"),
    _module_made("dill_collections.pkl", _dill(_collections), ("dill",), "benign/dill", "dill"),
    _module_made(
        "cloudpickle_state.pkl", _cloud(_training_state), ("cloudpickle",), "benign/cloudpickle", "cloudpickle"
    ),
    _module_made("cloudpickle_partial.pkl", _cloud(_callables), ("cloudpickle",), "benign/cloudpickle", "cloudpickle"),
    _module_made(
        "cloudpickle_lambda.pkl",
        _cloud(lambda: lambda values: [value * 2 for value in values]),
        ("cloudpickle",),
        "benign/code-carrying",
        "cloudpickle",
    ),
    _module_made("dill_lambda.pkl", _dill(_plain_lambda), ("dill",), "benign/code-carrying", "dill"),
)
