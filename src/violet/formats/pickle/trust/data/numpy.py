"""Names trusted in pickles (numpy). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "numpy": (
        "bool bool_ byte bytes_ cdouble character clongdouble complex128 complex256 complex64 complex_ complexfloating "
        "csingle datetime64 double dtype flexible float128 float16 float32 float64 float96 float_ floating generic "
        "half inexact int16 int32 int64 int8 int_ intc integer intp long longdouble longlong ndarray number object_ "
        "short signedinteger single str_ string_ timedelta64 ubyte uint uint16 uint32 uint64 uint8 uintc uintp ulong "
        "ulonglong unicode_ unsignedinteger ushort void"
    ),
    "numpy._core": "_DType_reconstruct",
    "numpy._core._exceptions": (
        "UFuncTypeError _ArrayMemoryError _UFuncBinaryResolutionError _UFuncCastingError _UFuncInputCastingError "
        "_UFuncNoLoopError _UFuncOutputCastingError"
    ),
    "numpy._core._internal": "_convert_to_stringdtype_kwargs _reconstruct",
    "numpy._core.multiarray": "_reconstruct dtype ndarray scalar",
    "numpy._core.numeric": "_frombuffer",
    "numpy._core.numerictypes": (
        "_PreprocessDTypeError bool bool_ byte bytes_ cdouble character clongdouble complex128 complex256 complex64 "
        "complex_ complexfloating csingle datetime64 double flexible float128 float16 float32 float64 float96 float_ "
        "floating generic half inexact int16 int32 int64 int8 int_ intc integer intp long longdouble longlong number "
        "object_ short signedinteger single str_ string_ timedelta64 ubyte uint uint16 uint32 uint64 uint8 uintc uintp "
        "ulong ulonglong unicode_ unsignedinteger ushort void"
    ),
    "numpy.core": "_DType_reconstruct",
    "numpy.core._exceptions": (
        "AxisError TooHardError UFuncTypeError _ArrayMemoryError _UFuncBinaryResolutionError _UFuncCastingError "
        "_UFuncInputCastingError _UFuncNoLoopError _UFuncOutputCastingError"
    ),
    "numpy.core._internal": "_reconstruct",
    "numpy.core.multiarray": "_reconstruct dtype ndarray scalar",
    "numpy.core.numeric": "ComplexWarning _frombuffer",
    "numpy.core.numerictypes": (
        "bool bool_ byte bytes_ cdouble character clongdouble complex128 complex256 complex64 complex_ complexfloating "
        "csingle datetime64 double flexible float128 float16 float32 float64 float96 float_ floating generic half "
        "inexact int16 int32 int64 int8 int_ intc integer intp long longdouble longlong number object_ short "
        "signedinteger single str_ string_ timedelta64 ubyte uint uint16 uint32 uint64 uint8 uintc uintp ulong "
        "ulonglong unicode_ unsignedinteger ushort void"
    ),
    "numpy.dtypes": (
        "BoolDType ByteDType BytesDType CLongDoubleDType Complex128DType Complex64DType DateTime64DType Float16DType "
        "Float32DType Float64DType Int16DType Int32DType Int64DType Int8DType IntDType LongDType LongDoubleDType "
        "LongLongDType ObjectDType ShortDType StrDType StringDType TimeDelta64DType UByteDType UInt16DType UInt32DType "
        "UInt64DType UInt8DType UIntDType ULongDType ULongLongDType UShortDType VoidDType"
    ),
    "numpy.lib._iotools": "ConversionWarning ConverterError ConverterLockError",
    "numpy.lib.polynomial": "RankWarning",
    "numpy.ma.core": "MAError MaskError MaskedArrayFutureWarning MaskedConstant",
    "numpy.polynomial.polynomial": "Polynomial",
    "numpy.polynomial.polyutils": "PolyDomainError PolyError RankWarning",
    "numpy.random": "RandomState __RandomState_ctor",
    "numpy.random._bit_generator": "SeedSequence",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence __pyx_unpickle_SeedlessSeedSequence",
    "numpy.random.mtrand": "RandomState __RandomState_ctor",
}
CHECKED: dict[str, str] = {
    "numpy._core": "_ufunc_reconstruct=numpy-ufunc",
    "numpy.core": "_ufunc_reconstruct=numpy-ufunc",
    "numpy.ma.core": "_mareconstruct=construct-first-argument _mrreconstruct=construct-first-argument",
    "numpy.ma.mrecords": "_mrreconstruct=construct-first-argument",
    "numpy.random._pickle": (
        "__bit_generator_ctor=numpy-bit-generator __generator_ctor=numpy-bit-generator "
        "__randomstate_ctor=numpy-bit-generator"
    ),
}
CONSTRUCT: dict[str, str] = {
    "numpy": "chararray matrix poly1d recarray record vectorize",
    "numpy._core._machar": "MachAr",
    "numpy._core._ufunc_config": "_unspecified errstate",
    "numpy._core.arrayprint": (
        "BoolFormat ComplexFloatingFormat DatetimeFormat FloatingFormat IntegerFormat StructuredVoidFormat "
        "SubArrayFormat TimedeltaFormat _TimelikeFormat"
    ),
    "numpy._core.defchararray": "chararray",
    "numpy._core.getlimits": "MachArLike iinfo",
    "numpy._core.overrides": "ArgSpec",
    "numpy._core.records": "format_parser recarray record",
    "numpy.char": "chararray",
    "numpy.core._machar": "MachAr",
    "numpy.core._type_aliases": "TypeNADict",
    "numpy.core._ufunc_config": "_unspecified errstate",
    "numpy.core.arrayprint": (
        "BoolFormat ComplexFloatingFormat ComplexFormat DatetimeFormat FloatFormat FloatingFormat IntegerFormat "
        "LongComplexFormat LongFloatFormat StructureFormat StructuredVoidFormat SubArrayFormat TimedeltaFormat "
        "_TimelikeFormat"
    ),
    "numpy.core.defchararray": "chararray",
    "numpy.core.defmatrix": "matrix",
    "numpy.core.getlimits": "MachArLike iinfo",
    "numpy.core.machar": "MachAr",
    "numpy.core.numeric": "_unspecified errstate",
    "numpy.core.numerictypes": "_typedict",
    "numpy.core.overrides": "ArgSpec",
    "numpy.core.records": "format_parser recarray record",
    "numpy.lib._arraysetops_impl": "UniqueAllResult UniqueCountsResult UniqueInverseResult",
    "numpy.lib._arrayterator_impl": "Arrayterator",
    "numpy.lib._function_base_impl": "vectorize",
    "numpy.lib._index_tricks_impl": (
        "AxisConcatenator CClass IndexExpression MGridClass OGridClass RClass nd_grid ndenumerate ndindex"
    ),
    "numpy.lib._iotools": "LineSplitter NameValidator StringConverter",
    "numpy.lib._polynomial_impl": "poly1d",
    "numpy.lib._stride_tricks_impl": "DummyArray",
    "numpy.lib._utils_impl": "_Deprecate",
    "numpy.lib.arrayterator": "Arrayterator",
    "numpy.lib.function_base": "vectorize",
    "numpy.lib.index_tricks": (
        "AxisConcatenator CClass IndexExpression MGridClass OGridClass RClass nd_grid ndenumerate ndindex"
    ),
    "numpy.lib.polynomial": "poly1d",
    "numpy.lib.stride_tricks": "DummyArray",
    "numpy.lib.utils": "_Deprecate",
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": (
        "MaskedArray MaskedIterator _DomainCheckInterval _DomainGreater _DomainGreaterEqual _DomainSafeDivide "
        "_DomainTan _DomainedBinaryOperation _MaskedBinaryOperation _MaskedPrintOption _MaskedUFunc "
        "_MaskedUnaryOperation _convert2ma _extrema_operation _frommethod mvoid"
    ),
    "numpy.ma.extras": (
        "MAxisConcatenator _fromnxfunction _fromnxfunction_allargs _fromnxfunction_args _fromnxfunction_seq "
        "_fromnxfunction_single mr_class"
    ),
    "numpy.ma.timer_comparison": "ModuleTester",
    "numpy.matrixlib.defmatrix": "matrix",
    "numpy.polynomial._polybase": "ABCPolyBase",
    "numpy.polynomial.chebyshev": "Chebyshev",
    "numpy.polynomial.hermite": "Hermite",
    "numpy.polynomial.hermite_e": "HermiteE",
    "numpy.polynomial.laguerre": "Laguerre",
    "numpy.polynomial.legendre": "Legendre",
    "numpy.polynomial.polyutils": "PolyBase",
    "numpy.random": "Generator",
    "numpy.random._generator": "Generator",
    "numpy.random.bit_generator": "SeedlessSeedSequence",
    "numpy.rec": "recarray record",
    "numpy.records": "recarray record",
}
REFER: dict[str, str] = {
    "numpy": (
        "abs absolute add all allclose amax amin angle any arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh "
        "argmax argmin argsort around array array_equal asanyarray asarray atleast_1d atleast_2d average bitwise_and "
        "bitwise_not bitwise_or bitwise_xor cbrt ceil clip column_stack concatenate conj conjugate copysign corrcoef "
        "cos cosh count_nonzero cov cumprod cumsum deg2rad degrees diag diff digitize divide divmod dot e empty equal "
        "exp exp2 expand_dims expm1 eye fabs flip fliplr flipud float_power floor floor_divide fmax fmin fmod frexp "
        "full gcd greater greater_equal heaviside histogram hstack hypot identity imag inf inner interp invert isclose "
        "isfinite isin isinf isnan isnat kron lcm ldexp left_shift less less_equal linspace log log10 log1p log2 "
        "logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul max maximum mean median memmap "
        "meshgrid min minimum mod modf moveaxis multiply nan nan_to_num nanargmax nanargmin nanmax nanmean nanmedian "
        "nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar negative newaxis nextafter not_equal ones "
        "ones_like outer percentile pi positive power prod ptp quantile rad2deg radians ravel real reciprocal "
        "remainder repeat reshape right_shift rint roll round round_ searchsorted sign signbit sin sinc sinh sort "
        "spacing sqrt square squeeze stack std subtract sum swapaxes tan tanh tile trace transpose tril triu "
        "true_divide trunc ufunc unique var vstack where zeros zeros_like"
    ),
    "numpy._core._multiarray_umath": (
        "abs absolute add angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh around bitwise_and bitwise_not "
        "bitwise_or bitwise_xor cbrt ceil clip conj conjugate copysign cos cosh deg2rad degrees divide divmod equal "
        "exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside "
        "hypot imag invert isclose isfinite isin isinf isnan isnat lcm ldexp left_shift less less_equal log log10 "
        "log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum minimum mod "
        "modf multiply nan_to_num negative nextafter not_equal positive power rad2deg radians real reciprocal "
        "remainder right_shift rint round round_ sign signbit sin sinc sinh spacing sqrt square subtract tan tanh "
        "true_divide trunc"
    ),
    "numpy._core.fromnumeric": (
        "all allclose amax amin any argmax argmin argsort around array_equal average clip corrcoef count_nonzero cov "
        "cumprod cumsum diff dot histogram max mean median min nanargmax nanargmin nanmax nanmean nanmedian nanmin "
        "nanpercentile nanprod nanquantile nanstd nansum nanvar percentile prod ptp quantile searchsorted sort std sum "
        "trace unique var"
    ),
    "numpy._core.memmap": "memmap",
    "numpy._core.umath": (
        "abs absolute add angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh around bitwise_and bitwise_not "
        "bitwise_or bitwise_xor cbrt ceil clip conj conjugate copysign cos cosh deg2rad degrees divide divmod equal "
        "exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside "
        "hypot imag invert isclose isfinite isin isinf isnan isnat lcm ldexp left_shift less less_equal log log10 "
        "log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum minimum mod "
        "modf multiply nan_to_num negative nextafter not_equal positive power rad2deg radians real reciprocal "
        "remainder right_shift rint round round_ sign signbit sin sinc sinh spacing sqrt square subtract tan tanh "
        "true_divide trunc"
    ),
    "numpy.core._multiarray_umath": (
        "abs absolute add angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh around bitwise_and bitwise_not "
        "bitwise_or bitwise_xor cbrt ceil clip conj conjugate copysign cos cosh deg2rad degrees divide divmod equal "
        "exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside "
        "hypot imag invert isclose isfinite isin isinf isnan isnat lcm ldexp left_shift less less_equal log log10 "
        "log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum minimum mod "
        "modf multiply nan_to_num negative nextafter not_equal positive power rad2deg radians real reciprocal "
        "remainder right_shift rint round round_ sign signbit sin sinc sinh spacing sqrt square subtract tan tanh "
        "true_divide trunc"
    ),
    "numpy.core.fromnumeric": (
        "all allclose amax amin any argmax argmin argsort around array_equal average clip corrcoef count_nonzero cov "
        "cumprod cumsum diff dot histogram max mean median min nanargmax nanargmin nanmax nanmean nanmedian nanmin "
        "nanpercentile nanprod nanquantile nanstd nansum nanvar percentile prod ptp quantile searchsorted sort std sum "
        "trace unique var"
    ),
    "numpy.core.memmap": "memmap",
    "numpy.core.multiarray": "array concatenate dot where",
    "numpy.core.umath": (
        "abs absolute add angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh around bitwise_and bitwise_not "
        "bitwise_or bitwise_xor cbrt ceil clip conj conjugate copysign cos cosh deg2rad degrees divide divmod equal "
        "exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside "
        "hypot imag invert isclose isfinite isin isinf isnan isnat lcm ldexp left_shift less less_equal log log10 "
        "log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum minimum mod "
        "modf multiply nan_to_num negative nextafter not_equal positive power rad2deg radians real reciprocal "
        "remainder right_shift rint round round_ sign signbit sin sinc sinh spacing sqrt square subtract tan tanh "
        "true_divide trunc"
    ),
    "numpy.lib._function_base_impl": "angle average corrcoef cov diff flip interp median percentile quantile sinc",
    "numpy.lib.function_base": "angle average corrcoef cov diff flip interp median percentile quantile sinc trapz",
    "numpy.lib.nanfunctions": (
        "nanargmax nanargmin nanmax nanmean nanmedian nanmin nanpercentile nanprod nanstd nansum nanvar"
    ),
    "numpy.lib.type_check": "imag nan_to_num real",
    "numpy.linalg": "cholesky det eig eigh inv lstsq matrix_rank norm pinv qr solve svd",
    "numpy.linalg._linalg": "cholesky det eig eigh inv lstsq matrix_rank norm pinv qr solve svd",
    "numpy.linalg.linalg": "cholesky det eig eigh inv lstsq matrix_rank norm pinv qr solve svd",
    "numpy.random._bit_generator": "BitGenerator",
}
