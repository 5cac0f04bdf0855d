"""What becomes of each kind of unsafe call. Every rewrite argues in its docstring why it is exact for benign input.

*Benign input* is what the call was made for: tensors for ``torch.load``, plain data for ``yaml.load``, files and
directories for a tar archive. What the rewritten call no longer does is run code that hides in the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.actions._call_edits import (
    Change,
    Edit,
    EditError,
    add_keyword,
    argument,
    rename_argument,
    rename_function,
    replace_argument,
)

if TYPE_CHECKING:
    from violet.formats.python_source.loading import UnsafeCall

_TORCH = ("torch.load", "torch.serialization.load")
_DOWNLOADS = ("torch.hub.load_state_dict_from_url", "torch.utils.model_zoo.load_url")
_LOADERS = {"Loader": "SafeLoader", "CLoader": "CSafeLoader"}
_ASKED = {"UnsafeLoader": "SafeLoader", "CUnsafeLoader": "CSafeLoader", "FullLoader": "SafeLoader"} | {
    "CFullLoader": "CSafeLoader"
}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """``edit`` is relative to the text of the call."""

    edit: Edit
    change: Change
    summary: str


class RefusedError(Exception):
    """The call is not rewritten; ``advice`` says what a person can do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


def rewrite(call: UnsafeCall, text: str, aggressive: bool) -> Rewrite:
    """The rewrite of ``call``, which reads ``text``. Raises ``RefusedError``."""
    if call.form != "call":
        reason = "the function is handed on, so its arguments stand elsewhere"
        raise RefusedError(reason, "Call it through a function of your own that passes the safe argument.")
    rule = _RULES.get((call.kind, call.detail)) or _RULES.get((call.kind, ""))
    if rule is None:
        raise RefusedError("no rewrite of it is exact", "Judge it by hand.")
    if call.unpacked or call.spread:
        raise RefusedError("some of its arguments come out of a dictionary or list", "Add the safe argument by hand.")
    try:
        return rule(call, text, aggressive)
    except EditError as error:
        raise RefusedError(f"it cannot be rewritten exactly: {error}", "Rewrite it by hand.") from None


def torch_load(call: UnsafeCall, text: str, aggressive: bool) -> Rewrite:
    """``torch.load(x)`` to ``torch.load(x, weights_only=True)``.

    Exact: for files of tensors and plain containers both give equal objects; this is what torch 2.6 and later do
    without the argument (torch, ``serialization.py``: ``weights_only`` defaults to true where no ``pickle_module``
    is given). The argument exists since 1.13. A file that needs other classes raises ``UnpicklingError`` instead of
    running what it names. Not rewritten where ``pickle_module`` is given: torch refuses the combination.
    """
    if call.name not in (*_TORCH, *_DOWNLOADS):
        raise RefusedError(f"what {call.name} does with weights_only is its own matter", _TORCH_ADVICE)
    if any(keyword.name == "pickle_module" for keyword in call.keywords) or call.positional > 2:
        raise RefusedError("torch does not take weights_only=True together with pickle_module", _TORCH_ADVICE)
    edit = add_keyword(text, "weights_only", "True")
    since = "1.13" if call.name in _TORCH else "2.1"
    return Rewrite(edit, ("keyword", "weights_only", "True"), f"weights_only=True (torch {since} or later)")


def torch_explicit(call: UnsafeCall, text: str, aggressive: bool) -> Rewrite:
    """``weights_only=False`` to ``weights_only=True``, only with ``--aggressive``.

    Exact for files of tensors, as above; but somebody has written down that these files hold more than that, and
    may be right: then the rewritten call raises.
    """
    if call.name not in (*_TORCH, *_DOWNLOADS):
        raise RefusedError(f"what {call.name} does with weights_only is its own matter", _TORCH_ADVICE)
    _asked(aggressive, "weights_only=False")
    if any(keyword.name == "pickle_module" for keyword in call.keywords):
        raise RefusedError("torch does not take weights_only=True together with pickle_module", _TORCH_ADVICE)
    edit = replace_argument(text, "weights_only", "True")
    return Rewrite(edit, ("keyword", "weights_only", "True"), "weights_only=True in the place of a false value")


def yaml_no_loader(call: UnsafeCall, text: str, aggressive: bool) -> Rewrite:
    """``yaml.load(x)`` to ``yaml.safe_load(x)``, and ``load_all`` likewise.

    Exact: all loaders of PyYAML share the resolver and the constructors of the standard tags (``resolver.py``,
    ``constructor.py``: ``FullConstructor`` and ``UnsafeConstructor`` only add the tags ``!!python/...``), so that
    documents without such tags give equal objects. Since PyYAML 6 the call raises ``TypeError`` as it stands.
    """
    last = call.name.rpartition(".")[2]
    new = f"safe_{last}"
    return Rewrite(rename_function(text, last, new), ("function", last, new), f"yaml.{new}")


def yaml_loader(call: UnsafeCall, text: str, aggressive: bool) -> Rewrite:
    """``Loader=yaml.Loader`` to ``Loader=yaml.SafeLoader`` (``CLoader`` to ``CSafeLoader``).

    Exact for documents without ``!!python/...`` tags, as above. ``UnsafeLoader``, ``FullLoader``, ``unsafe_load``
    and ``full_load`` name what they do: only with ``--aggressive``.
    """
    last = call.name.rpartition(".")[2]
    if not call.name.startswith("yaml."):
        raise RefusedError("ruamel.yaml has no call that is exactly the same", "Use YAML(typ='safe').")
    if last.startswith(("unsafe_", "full_")):
        _asked(aggressive, last)
        new = "safe_" + last.partition("_")[2]
        return Rewrite(rename_function(text, last, new), ("function", last, new), f"yaml.{new}")
    names = _LOADERS | _ASKED
    edit = rename_argument(text, "Loader", 1, tuple(names), "SafeLoader")
    old = getattr(argument(text, "Loader", 1), "attr", "")
    if old in _ASKED:
        _asked(aggressive, old)
    new = names[old]
    return Rewrite((edit[0], edit[1], new), ("attribute", old, new), f"yaml.{new} in the place of yaml.{old}")


def tar_extract(call: UnsafeCall, text: str, aggressive: bool) -> Rewrite:
    """``archive.extractall(x)`` to ``archive.extractall(x, filter="data")``, and ``extract`` likewise.

    Exact for archives of files, directories and links that stay inside: the same files with the same content in
    the same places (PEP 706; the default since Python 3.14). Owners are not restored, nor rights of group and others
    to write. Members that are absolute, lead outside or are devices raise. The argument exists since Python 3.12,
    3.11.4, 3.10.12, 3.9.17 and 3.8.17.
    """
    quote = "'" if "'" in text and '"' not in text else '"'
    value = f"{quote}data{quote}"
    if call.detail == "trusted":
        _asked(aggressive, "filter='fully_trusted'")
        edit = replace_argument(text, "filter", value)
        return Rewrite(edit, ("keyword", "filter", value), 'filter="data" in the place of "fully_trusted"')
    edit = add_keyword(text, "filter", value)
    return Rewrite(edit, ("keyword", "filter", value), 'filter="data" (Python 3.12, 3.11.4, 3.10.12 or later)')


def _asked(aggressive: bool, what: str) -> None:
    if not aggressive:
        reason = f"{what} is what somebody asked for in so many words"
        raise RefusedError(reason, "Find out why, or rewrite it: violet fix --aggressive")


def _never(reason: str, advice: str) -> Callable[[UnsafeCall, str, bool], Rewrite]:
    def refuse(_call: UnsafeCall, _text: str, _aggressive: bool) -> Rewrite:
        raise RefusedError(reason, advice)

    return refuse


_TORCH_ADVICE = "If the file holds tensors only, convert it to safetensors: violet fix FILE"

_RULES: dict[tuple[str, str], Callable[[UnsafeCall, str, bool], Rewrite]] = {
    ("torch-load", "default"): torch_load,
    ("torch-load", "download"): torch_load,
    ("torch-load", "explicit"): torch_explicit,
    ("yaml-load", "no-loader"): yaml_no_loader,
    ("yaml-load", "unsafe"): yaml_loader,
    ("yaml-load", "full"): yaml_loader,
    ("archive-extract", "no-filter"): tar_extract,
    ("archive-extract", "trusted"): tar_extract,
    ("pickle-load", "numpy"): _never(
        "which files the call will be given cannot be told from the source",
        "Convert the arrays (violet fix FILE.npy), then leave allow_pickle out.",
    ),
    ("pickle-load", ""): _never(
        "no call does the same without running what a pickle says",
        "Keep the data in safetensors, ONNX, skops or JSON; files of tensors convert with: violet fix FILE",
    ),
    ("hub-revision", ""): _never(
        "which commit was meant cannot be told offline",
        "Look up the commit that you tested, and pass revision='<40 hexadecimal digits>'.",
    ),
    ("http-download", ""): _never(
        "the host may serve something else, or nothing, over https",
        "Try the address with https://, and check the digest of what comes.",
    ),
    ("remote-code", ""): _never(
        "without trust_remote_code the model may not load at all",
        "Use an architecture that the library has, or read the code at a pinned commit and pass code_revision.",
    ),
    ("keras-load", ""): _never(
        "without safe_mode=False a model with Lambda layers does not load",
        "Export the model without Lambda layers, then leave safe_mode out.",
    ),
    ("dangerous-flag", ""): _never(
        "without it the index does not load at all",
        "Build the index from its documents again, or keep it in a format that is no pickle.",
    ),
}
