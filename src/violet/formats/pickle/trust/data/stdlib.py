"""Names trusted in pickles (stdlib). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "UserDict": "IterableUserDict UserDict",
    "UserList": "UserList",
    "__builtin__": (
        "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError "
        "BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError "
        "ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning "
        "EnvironmentError Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning "
        "GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError "
        "IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError "
        "NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning "
        "PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning "
        "StandardError StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError "
        "TimeoutError TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError "
        "UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError basestring bool buffer "
        "bytearray bytes complex dict enumerate float frozenset int list long object range reversed set slice str "
        "tuple unicode xrange zip"
    ),
    "_decimal": "Context Decimal",
    "_io": "BytesIO StringIO",
    "_operator": "itemgetter",
    "_pydecimal": "Decimal",
    "_random": "Random",
    "argparse": "Namespace",
    "array": "_array_reconstructor array",
    "builtins": (
        "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError "
        "BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError "
        "ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning "
        "EnvironmentError Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning "
        "GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError "
        "IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError "
        "NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning "
        "PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning "
        "StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError "
        "TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError "
        "UnicodeWarning UserWarning ValueError Warning ZeroDivisionError bool bytearray bytes complex dict enumerate "
        "float frozenset int list object range reversed set slice str tuple zip"
    ),
    "collections": "ChainMap Counter OrderedDict UserDict UserList UserString defaultdict deque",
    "collections.abc": "Callable Iterable Iterator Mapping Sequence",
    "datetime": "date datetime time timedelta timezone",
    "dateutil.relativedelta": "relativedelta",
    "dateutil.tz": "tzlocal tzoffset tzutc",
    "dateutil.tz.tz": "tzlocal tzoffset tzutc",
    "decimal": "Context Decimal",
    "exceptions": (
        "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError "
        "BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError "
        "ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError "
        "Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit "
        "IOError ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError "
        "KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError "
        "NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError "
        "RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StandardError StopAsyncIteration "
        "StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError "
        "UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning "
        "UserWarning ValueError Warning ZeroDivisionError"
    ),
    "fractions": "Fraction",
    "http": "HTTPStatus",
    "inspect": "Parameter Signature _ParameterKind",
    "io": "BytesIO StringIO",
    "ipaddress": "IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network",
    "itertools": "chain count",
    "logging": "getLogger",
    "numbers": "Complex Integral Number Rational Real",
    "operator": "itemgetter",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "pytz": "_UTC _p",
    "random": "Random",
    "re": "RegexFlag",
    "string": "Template",
    "time": "struct_time",
    "types": "GenericAlias SimpleNamespace",
    "uuid": "SafeUUID UUID",
    "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
}
CHECKED: dict[str, str] = {
    "__builtin__": "getattr=plain-attribute iter=one-argument type=type-of-constant",
    "_codecs": "encode=text-codec",
    "_functools": "partial=partial-of-trusted",
    "_operator": "attrgetter=plain-attribute-names getitem=typing-subscript",
    "builtins": "getattr=plain-attribute iter=one-argument type=type-of-constant",
    "codecs": "encode=text-codec",
    "copy_reg": (
        "__newobj__=construct-first-argument __newobj_ex__=construct-first-argument "
        "_reconstructor=construct-on-builtin-base"
    ),
    "copyreg": (
        "__newobj__=construct-first-argument __newobj_ex__=construct-first-argument "
        "_reconstructor=construct-on-builtin-base"
    ),
    "dateutil.tz": "tzfile=first-argument-none",
    "dateutil.tz.tz": "tzfile=first-argument-none",
    "functools": "partial=partial-of-trusted",
    "operator": "attrgetter=plain-attribute-names getitem=typing-subscript",
    "re": "_compile=regular-expression",
}
CONSTRUCT: dict[str, str] = {
    "dataclasses": "Field",
    "dateutil.tz._common": "tzrangebase",
    "dateutil.tz.tz": "_ttinfo tzrange tzstr",
    "pytz.tzfile": "DstTzInfo StaticTzInfo",
}
REFER: dict[str, str] = {
    "__builtin__": "abs all any bin chr divmod hash hex len max min oct ord pow repr round sorted sum",
    "_operator": "add and_ concat contains eq floordiv ge gt le lt mod mul ne neg not_ or_ pos pow sub truediv xor",
    "_sre": "SRE_Pattern",
    "abc": "ABC ABCMeta",
    "builtins": (
        "abs all any bin callable chr divmod format hash hex id isinstance issubclass len max min next oct ord pow "
        "repr round sorted sum"
    ),
    "datetime": "UTC",
    "enum": "Enum Flag IntEnum IntFlag StrEnum",
    "math": (
        "acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist erf erfc exp exp2 expm1 fabs "
        "factorial floor fmod gamma gcd hypot isclose isfinite isinf isnan lcm ldexp lgamma log log10 log1p log2 modf "
        "pow prod radians remainder sin sinh sqrt tan tanh trunc"
    ),
    "operator": "add and_ concat contains eq floordiv ge gt le lt mod mul ne neg not_ or_ pos pow sub truediv xor",
    "re": "IGNORECASE Pattern",
    "statistics": "fmean mean median mode pstdev pvariance stdev variance",
    "string": "ascii_letters ascii_lowercase ascii_uppercase capwords digits printable punctuation whitespace",
    "types": "NoneType",
    "typing": (
        "Any Callable ClassVar Dict FrozenSet Generic Hashable Iterable Iterator List Literal Mapping NamedTuple "
        "NoReturn Optional Sequence Set Tuple Type Union"
    ),
}
