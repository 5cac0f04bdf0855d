# ruff: noqa: E501  (tables: one line a module)
"""Hand-written facts about numpy, scipy, pandas and pyarrow: extension types and functions that have no Python source.

numpy's C functions were read: ``scalar`` takes object dtypes but loads nothing nested; ``_reconstruct`` makes an
empty array; ``ndarray.__setstate__`` wants a list for object dtypes. ``_ufunc_reconstruct`` imports by name, and
the constructors in ``numpy.random._pickle`` call whatever class or callable they are handed: both are conditional.
"""

from __future__ import annotations

SCALARS = (
    "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc intp uintc uintp longlong ulonglong long"
    " ulong byte ubyte short ushort int_ uint float16 float32 float64 float96 float128 longdouble half single"
    " double complex64 complex128 complex256 clongdouble csingle cdouble bytes_ str_ object_ void datetime64"
    " timedelta64 string_ unicode_ float_ complex_ generic number integer signedinteger unsignedinteger inexact"
    " floating complexfloating flexible character"
)
ELEMENTWISE = (
    "abs absolute add angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh around bitwise_and bitwise_not"
    " bitwise_or bitwise_xor cbrt ceil clip conj conjugate copysign cos cosh deg2rad degrees divide divmod equal"
    " exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside"
    " hypot imag invert isclose isfinite isinf isnan isnat lcm ldexp left_shift less less_equal log log10 log1p log2"
    " logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum minimum mod modf multiply"
    " nan_to_num negative nextafter not_equal positive power rad2deg radians real reciprocal remainder right_shift"
    " rint round round_ sign signbit sin sinc sinh spacing sqrt square subtract tan tanh true_divide trunc isin"
)
REDUCTIONS = (
    "all allclose amax amin any argmax argmin argsort array_equal average corrcoef count_nonzero cov cumprod cumsum"
    " diff dot histogram max mean median min nanargmax nanargmin nanmax nanmean nanmedian nanmin nanpercentile"
    " nanprod nanquantile nanstd nansum nanvar percentile prod ptp quantile searchsorted sort std sum trace unique"
    " var"
)
SHAPES = (
    "array asarray asanyarray atleast_1d atleast_2d column_stack concatenate diag empty expand_dims eye full hstack"
    " identity inner interp kron linspace arange meshgrid moveaxis ones ones_like outer ravel repeat reshape roll"
    " squeeze stack swapaxes tile transpose tril triu vstack where zeros zeros_like digitize flip fliplr flipud"
)
_DTYPES = (
    "BoolDType ByteDType BytesDType CLongDoubleDType Complex128DType Complex64DType DateTime64DType Float16DType"
    " Float32DType Float64DType Int16DType Int32DType Int64DType Int8DType IntDType LongDType LongDoubleDType"
    " LongLongDType ObjectDType ShortDType StrDType StringDType TimeDelta64DType UByteDType UInt16DType UInt32DType"
    " UInt64DType UInt8DType UIntDType ULongDType ULongLongDType UShortDType VoidDType"
)
_BIT_GENERATORS = "MT19937 PCG64 PCG64DXSM Philox SFC64"


def _both(lines: str) -> str:
    """The lines, and again with numpy's private package under its older name."""
    return lines + lines.replace("numpy._core", "numpy.core")


CALL = f"""
pandas.core.arrays.string_: StringDtype
pandas._libs.lib: _NoDefault
pandas._libs.tslibs.nattype: __nat_unpickle
numpy: dtype ndarray {SCALARS}
numpy.dtypes: {_DTYPES}
numpy._core._internal: _convert_to_stringdtype_kwargs
numpy.random: RandomState
numpy.random.mtrand: RandomState
numpy.random._mt19937: MT19937
numpy.random._pcg64: PCG64 PCG64DXSM
numpy.random._philox: Philox
numpy.random._sfc64: SFC64
numpy.random.bit_generator: SeedSequence __pyx_unpickle_SeedSequence __pyx_unpickle_SeedlessSeedSequence
numpy.random._bit_generator: SeedSequence
numpy.random.mtrand: __RandomState_ctor
numpy.random: __RandomState_ctor
numpy.polynomial.polynomial: Polynomial

scipy.spatial._ckdtree: cKDTree
scipy.spatial.ckdtree: cKDTree

pandas._libs.internals: _unpickle_block BlockPlacement
pandas._libs.arrays: __pyx_unpickle_NDArrayBacked
pandas._libs.tslibs.timestamps: _unpickle_timestamp Timestamp
pandas._libs.tslibs.timedeltas: _timedelta_unpickle Timedelta
pandas._libs.tslibs.nattype: _nat_unpickle __nat_unpickle NaTType
pandas._libs.tslibs.period: Period __pyx_unpickle__Period __pyx_unpickle_PeriodMixin
pandas._libs.tslib: Timestamp NaTType _nat_unpickle __nat_unpickle
pandas.tslib: Timestamp NaTType __nat_unpickle
pandas._libs.interval: Interval __pyx_unpickle_IntervalMixin
pandas._libs.sparse: IntIndex BlockIndex
pandas._sparse: IntIndex BlockIndex
pandas._libs.missing: NAType
pandas._libs.tslibs.dtypes: PeriodDtypeBase __pyx_unpickle_PeriodDtypeBase

pandas.core.dtypes.dtypes: CategoricalDtype DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype NumpyEADtype PandasDtype ArrowDtype
pandas.core.arrays.sparse.dtype: SparseDtype
""" + _both(
    f"""
numpy._core.multiarray: _reconstruct scalar ndarray dtype
numpy._core._internal: _reconstruct
numpy._core: _DType_reconstruct
numpy._core.numeric: _frombuffer
numpy._core.numerictypes: {SCALARS}
"""
)

_PANDAS = (
    "DataFrame Series Index RangeIndex MultiIndex CategoricalIndex DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex"
    " Int64Index Float64Index UInt64Index Categorical NamedAgg Flags"
)
_PANDAS_DTYPES = (
    "ArrowDtype BooleanDtype CategoricalDtype DatetimeTZDtype Float32Dtype Float64Dtype Int8Dtype Int16Dtype Int32Dtype"
    " Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype IntervalDtype PeriodDtype SparseDtype StringDtype"
)
_PANDAS_ARRAYS = (
    "ArrowExtensionArray ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray NumpyExtensionArray"
    " PandasArray PeriodArray SparseArray StringArray TimedeltaArray"
)
_OFFSETS = (
    "DateOffset Tick Day Hour Minute Second Milli Micro Nano BDay CDay BusinessDay BusinessHour CustomBusinessDay"
    " CustomBusinessHour BusinessMonthEnd BusinessMonthBegin CustomBusinessMonthEnd CustomBusinessMonthBegin MonthEnd MonthBegin"
    " SemiMonthEnd SemiMonthBegin Week WeekOfMonth LastWeekOfMonth QuarterEnd QuarterBegin BQuarterEnd BQuarterBegin YearEnd"
    " YearBegin BYearEnd BYearBegin HalfYearBegin HalfYearEnd BHalfYearBegin BHalfYearEnd FY5253 FY5253Quarter Easter"
    " RelativeDeltaOffset SingleConstructorOffset MonthOffset QuarterOffset YearOffset BusinessMixin BusinessMixin BMonthEnd"
    " BMonthBegin CBMonthEnd CBMonthBegin"
)
_PYARROW = (
    "type_for_alias chunked_array field schema list_ large_list struct dictionary map_ py_buffer timestamp duration time32"
    " time64 decimal128 decimal256 binary run_end_encoded _reconstruct_table _reconstruct_record_batch _restore_array"
    " _reconstruct_chunked_array null bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 string"
    " large_string utf8 large_utf8 large_binary date32 date64 scalar array string_view binary_view"
)
CALL += f"""
pandas: {_PANDAS_DTYPES} Timestamp Timedelta Period Interval DateOffset
pandas._libs.tslibs.offsets: {_OFFSETS}
pandas.tseries.offsets: {_OFFSETS}
pandas.core.internals.managers: BlockManager SingleBlockManager
pandas.core.internals: BlockManager SingleBlockManager
pyarrow.lib: {_PYARROW}
pyarrow: {_PYARROW}
numpy.ma.core: MaskedConstant
"""

CONSTRUCT = f"""
pandas.api.typing: DataFrameGroupBy SeriesGroupBy
scipy.sparse._arrays: bsr_array coo_array csc_array csr_array dia_array dok_array lil_array _sparray
scipy.interpolate._interpolate: _PPoly _BPoly _NdPPoly
numpy._core.defchararray: chararray
numpy.core.defchararray: chararray
numpy.char: chararray
scipy.signal._ltisys: TransferFunctionDiscrete TransferFunctionContinuous ZerosPolesGainDiscrete ZerosPolesGainContinuous StateSpaceDiscrete StateSpaceContinuous
scipy.signal.ltisys: TransferFunctionDiscrete TransferFunctionContinuous ZerosPolesGainDiscrete ZerosPolesGainContinuous StateSpaceDiscrete StateSpaceContinuous
scipy.spatial._qhull: Delaunay ConvexHull Voronoi HalfspaceIntersection _QhullUser
scipy.spatial.qhull: Delaunay ConvexHull Voronoi HalfspaceIntersection _QhullUser
scipy.interpolate._interpnd: LinearNDInterpolator CloughTocher2DInterpolator NDInterpolatorBase
scipy.interpolate.interpnd: LinearNDInterpolator CloughTocher2DInterpolator NDInterpolatorBase
scipy.interpolate._bsplines: _BSpline
numpy._core.records: recarray record
numpy.core.records: recarray record
scipy.spatial._kdtree: KDTree.innernode KDTree.leafnode
scipy.spatial.kdtree: KDTree.innernode KDTree.leafnode
numpy: chararray
pandas: {_PANDAS}
pandas.arrays: {_PANDAS_ARRAYS}
numpy: record vectorize
numpy.rec: recarray record
numpy.records: recarray record
numpy.ma: MaskedArray
numpy.core.defmatrix: matrix
polars.dataframe.frame: DataFrame
polars.series.series: Series
numpy: matrix recarray poly1d
numpy.random: Generator
numpy.random._generator: Generator
numpy.random.bit_generator: SeedlessSeedSequence
scipy.spatial._ckdtree: cKDTreeNode
pandas._libs.internals: BlockManager
pandas._libs.properties: CachedProperty
pandas._libs.tslibs.offsets: BaseOffset
"""

CHECKED = (
    _both(
        """
numpy._core: _ufunc_reconstruct=numpy-ufunc
"""
    )
    + """
numpy.random._pickle: __randomstate_ctor=numpy-bit-generator __generator_ctor=numpy-bit-generator
scipy.spatial.ckdtree: new_object=construct-first-argument
numpy.random._pickle: __bit_generator_ctor=numpy-bit-generator
numpy.ma.core: _mareconstruct=construct-first-argument _mrreconstruct=construct-first-argument
numpy.ma.mrecords: _mrreconstruct=construct-first-argument
pandas.core.indexes.base: _new_Index=construct-first-argument
pandas.core.indexes.datetimes: _new_DatetimeIndex=construct-first-argument
pandas.core.indexes.period: _new_PeriodIndex=construct-first-argument
pandas.core.indexes.timedeltas: _new_TimedeltaIndex=construct-first-argument
pandas.core.indexes.interval: _new_IntervalIndex=construct-first-argument
pandas.indexes.base: _new_Index=construct-first-argument
pandas.core.index: _new_Index=construct-first-argument
pandas.tseries.index: _new_DatetimeIndex=construct-first-argument
pandas.tseries.period: _new_PeriodIndex=construct-first-argument
"""
)

REFER = f"""
pandas.core.internals.blocks: new_block
scipy._external.array_api_compat.numpy._aliases: asarray
scipy.interpolate.interpolate: interp1d._call_linear_np interp1d._call_linear interp1d._call_nearest interp1d._call_previousnext interp1d._call_spline interp1d._call_nan_spline
numpy: ufunc
numpy: {ELEMENTWISE} {REDUCTIONS} {SHAPES} nan inf pi e newaxis memmap
numpy._core._multiarray_umath: {ELEMENTWISE}
numpy.core._multiarray_umath: {ELEMENTWISE}
numpy.core.umath: {ELEMENTWISE}
numpy._core.umath: {ELEMENTWISE}
numpy.core.fromnumeric: {REDUCTIONS} around clip
numpy._core.fromnumeric: {REDUCTIONS} around clip
numpy.core.memmap: memmap
numpy._core.memmap: memmap
numpy.core.multiarray: array concatenate dot where
numpy.lib.function_base: angle average corrcoef cov diff flip interp median percentile quantile sinc trapz
numpy.lib._function_base_impl: angle average corrcoef cov diff flip interp median percentile quantile sinc
numpy.lib.nanfunctions: nanargmax nanargmin nanmax nanmean nanmedian nanmin nanpercentile nanprod nanstd nansum nanvar
numpy.lib.type_check: imag nan_to_num real
numpy.linalg: norm det inv pinv eig eigh svd qr cholesky solve lstsq matrix_rank
numpy.linalg.linalg: norm det inv pinv eig eigh svd qr cholesky solve lstsq matrix_rank
numpy.linalg._linalg: norm det inv pinv eig eigh svd qr cholesky solve lstsq matrix_rank
numpy.random._bit_generator: BitGenerator
scipy.special: expit logit softmax log_softmax logsumexp erf erfc erfinv gamma gammaln digamma beta betaln boxcox boxcox1p inv_boxcox inv_boxcox1p xlogy xlog1py entr ndtr ndtri log1p expm1 cbrt exp2 exp10 softplus huber pseudo_huber kl_div rel_entr comb binom factorial
scipy.special._ufuncs: expit logit erf erfc erfinv gamma gammaln psi beta betaln boxcox boxcox1p inv_boxcox inv_boxcox1p xlogy xlog1py entr ndtr ndtri log1p expm1 cbrt exp2 exp10 huber pseudo_huber kl_div rel_entr binom
scipy.special._special_ufuncs: expit logit erf erfc erfinv gamma gammaln psi beta betaln boxcox boxcox1p inv_boxcox inv_boxcox1p xlogy xlog1py entr ndtr ndtri log1p expm1 cbrt exp2 exp10 huber pseudo_huber kl_div rel_entr binom log_expit exprel sinpi cospi
scipy.special._logsumexp: softmax log_softmax logsumexp
scipy.special._basic: comb factorial
scipy.stats: pearsonr spearmanr kendalltau mode zscore skew kurtosis iqr gmean hmean trim_mean ks_2samp entropy rankdata
scipy.stats.stats: pearsonr spearmanr kendalltau mode zscore skew kurtosis iqr gmean hmean trim_mean ks_2samp rankdata
scipy.stats._stats_py: pearsonr spearmanr kendalltau mode zscore skew kurtosis iqr gmean hmean trim_mean ks_2samp rankdata
scipy.spatial.distance: braycurtis canberra chebyshev cityblock correlation cosine dice euclidean hamming jaccard jensenshannon kulczynski1 mahalanobis minkowski rogerstanimoto russellrao seuclidean sokalmichener sokalsneath sqeuclidean yule cdist pdist
scipy.linalg: norm det inv pinv expm logm sqrtm svd qr cholesky solve lstsq eigh eig
scipy._lib.array_api_compat.numpy._aliases: asarray
scipy.interpolate._interpolate: interp1d._call_linear_np interp1d._call_linear interp1d._call_nearest interp1d._call_previousnext interp1d._call_spline interp1d._call_nan_spline
pandas: NaT NA isna isnull notna notnull to_numeric to_datetime to_timedelta get_dummies cut qcut
pandas._libs.missing: NA
pandas._libs.tslibs.nattype: NaT
pandas._libs.lib: no_default
"""
# Old homes of the frames: pandas' own compatibility table (pandas.compat.pickle_compat) reads these.
CONSTRUCT += """
pandas.core.series: Series TimeSeries SparseTimeSeries
pandas.sparse.series: SparseSeries SparseTimeSeries
pandas.sparse.frame: SparseDataFrame
pandas.sparse.array: SparseArray
pandas.core.internals: BlockManager SingleBlockManager Block
pandas.indexes.base: Index
pandas.indexes.numeric: Int64Index Float64Index UInt64Index
pandas.indexes.range: RangeIndex
pandas.indexes.multi: MultiIndex
pandas.indexes.category: CategoricalIndex
pandas.core.index: Index Int64Index Float64Index MultiIndex
pandas.tseries.index: DatetimeIndex
pandas.tseries.tdi: TimedeltaIndex
pandas.tseries.period: PeriodIndex
pandas.core.categorical: Categorical
pandas.core.indexes.numeric: Int64Index Float64Index UInt64Index NumericIndex
pandas.core.indexes.frozen: FrozenList FrozenNDArray
pandas.core.base: FrozenList FrozenNDArray
pandas.core.strings.accessor: StringMethods
"""
