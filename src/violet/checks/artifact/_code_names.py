"""What the names that code uses say about it: arithmetic, the machine, or neither for certain.

By exact name: what is on no list is unknown, and unknown is not harmless.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import acts_by_name
from violet.formats.bytecode.uses import uses_of
from violet.formats.python_source import names as source_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from violet.formats.bytecode.code import Code
    from violet.formats.pickle.carried import Known

BUILTINS = frozenset(
    (
        "abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate filter"
        " float frozenset hasattr hash hex id int isinstance issubclass iter len list map max min next object oct ord"
        " pow print property range repr reversed round set slice sorted staticmethod str sum super tuple type zip"
        " Ellipsis NotImplemented None True False"
        " ArithmeticError AssertionError AttributeError BaseException Exception FloatingPointError ImportError"
        " IndexError KeyError LookupError MemoryError ModuleNotFoundError NameError NotImplementedError OSError"
        " OverflowError RecursionError RuntimeError StopIteration TypeError UnicodeDecodeError UnicodeError"
        " UserWarning ValueError Warning ZeroDivisionError DeprecationWarning FutureWarning RuntimeWarning"
        " FileNotFoundError TimeoutError EOFError KeyboardInterrupt"
        " __name__ __class__ __module__ __qualname__ __doc__ __annotations__ __file__ __debug__ __build_class__"
    ).split()
)
"""Built-in names that reach neither files nor other code."""
MODULES = frozenset(
    (
        "abc bisect calendar cmath collections collections.abc copy dataclasses datetime decimal enum fractions"
        " functools heapq itertools math numbers random re statistics string textwrap time typing"
        " typing_extensions unicodedata warnings __future__"
        " numpy numpy.linalg numpy.random numpy.typing numpy.fft scipy scipy.special scipy.stats scipy.sparse"
        " scipy.spatial scipy.signal scipy.linalg pandas torch torch.nn torch.nn.functional jax jax.numpy tensorflow"
        " keras keras.backend keras.ops tensorflow.keras tensorflow.keras.backend"
    ).split()
)
"""Modules whose functions of the names below only compute."""
BARE_MODULES = frozenset(
    (
        "os os.path sys io json logging pathlib pickle csv base64 hashlib operator types inspect traceback contextlib"
        " threading queue argparse tempfile shutil glob uuid struct array locale html urllib.parse copyreg weakref gc"
        " platform zlib gzip bz2 lzma zipfile tarfile codecs secrets hmac"
    ).split()
)
"""Modules that nothing is to be said about unless something of them is used: any program imports them."""
PLAIN_PATHS = frozenset(
    (
        "os.path.join os.path.basename os.path.dirname os.path.exists os.path.isfile os.path.isdir os.path.splitext"
        " os.path.abspath os.path.normpath os.path.sep os.sep os.linesep os.getcwd os.getpid os.cpu_count"
        " sys.version sys.version_info sys.maxsize sys.float_info sys.float_info.epsilon sys.byteorder sys.platform"
        " json.dumps json.loads logging.getLogger logging.info logging.debug logging.warning logging.error"
        " logging.INFO logging.DEBUG logging.WARNING pathlib.Path base64.b64encode operator.itemgetter"
        " operator.add operator.mul operator.sub hashlib.md5 hashlib.sha1 hashlib.sha256"
        " functools.partial functools.wraps functools.reduce functools.lru_cache"
    ).split()
)
"""Names of modules that are not plain, which are."""
ATTRIBUTES = frozenset(
    (
        # arrays
        "T astype copy cumsum cumprod argsort argpartition partition diff dot clip ravel reshape resize nonzero"
        " searchsorted conj conjugate diagonal trace itemsize nbytes strides base flags byteswap item tolist"
        " log1p expm1 exp exp2 log log2 log10 sqrt cbrt power sin cos tan arcsin arccos arctan sinh cosh tanh"
        " arcsinh arccosh arctanh deg2rad rad2deg hypot floor ceil trunc rint fix sign heaviside maximum minimum"
        " fmax fmin nanmean nanmedian nanstd nanvar nansum nanmax nanmin nanpercentile nanquantile percentile"
        " quantile median average histogram digitize interp unique in1d isin where select piecewise atleast_1d"
        " atleast_2d vstack hstack dstack column_stack row_stack concatenate stack split array_split hsplit vsplit"
        " array asarray ascontiguousarray asanyarray full full_like empty empty_like zeros ones eye identity diag"
        " logspace geomspace meshgrid allclose isclose array_equal nan_to_num flatnonzero argwhere count_nonzero"
        " float_ int_ bool_ object_ str_ ndarray generic number integer floating int8 uint16 uint32 uint64 complex128"
        " finfo iinfo eps nan inf NaN Inf pi e newaxis linalg norm inv pinv solve lstsq det eig eigh svd qr cholesky"
        " matmul inner outer cross kron einsum tensordot vectorize apply_along_axis convolve correlate bincount"
        " default_rng RandomState rand randn randint choice shuffle permutation uniform normal standard_normal"
        " binomial poisson beta gamma exponential seed random_sample integers digitize lexsort roll rot90 flip fliplr"
        " flipud tile repeat pad insert delete append ix_ expit logit logsumexp erf erfinv gammaln softmax"
        # tables
        " DataFrame Series Index columns index values dtypes iloc loc at iat shape size ndim empty head tail"
        " groupby agg aggregate apply applymap transform map mean sum std var min max count nunique value_counts"
        " describe corr cov merge join concat drop dropna fillna ffill bfill interpolate replace rename reset_index"
        " set_index reindex sort_values sort_index assign pivot pivot_table melt stack unstack explode rank shift"
        " rolling expanding ewm isna isnull notna notnull duplicated drop_duplicates between isin str dt cat"
        " to_numpy to_list to_dict to_frame to_numeric to_datetime to_timedelta get_dummies cut qcut factorize"
        " Timestamp Timedelta date_range select_dtypes iterrows itertuples items codes categories astype squeeze"
        # texts and containers
        " lower upper title capitalize casefold strip lstrip rstrip startswith endswith find rfind index count"
        " replace split rsplit splitlines partition rpartition join encode decode isdigit isalpha isalnum isspace"
        " isnumeric isupper islower zfill ljust rjust center removeprefix removesuffix translate maketrans"
        " append appendleft extend insert pop popleft popitem remove clear sort reverse keys values items get"
        " setdefault update add discard union intersection difference issubset issuperset copy fromkeys move_to_end"
        " most_common elements"
        # time, expressions, classes and functions
        " datetime date time timedelta timezone now utcnow today strftime strptime isoformat fromisoformat timestamp"
        " fromtimestamp year month day hour minute second microsecond weekday isoweekday total_seconds days seconds"
        " utc sub match search fullmatch findall finditer group groups span compile IGNORECASE MULTILINE escape"
        " defaultdict OrderedDict Counter deque namedtuple chain product combinations permutations islice count"
        " accumulate zip_longest deepcopy abstractmethod dataclass field Enum warn Any Union Optional List Dict Tuple"
        " perf_counter monotonic sleep uniform gauss sample mode stdev pstdev variance factorial gcd fsum floor comb"
        " isnan isinf isfinite radians degrees atan atan2 asin acos fabs fmod frexp ldexp"
        # networks
        " nn functional relu gelu sigmoid softplus dropout Module Linear Parameter Sequential forward tensor"
        " from_numpy as_tensor no_grad inference_mode cuda cpu device detach numpy requires_grad parameters"
        " named_parameters modules children train backward zero_grad step grad mm bmm view permute contiguous"
        " unsqueeze squeeze float half double long int bool to argmax argmin topk gather scatter clamp masked_fill"
        " cat chunk is_available manual_seed state_dict randperm arange linspace bfloat16 float16 float32 float64"
        # estimators
        " fit predict predict_proba predict_log_proba decision_function fit_transform inverse_transform score"
        " get_params set_params classes_ n_features_in_ feature_names_in_ coef_ intercept_ feature_importances_"
        " model estimator estimators_ params name names config threshold weights weight bias alpha beta"
        " signature inputs outputs input output data target label labels features context artifacts logger info debug"
        " warning error"
        " __init__ __name__ __doc__ __module__ __qualname__ __version__ __len__ __class__ __annotations__ __call__"
        " __post_init__ __repr__ __str__ __eq__ __hash__ __iter__ __getitem__ __contains__ __enter__ __exit__"
        " __init_subclass__ __call__"
    ).split()
)
"""Attributes and functions that only compute, whatever they are asked of."""

GRAVE_ATTRIBUTES = frozenset(
    (
        "__subclasses__ __globals__ __builtins__ __code__ __closure__ __bases__ __base__ __mro__ __reduce__"
        " __reduce_ex__ __self__ __import__ __getattribute__ __loader__ __spec__ f_globals f_locals f_builtins f_back"
        " gi_frame cr_frame tb_frame gi_code cr_code func_globals func_code co_code mro _getframe"
    ).split()
)
"""Ways from any object to the interpreter's internals."""
GRAVE_BUILTINS = frozenset(("eval", "exec", "compile", "__import__", "execfile", "breakpoint", "__builtins__"))
GRAVE_MODULES = frozenset(
    (
        "subprocess socket ctypes _ctypes cffi pty multiprocessing runpy code codeop importlib imp marshal commands"
        " _posixsubprocess pip ensurepip webbrowser telnetlib paramiko fabric invoke plumbum sh pexpect"
    ).split()
)
"""Modules that nothing which computes needs."""
UNMISTAKABLE = frozenset("subprocess socket ctypes pty multiprocessing runpy importlib marshal".split())
GRAVE_PATHS = (
    source_names.COMMAND
    | source_names.LOAD_CODE
    | source_names.NATIVE
    | source_names.SHELLCODE
    | source_names.BUILDS
    | frozenset("os.fork os.kill os.dup2 os.putenv os.chmod sys.modules sys.settrace sys.meta_path".split())
)
RUN_TEXT = frozenset(("eval", "exec", "builtins.eval", "builtins.exec", "__import__", "builtins.__import__"))
UNMARSHALS = frozenset(("marshal.loads", "pickle.loads", "marshal.load"))
DECODERS = frozenset(
    (
        "base64.b64decode base64.b85decode base64.b32decode base64.b16decode base64.a85decode zlib.decompress"
        " lzma.decompress bz2.decompress gzip.decompress codecs.decode binascii.unhexlify binascii.a2b_base64"
        " marshal.loads"
    ).split()
)
HOSTILE_TEXT = (
    r"/bin/(?:ba|da|z|k)?sh\b|(?:^|[;&|\s])(?:curl|wget|nc|ncat|bash|sh)\s+-|(?:curl|wget)\s+\S|powershell|/dev/tcp/"
    r"|/etc/(?:passwd|shadow|cron)|\.ssh/|authorized_keys"
    r"|\.bashrc|\.aws/credentials"
)
"""In a constant text: a command, a program, or a file that only an attacker's code names."""
ACTING = r"^(?:to_?file|to_[a-z]+|query|read\w*|send\w*|recv\w*|run\w*|pipe)$"
"""Attributes that act on files or on text, besides those whose last word says so."""
NAMED_CALLS = frozenset("apply applymap agg aggregate transform map groupby".split())
"""Methods of tables that take another method by its name."""
FORMAT_ESCAPE = r"\{[^{}]*(?:\.|\[)\s*_"


class Verdict:
    """``grave`` is what reaches the machine, ``unknown`` what nothing is known of; each in the order found."""

    __slots__ = ("grave", "unknown", "used")

    def __init__(self) -> None:
        self.grave: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self.used: dict[str, None] = {}

    @property
    def harmless(self) -> bool:
        return not self.grave and not self.unknown


def judge_codes(
    codes: Iterable[Code], known: Mapping[str, list[Known]], own: Callable[[str], bool] = lambda _name: False
) -> Verdict:
    """What all this code, with the code nested in it, can reach. ``known`` says what its globals stand for;
    ``own`` which names it gives a value itself."""
    verdict = Verdict()
    every = [code for code in dict.fromkeys(codes) for code in code.walk()]
    swept = [(code, uses_of(code)) for code in every]
    written = {name for _, uses in swept for name in uses.written}
    for code, uses in swept:
        if uses.beyond:
            verdict.grave[f"what lies beyond the constants and variables of {code.name}"] = None
        elif not uses.versions:
            verdict.unknown[f"{code.name}, whose instructions are of no version of Python that is known here"] = None
        placed: set[str] = set()
        for use in uses.found:
            placed.update(use.name.split("."))
            if use.root != "data":
                verdict.used[use.name] = None
            _judge(verdict, use.root, use.name, known, written, own)
        for name in code.names:
            if name not in placed and name not in written and not _plain(name, known, written, own):
                _judge(verdict, "data", f".{name}", known, written, own)
        named = any(name in NAMED_CALLS for name in code.names)
        for name in uses.written:
            if name in GRAVE_ATTRIBUTES:
                verdict.grave[f"{name} = ..."] = None
        formats = any(name in ("format", "format_map") for name in code.names)
        for text in code.texts():
            if re.search(HOSTILE_TEXT, text[:4096]):
                verdict.grave[repr(text[:80])] = None
            if formats and re.search(FORMAT_ESCAPE, text[:4096]):
                verdict.grave[f"{text[:80]!r}.format"] = None
            if text in GRAVE_ATTRIBUTES:
                verdict.grave[text] = None
            if named and _acts(text) and text not in ("to_numpy", "to_list"):
                verdict.unknown[repr(text)] = None
    return verdict


def acts_on_import(module: Code) -> tuple[list[str], bool]:
    """What the code of a module uses while the module is imported that leaves Python (commands, evaluated text,
    unmarshalled code, native libraries, addresses), and whether it is what only an attacker's code does: a shell,
    or text or bytes that are decoded or fetched and then run. Its functions are left out."""
    found: dict[str, None] = {}
    texts: dict[str, None] = {}
    sources = False
    for code in module.walk():
        if code is not module and "__qualname__" not in code.names[:4]:
            continue  # a function, not the body of a class
        for use in uses_of(code).found:
            path = source_names.normalise(use.name)
            if use.root == "data":
                if "__subclasses__" in path:
                    found[path] = None
                sources = sources or path.endswith((".fromhex", ".recv"))
            elif path in GRAVE_PATHS or path in RUN_TEXT or path in UNMARSHALS:
                found[path] = None
            sources = sources or path in DECODERS or path in source_names.NETWORK
        texts.update((repr(t[:80]), None) for t in code.texts() if len(t) < 400 and re.search(HOSTILE_TEXT, t))
    shells = any(path in source_names.SHELLS or path == "pty.spawn" for path in found)
    runs = any(path in RUN_TEXT or path in UNMARSHALS for path in found)
    hostile = shells or (runs and sources) or (bool(found) and bool(texts))
    return [*found, *(texts if found else ())], hostile


def _judge(
    verdict: Verdict,
    root: str,
    name: str,
    known: Mapping[str, list[Known]],
    written: set[str],
    own: Callable[[str], bool],
) -> None:
    first, _, rest = name.partition(".")
    parts = [part for part in rest.split(".") if part]
    hidden = [part for part in parts if part in GRAVE_ATTRIBUTES]
    if hidden:
        verdict.grave[name] = None
        return
    plain = all(_plain(part, known, written, own) for part in parts)
    if root == "data":
        if not plain:
            verdict.unknown[name] = None
    elif root == "import":
        _module(verdict, name, plain)
    elif first in known:
        for value in known[first]:
            _resolved(verdict, value, name, rest, plain)
    elif first in GRAVE_BUILTINS:
        verdict.grave[name] = None
    elif first in BUILTINS or first in written or own(first):
        if not plain:
            verdict.unknown[name] = None
    elif source_names.normalise(name) in GRAVE_PATHS or (parts and first in UNMISTAKABLE):
        verdict.grave[name] = None  # a global of the program that loads the code
    elif not parts or not plain:
        verdict.unknown[name] = None


def _resolved(verdict: Verdict, value: Known, name: str, rest: str, plain: bool) -> None:
    if value.kind == "module":
        _module(verdict, f"{value.name}.{rest}" if rest else value.name, plain)
    elif value.kind == "name":
        whole = f"{value.name}.{rest}" if rest else value.name
        if _is_grave(whole):
            verdict.grave[whole] = None
        elif value.name.removeprefix("builtins.") in BUILTINS:
            if not plain:
                verdict.unknown[whole] = None
        elif not (plain and (value.trusted or whole in PLAIN_PATHS or _computes(value.name))):
            verdict.unknown[whole] = None
    elif value.kind == "unknown" or not plain:
        verdict.unknown[name] = None


def _module(verdict: Verdict, whole: str, plain: bool) -> None:
    """Something of a module, or a module itself."""
    if _is_grave(whole):
        verdict.grave[whole] = None
    elif whole in MODULES or whole in BARE_MODULES or whole in PLAIN_PATHS:
        return
    elif not _computes(whole):
        verdict.unknown[whole] = None


def _computes(whole: str) -> bool:
    """Whether a name is a plain one of a module that only computes."""
    parts = whole.split(".")
    for count in range(len(parts) - 1, 0, -1):
        if ".".join(parts[:count]) in MODULES:
            return all(part in ATTRIBUTES or part in _tensor_names() for part in parts[count:])
    return False


def _is_grave(whole: str) -> bool:
    path = source_names.normalise(whole)
    root, _, rest = path.partition(".")
    return (
        path in GRAVE_PATHS
        or root in GRAVE_MODULES
        or (root == "builtins" and rest.partition(".")[0] in GRAVE_BUILTINS)
        or any(path.startswith(f"{grave}.") for grave in ("sys.modules", "builtins.__dict__"))
    )


def _plain(name: str, known: Mapping[str, list[Known]], written: set[str], own: Callable[[str], bool]) -> bool:
    """Whether an attribute of this name computes, or is one that the code or its classes give themselves."""
    if name in ATTRIBUTES or name in _tensor_names():
        return True
    if _acts(name):
        return False
    if name in written or own(name):
        return True
    if name in ("format", "format_map"):
        return True  # what is formatted is looked at
    return name in known and all(value.kind in ("own", "data") for value in known[name])


def _acts(name: str) -> bool:
    return acts_by_name(name) or re.search(ACTING, name) is not None


def _tensor_names() -> frozenset[str]:
    from violet.formats.keras.trust import plain_names

    return plain_names()
