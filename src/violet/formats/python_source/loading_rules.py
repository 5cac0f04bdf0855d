"""Which calls load what can run code, or fetch what nothing pins, decided from their names and arguments.

Sources: the documentation of torch, numpy, pandas, PyYAML, tarfile (PEP 706), Keras, transformers, huggingface_hub,
datasets and LangChain on the arguments named here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from violet.formats.python_source.values import UNKNOWN, Value

KINDS = {
    "torch-load": "loads a pickle with torch.load",
    "pickle-load": "loads a pickle",
    "yaml-load": "loads YAML that can name any object",
    "keras-load": "lets a Keras model bring its own code",
    "remote-code": "trusts the code of a model repository",
    "hub-revision": "fetches whatever a repository holds today",
    "http-download": "fetches over a connection without protection",
    "archive-extract": "unpacks an archive wherever its members say",
    "dangerous-flag": "switches off the protection against pickles",
}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TORCH = _names("torch.load torch.serialization.load")
TORCH_DOWNLOADS = _names(
    "torch.hub.load_state_dict_from_url torch.utils.model_zoo.load_url"
    " torchvision._internally_replaced_utils.load_state_dict_from_url"
)
PICKLES = _names(
    "pickle.load pickle.loads pickle._load pickle._loads pickle.Unpickler().load _pickle.load _pickle.loads"
    " cPickle.load cPickle.loads pickle5.load pickle5.loads dill.load dill.loads dill.load_session dill.load_module"
    " dill.Unpickler().load cloudpickle.load cloudpickle.loads joblib.load sklearn.externals.joblib.load"
    " pandas.read_pickle pandas.io.pickle.read_pickle shelve.open marshal.load marshal.loads jsonpickle.decode"
    " jsonpickle.loads compress_pickle.load compress_pickle.loads hickle.load klepto.archives.file_archive().load"
    " sklearn.utils._joblib.load"
)
YAML_ALWAYS = _names("yaml.unsafe_load yaml.unsafe_load_all")
YAML_FULL = _names("yaml.full_load yaml.full_load_all")
YAML_LOADS = _names("yaml.load yaml.load_all")
KERAS_SWITCHES = ("enable_unsafe_deserialization",)
DANGEROUS = _names("allow_dangerous_deserialization allow_dangerous_code")
HUB_CALLS = _names(
    "from_pretrained hf_hub_download snapshot_download load_dataset load_dataset_builder pipeline SentenceTransformer"
    " CrossEncoder SparseEncoder hf_hub_url cached_file from_pretrained_keras pytorch_model_hub_download"
    " InferencePipeline"
)
HUB_NAMES = _names(
    "repo_id pretrained_model_name_or_path model_name_or_path path model repo_or_dir model_id pretrained_model_name"
)
LOCAL_BUILDERS = _names(
    "csv json text parquet arrow imagefolder audiofolder videofolder pandas xml sql webdataset spark generator"
    " pdffolder hdf5 niftifolder lance iceberg eval"
)
LOCAL_DIRECTORIES = _names(
    "model models output outputs checkpoint checkpoints ckpt ckpts result results data saved saved_model saved_models"
    " runs logs log weights tmp temp artifacts path dir trained trained_models experiments exp exps work local cache"
    " export exports pretrained pretrained_models resources assets save saves test tests fixtures"
)
DOWNLOADS = {
    # function: position of the address
    "urllib.request.urlretrieve": 0,
    "urllib.urlretrieve": 0,
    "wget.download": 0,
    "gdown.download": 0,
    "gdown.cached_download": 0,
    "torch.hub.download_url_to_file": 0,
    "torch.hub.load_state_dict_from_url": 0,
    "torch.utils.model_zoo.load_url": 0,
    "torchvision.datasets.utils.download_url": 0,
    "torchvision.datasets.utils.download_and_extract_archive": 0,
    "keras.utils.get_file": 1,
    "tensorflow.keras.utils.get_file": 1,
    "tf_keras.utils.get_file": 1,
    "pooch.retrieve": 0,
    "fsspec.open": 0,
    "smart_open.open": 0,
    "tensorflow_hub.load": 0,
    "tensorflow_hub.KerasLayer": 0,
}
"""Functions whose business is a download, with the position of the address among their arguments."""
REQUESTS = _names(
    "requests.get requests.Session().get requests.session().get httpx.get httpx.stream httpx.Client().get"
    " urllib.request.urlopen urllib2.urlopen urllib.request.Request aiohttp.ClientSession().get"
    " urllib3.request urllib3.PoolManager().request"
)
"""Functions that talk to services as well: only addresses of files count."""
HASHES = _names("file_hash md5_hash known_hash check_hash md5 sha256 hash_prefix expected_hash checksum")

WATCHED = frozenset(
    name.rpartition(".")[2]
    for name in (*TORCH, *TORCH_DOWNLOADS, *PICKLES, *YAML_ALWAYS, *YAML_FULL, *YAML_LOADS, *DOWNLOADS, *REQUESTS)
) | HUB_CALLS | frozenset(KERAS_SWITCHES) | _names(
    "load_model extractall extract load_from_checkpoint load_checkpoint read_csv read_table read_json read_parquet"
    " read_excel read_hdf YAML load_file partial"
)  # fmt: skip
"""Last parts of the names of functions that are looked at."""
WATCHED_KEYWORDS = DANGEROUS | _names("trust_remote_code weights_only safe_mode allow_pickle **")
"""Keywords that tell by themselves, and dictionaries, which may hold them."""
PASSABLE = PICKLES | TORCH | YAML_ALWAYS | YAML_FULL
"""Functions that count where they are handed to another one, too."""


@dataclass(slots=True, eq=False)
class Given:
    """A call as it is known: its function's name and its arguments. ``unpacked``: there may be more keywords."""

    path: str
    arguments: list[Value]
    keywords: dict[str, Value]
    unpacked: bool = False
    form: str = "call"
    first: ast.expr | None = None

    @classmethod
    def of(cls, path: str, arguments: list[Value], keywords: dict[str, Value], node: ast.Call, form: str) -> Given:
        """The keywords of literal dictionaries are among the others; an unknown dictionary is noted."""
        unpacked = sum(1 for keyword in node.keywords if keyword.arg is None) > 1
        spread = any(isinstance(argument, ast.Starred) for argument in node.args)
        given = dict(keywords)
        extra = given.pop("**", None)
        if extra is not None:
            if extra.mapping is None:
                unpacked = True
            else:
                given = {str(name): value for name, value in extra.mapping.items()} | given
        written = node.args[1:] if form == "partial" else node.args
        return cls(path, arguments, given, unpacked or spread, form, written[0] if written else None)

    @property
    def last(self) -> str:
        return self.path.rpartition(".")[2]

    def argument(self, position: int, *names: str) -> Value:
        """The argument at this position or of one of these names; ``UNKNOWN`` where there is none."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.arguments[position] if position < len(self.arguments) else UNKNOWN

    def has(self, name: str) -> bool:
        return name in self.keywords


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: str
    detail: str = ""
    subject: str = ""
    revision: str = ""


def judge(given: Given) -> Iterator[Verdict]:
    """What is unsafe about a call."""
    if given.path == "builtins.dict":
        return  # counts where the dictionary is given to something
    yield from _pickles(given)
    yield from _flags(given)
    yield from _yaml(given)
    yield from _archives(given)
    if given.form != "passed":
        yield from _hub(given)
        yield from _downloads(given)


def is_false(value: Value) -> bool:
    return value.is_const and value.const is not None and not value.const


def is_true(value: Value) -> bool:
    return value.is_const and bool(value.const)


def _pickles(given: Given) -> Iterator[Verdict]:
    path = given.path
    only = given.keywords.get("weights_only", UNKNOWN)
    stated = given.has("weights_only") and not (only.is_const and only.const is None)
    if path in TORCH:
        if stated:
            if is_false(only):
                yield Verdict("torch-load", "explicit")
        elif not given.unpacked or given.form == "passed":
            yield Verdict("torch-load", "default")
    elif path in TORCH_DOWNLOADS:
        if stated:
            if is_false(only):
                yield Verdict("torch-load", "explicit")
        elif not given.unpacked:
            yield Verdict("torch-load", "download")
    elif stated and is_false(only) and "load" in given.last:
        yield Verdict("torch-load", "explicit")
    if path in PICKLES:
        yield Verdict("pickle-load", path.partition(".")[0].lstrip("_"))
    elif path == "numpy.load":
        if is_true(given.argument(2, "allow_pickle")):
            yield Verdict("pickle-load", "numpy")
    elif is_true(given.keywords.get("allow_pickle", UNKNOWN)) and given.last in ("load", "fromfile"):
        yield Verdict("pickle-load", "numpy")


def _flags(given: Given) -> Iterator[Verdict]:
    if is_true(given.keywords.get("trust_remote_code", UNKNOWN)):
        subject, revision = _repository(given)
        code = given.keywords.get("code_revision", UNKNOWN).text
        yield Verdict("remote-code", "pinned" if _is_commit(code or revision) else "", subject, code or revision)
    if given.last == "load_model" or given.path.startswith(("keras.", "tensorflow.keras.", "tf_keras.")):
        if is_false(given.keywords.get("safe_mode", UNKNOWN)):
            yield Verdict("keras-load", "safe-mode")
    if given.last in KERAS_SWITCHES:
        yield Verdict("keras-load", "switch")
    for name in DANGEROUS & given.keywords.keys():
        if is_true(given.keywords[name]):
            yield Verdict("dangerous-flag", name)


def _yaml(given: Given) -> Iterator[Verdict]:
    path = given.path
    if path in YAML_ALWAYS:
        yield Verdict("yaml-load", "unsafe")
    elif path in YAML_FULL:
        yield Verdict("yaml-load", "full")
    elif path in YAML_LOADS and given.form != "passed":
        if len(given.arguments) < 2 and not given.has("Loader"):
            if not given.unpacked:
                yield Verdict("yaml-load", "no-loader")
            return
        loader = given.argument(1, "Loader").path.rpartition(".")[2]
        if loader in ("Loader", "UnsafeLoader", "CLoader", "CUnsafeLoader"):
            yield Verdict("yaml-load", "unsafe")
        elif loader in ("FullLoader", "CFullLoader"):
            yield Verdict("yaml-load", "full")
    elif path == "ruamel.yaml.YAML" and given.argument(0, "typ").text == "unsafe":
        yield Verdict("yaml-load", "unsafe")
    elif path in ("ruamel.yaml.load", "ruamel.yaml.unsafe_load"):
        if "Safe" not in given.argument(1, "Loader").path:
            yield Verdict("yaml-load", "unsafe")


def _archives(given: Given) -> Iterator[Verdict]:
    path = given.path
    if not path.startswith("tarfile.") or given.last not in ("extractall", "extract") or given.form != "call":
        return
    opened = path.rpartition(".")[0]
    if opened not in ("tarfile.open()", "tarfile.TarFile()", "tarfile.TarFile.open()"):
        return
    if given.has("filter"):
        if given.keywords["filter"].text == "fully_trusted":
            yield Verdict("archive-extract", "trusted")
    elif (
        not given.unpacked
        and not given.has("members")
        and not (given.last == "extractall" and len(given.arguments) > 1)
    ):
        yield Verdict("archive-extract", "no-filter")


# -- repositories ----------------------------------------------------------------------------------------------


@cache
def _hub_id() -> re.Pattern[str]:
    return re.compile(r"([A-Za-z0-9][\w.-]{0,95})(?:/([A-Za-z0-9][\w.-]{0,95}))?")


@cache
def _old_id() -> re.Pattern[str]:
    names = (
        "bert|distil|roberta|xlm|xlnet|albert|gpt2|gpt-|openai-gpt|t5-|camembert|ctrl|transfo|electra|all-|paraphrase-"
    )
    return re.compile(rf"(?:{names}|multi-qa-|ms-marco-|msmarco-|stsb-|nli-)[\w.-]*")


def is_repository(text: str, *, single: bool = False) -> bool:
    """Whether a text names a repository of a hub rather than a directory. ``single``: any one word does."""
    match = _hub_id().fullmatch(text)
    if match is None or ".." in text or re.search(r"\.(?:pt|pth|bin|json|safetensors|ckpt|h5|onnx|txt|csv)$", text):
        return False
    if match.group(2) is None:
        return single or _old_id().fullmatch(text) is not None
    return match.group(1).lower() not in LOCAL_DIRECTORIES


def _is_commit(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}", text) is not None


def _repository(given: Given) -> tuple[str, str]:
    """The repository that a call names, as far as it is literal, and the revision it asks for."""
    position = 1 if given.last == "pipeline" else 0
    subject = given.argument(position, *sorted(HUB_NAMES)).text or ""
    return subject, given.keywords.get("revision", UNKNOWN).text or ""


def _hub(given: Given) -> Iterator[Verdict]:
    if given.path == "torch.hub.load":
        yield from _torch_hub(given)
        return
    if given.last not in HUB_CALLS or given.unpacked or is_true(given.keywords.get("local_files_only", UNKNOWN)):
        return
    subject, revision = _repository(given)
    known = given.path.startswith(("transformers.", "datasets.", "huggingface_hub.", "sentence_transformers."))
    dataset = given.last.startswith("load_dataset")
    if given.last == "pipeline" and not known:
        return
    if dataset and (subject in LOCAL_BUILDERS or subject.endswith(".py")):
        return
    if not is_repository(subject, single=dataset and known):
        return
    if given.has("revision") and not revision and not _is_none(given.keywords["revision"]):
        return  # it comes from elsewhere: somebody has thought of it
    if not _is_commit(revision):
        yield Verdict("hub-revision", "moving" if revision else "none", subject, revision)


def _torch_hub(given: Given) -> Iterator[Verdict]:
    subject = given.argument(0, "repo_or_dir").text or ""
    if given.keywords.get("source", UNKNOWN).text == "local" or "/" not in subject or given.unpacked:
        return
    name, _, revision = subject.partition(":")
    if is_repository(name) and not _is_commit(revision):
        yield Verdict("hub-revision", "torch-hub", name, revision)


def _is_none(value: Value) -> bool:
    return value.is_const and value.const is None


# -- downloads -------------------------------------------------------------------------------------------------


def _downloads(given: Given) -> Iterator[Verdict]:
    path = given.path
    if path in DOWNLOADS:
        position = DOWNLOADS[path]
    elif path in REQUESTS or path.startswith("pandas.read_"):
        position = 1 if path.endswith("PoolManager().request") else 0
    elif given.last == "get_file" and "keras" in path:
        position = 1
    else:
        return
    value = given.argument(position, "url", "origin", "fname_or_url", "urlpath")
    address = value.text or (_beginning(given.first) if position == 0 else "")
    if not is_open_address(address) or any(is_true(given.keywords[name]) for name in HASHES & given.keywords.keys()):
        return
    if path in REQUESTS and not _of_a_file().search(address):
        return
    yield Verdict("http-download", "", address[:200])


def _beginning(node: ast.expr | None) -> str:
    """The literal beginning of a formatted text, with what is not known shown as ``{}``."""
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)


@cache
def _of_a_file() -> re.Pattern[str]:
    kinds = (
        "zip|tar|gz|tgz|bz2|xz|7z|rar|whl|py|sh|pkl|pickle|joblib|pt|pth|bin|ckpt|h5|hdf5|keras|onnx|pb|npz|npy"
        "|safetensors|gguf|csv|tsv|jsonl|parquet|jar|exe|deb|so|dll|model|tflite|mat|arff|data|weights|caffemodel"
    )
    return re.compile(rf"\.(?:{kinds})(?:[?#].*)?$", re.IGNORECASE)


@cache
def _near() -> re.Pattern[str]:
    return re.compile(
        r"localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|\[?::1"
        r"|[\w-]+(?::|/|$)|[\w.-]*\.(?:local|internal|localdomain|lan|svc|test)(?::|/|$)|host\.docker\."
        r"|[\w.-]*\.svc\.cluster"
    )


def is_open_address(address: str) -> bool:
    """Whether an address is reached without protection over a network that others share."""
    lowered = address.lower()
    if not lowered.startswith(("http://", "ftp://")):
        return False
    rest = lowered.partition("://")[2]
    name, slash, path = rest.partition("/")
    rest = name.rpartition("@")[2] + slash + path
    return bool(rest) and not rest.startswith("{}") and _near().match(rest) is None
