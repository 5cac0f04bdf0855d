# ruff: noqa: E501  (tables: one line a module)
"""Hand-written facts about the standard library, joblib, dill, cloudpickle, and small pure-Python libraries.

Format, shared by every ``curated_*`` module: one line "module: name name ..." per module; a CHECKED line holds
"name=condition". Conditions are described in ``violet/formats/pickle/trust/conditions.py``.
"""

from __future__ import annotations

_EXCEPTIONS = (
    "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError"
    " BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError"
    " ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup"
    " FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError"
    " ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt"
    " LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError"
    " OverflowError PendingDeprecationWarning PermissionError ProcessLookupError RecursionError ReferenceError"
    " ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning"
    " SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError UnicodeDecodeError"
    " UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning"
    " ZeroDivisionError"
)
_PLAIN = (
    "bool bytearray bytes complex dict enumerate float frozenset int list object range reversed set slice"
    " str tuple zip Ellipsis NotImplemented"
)

#: zoneinfo refuses keys that are not relative, normal paths: no file outside the time zone directories is read.
CALL = f"""
builtins: {_PLAIN} {_EXCEPTIONS}
__builtin__: {_PLAIN} long unicode basestring xrange buffer StandardError {_EXCEPTIONS}
exceptions: StandardError {_EXCEPTIONS}
collections: OrderedDict defaultdict deque Counter ChainMap UserDict UserList UserString
UserDict: UserDict IterableUserDict
UserList: UserList
datetime: date datetime time timedelta timezone
decimal: Decimal Context
_decimal: Decimal Context
_pydecimal: Decimal
fractions: Fraction
uuid: UUID SafeUUID
array: array _array_reconstructor
time: struct_time
re: RegexFlag
ipaddress: IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface
pathlib: PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath
pathlib._local: PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath
types: SimpleNamespace
argparse: Namespace
random: Random
operator: itemgetter
_operator: itemgetter
io: BytesIO StringIO
_io: BytesIO StringIO
logging: getLogger
types: GenericAlias
pytz: _UTC _p
dateutil.tz.tz: tzutc tzlocal tzoffset
dateutil.tz: tzutc tzlocal tzoffset
dateutil.relativedelta: relativedelta
_random: Random
itertools: chain count
string: Template
numbers: Number Complex Real Rational Integral
http: HTTPStatus
zoneinfo: ZoneInfo ZoneInfo._unpickle
collections.abc: Mapping Sequence Callable Iterable Iterator
inspect: _ParameterKind Parameter Signature
"""

CONSTRUCT = """
argparse: Namespace
uuid: UUID
random: Random
types: SimpleNamespace
pytz.tzfile: DstTzInfo StaticTzInfo
dateutil.tz.tz: tzrange tzstr _ttinfo tzutc tzlocal tzoffset
dateutil.tz._common: tzrangebase
string: Template
collections: UserDict UserList UserString
inspect: Parameter Signature
dataclasses: Field
"""

CHECKED = """
builtins: iter=one-argument getattr=plain-attribute type=type-of-constant
__builtin__: iter=one-argument getattr=plain-attribute type=type-of-constant
copyreg: _reconstructor=construct-on-builtin-base __newobj__=construct-first-argument __newobj_ex__=construct-first-argument
copy_reg: _reconstructor=construct-on-builtin-base __newobj__=construct-first-argument __newobj_ex__=construct-first-argument
functools: partial=partial-of-trusted
_functools: partial=partial-of-trusted
_codecs: encode=text-codec
codecs: encode=text-codec
operator: attrgetter=plain-attribute-names
_operator: attrgetter=plain-attribute-names
re: _compile=regular-expression
operator: getitem=typing-subscript
_operator: getitem=typing-subscript
dateutil.tz.tz: tzfile=first-argument-none
dateutil.tz: tzfile=first-argument-none
"""

REFER = """
builtins: abs all any bin bool callable chr divmod format hash hex id isinstance issubclass len max min next oct ord pow repr round sorted sum
__builtin__: abs all any bin chr divmod hash hex len max min oct ord pow repr round sorted sum
operator: add and_ concat contains eq floordiv ge gt le lt mod mul ne neg not_ or_ pos pow sub truediv xor itemgetter
_operator: add and_ concat contains eq floordiv ge gt le lt mod mul ne neg not_ or_ pos pow sub truediv xor itemgetter
math: acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist erf erfc exp exp2 expm1 fabs factorial floor fmod gamma gcd hypot isclose isfinite isinf isnan lcm ldexp lgamma log log10 log1p log2 modf pow prod radians remainder sin sinh sqrt tan tanh trunc
typing: Any Union Optional List Dict Tuple Set FrozenSet Callable Sequence Mapping Iterable Iterator Generic Literal NamedTuple Type ClassVar NoReturn Hashable
statistics: mean median mode stdev variance fmean pstdev pvariance
string: ascii_letters ascii_lowercase ascii_uppercase digits punctuation whitespace printable capwords
enum: Enum IntEnum Flag IntFlag StrEnum
abc: ABC ABCMeta
re: Pattern RegexFlag IGNORECASE
_sre: SRE_Pattern
datetime: UTC
types: NoneType
"""
# joblib: NumpyArrayWrapper is followed in the stream by the array's bytes (a nested pickle for object arrays);
# the older wrappers name a companion file that is opened next to the pickle.
CONSTRUCT += """
joblib.numpy_pickle: NumpyArrayWrapper
sklearn.externals.joblib.numpy_pickle: NumpyArrayWrapper
joblib.hashing: _ConsistentSet _MyHash
joblib.memory: Memory
joblib.logger: Logger PrintTime
joblib._store_backends: FileSystemStoreBackend
joblib.numpy_pickle: NDArrayWrapper=sibling-file ZNDArrayWrapper=sibling-file
joblib.numpy_pickle_compat: NDArrayWrapper=sibling-file ZNDArrayWrapper=sibling-file
sklearn.externals.joblib.numpy_pickle: NDArrayWrapper=sibling-file ZNDArrayWrapper=sibling-file
sklearn.externals.joblib.numpy_pickle_compat: NDArrayWrapper=sibling-file ZNDArrayWrapper=sibling-file
"""
CHECKED += """
sklearn.externals.joblib.externals.cloudpickle.cloudpickle: subimport=import-of-trusted-root
joblib.externals.cloudpickle.cloudpickle: subimport=import-of-trusted-root
cloudpickle.cloudpickle: subimport=import-of-trusted-root
cloudpickle: subimport=import-of-trusted-root
dill._dill: _import_module=import-of-trusted-root
dill.dill: _import_module=import-of-trusted-root
"""
REFER += """
dill: _dill
"""
# dill maps the names of built-in types through _load_type; code objects and functions made by dill or cloudpickle
# (_create_function, _create_code, _make_function, CodeType ...) are deliberately absent: they carry code.
CHECKED += """
dill._dill: _load_type=type-name _create_array=dill-array
dill.dill: _load_type=type-name
"""
