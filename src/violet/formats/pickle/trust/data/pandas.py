"""Names trusted in pickles (pandas). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "pandas": (
        "ArrowDtype BooleanDtype CategoricalDtype DateOffset DatetimeTZDtype Float32Dtype Float64Dtype Int16Dtype "
        "Int32Dtype Int64Dtype Int8Dtype Interval IntervalDtype Period PeriodDtype SparseDtype StringDtype Timedelta "
        "Timestamp UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype"
    ),
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "BlockPlacement _unpickle_block",
    "pandas._libs.interval": "Interval __pyx_unpickle_IntervalMixin",
    "pandas._libs.lib": "_NoDefault",
    "pandas._libs.missing": "NAType",
    "pandas._libs.sparse": "BlockIndex IntIndex",
    "pandas._libs.tslib": "NaTType Timestamp __nat_unpickle _nat_unpickle",
    "pandas._libs.tslibs.dtypes": "PeriodDtypeBase __pyx_unpickle_PeriodDtypeBase",
    "pandas._libs.tslibs.nattype": "NaTType __nat_unpickle _nat_unpickle",
    "pandas._libs.tslibs.offsets": (
        "BDay BHalfYearBegin BHalfYearEnd BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd "
        "BusinessDay BusinessHour BusinessMixin BusinessMonthBegin BusinessMonthEnd CBMonthBegin CBMonthEnd CDay "
        "CustomBusinessDay CustomBusinessHour CustomBusinessMonthBegin CustomBusinessMonthEnd DateOffset Day Easter "
        "FY5253 FY5253Quarter HalfYearBegin HalfYearEnd Hour LastWeekOfMonth Micro Milli Minute MonthBegin MonthEnd "
        "MonthOffset Nano QuarterBegin QuarterEnd QuarterOffset RelativeDeltaOffset Second SemiMonthBegin SemiMonthEnd "
        "SingleConstructorOffset Tick Week WeekOfMonth YearBegin YearEnd YearOffset"
    ),
    "pandas._libs.tslibs.period": "Period __pyx_unpickle_PeriodMixin __pyx_unpickle__Period",
    "pandas._libs.tslibs.timedeltas": "Timedelta _timedelta_unpickle",
    "pandas._libs.tslibs.timestamps": "Timestamp _unpickle_timestamp",
    "pandas._sparse": "BlockIndex IntIndex",
    "pandas.core.arrays.datetimelike": "InvalidComparison",
    "pandas.core.arrays.sparse.array": "ellipsis",
    "pandas.core.arrays.sparse.dtype": "SparseDtype",
    "pandas.core.arrays.string_": "StringDtype",
    "pandas.core.base": "DataError GroupByError SpecificationError",
    "pandas.core.common": "SettingWithCopyError SettingWithCopyWarning",
    "pandas.core.dtypes.cast": "LossySetitemError",
    "pandas.core.dtypes.dtypes": (
        "ArrowDtype CategoricalDtype DatetimeTZDtype IntervalDtype NumpyEADtype PandasDtype PeriodDtype SparseDtype"
    ),
    "pandas.core.indexes.base": "InvalidIndexError",
    "pandas.core.indexing": "IndexingError",
    "pandas.core.internals": "BlockManager SingleBlockManager",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.tseries.offsets": (
        "BDay BHalfYearBegin BHalfYearEnd BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd "
        "BusinessDay BusinessHour BusinessMixin BusinessMonthBegin BusinessMonthEnd CBMonthBegin CBMonthEnd CDay "
        "CustomBusinessDay CustomBusinessHour CustomBusinessMonthBegin CustomBusinessMonthEnd DateOffset Day Easter "
        "FY5253 FY5253Quarter HalfYearBegin HalfYearEnd Hour LastWeekOfMonth Micro Milli Minute MonthBegin MonthEnd "
        "MonthOffset Nano QuarterBegin QuarterEnd QuarterOffset RelativeDeltaOffset Second SemiMonthBegin SemiMonthEnd "
        "SingleConstructorOffset Tick Week WeekOfMonth YearBegin YearEnd YearOffset"
    ),
    "pandas.tslib": "NaTType Timestamp __nat_unpickle",
}
CHECKED: dict[str, str] = {
    "pandas.core.index": "_new_Index=construct-first-argument",
    "pandas.core.indexes.base": "_new_Index=construct-first-argument",
    "pandas.core.indexes.datetimes": "_new_DatetimeIndex=construct-first-argument",
    "pandas.core.indexes.interval": "_new_IntervalIndex=construct-first-argument",
    "pandas.core.indexes.period": "_new_PeriodIndex=construct-first-argument",
    "pandas.core.indexes.timedeltas": "_new_TimedeltaIndex=construct-first-argument",
    "pandas.indexes.base": "_new_Index=construct-first-argument",
    "pandas.tseries.index": "_new_DatetimeIndex=construct-first-argument",
    "pandas.tseries.period": "_new_PeriodIndex=construct-first-argument",
}
CONSTRUCT: dict[str, str] = {
    "pandas": (
        "Categorical CategoricalIndex DataFrame DatetimeIndex Flags Float64Index Index Int64Index IntervalIndex "
        "MultiIndex NamedAgg PeriodIndex RangeIndex Series TimedeltaIndex UInt64Index"
    ),
    "pandas._libs.internals": "BlockManager",
    "pandas._libs.properties": "CachedProperty",
    "pandas._libs.tslibs.offsets": "BaseOffset",
    "pandas.api.typing": "DataFrameGroupBy SeriesGroupBy",
    "pandas.arrays": (
        "ArrowExtensionArray ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray "
        "NumpyExtensionArray PandasArray PeriodArray SparseArray StringArray TimedeltaArray"
    ),
    "pandas.core.accessor": "Accessor CachedAccessor DirNamesMixin PandasDelegate",
    "pandas.core.algorithms": "SelectN SelectNFrame SelectNSeries",
    "pandas.core.apply": (
        "Apply BaseExecutionEngine FrameApply FrameColumnApply FrameRowApply GroupByApply NDFrameApply "
        "ResamplerWindowApply SeriesApply"
    ),
    "pandas.core.arraylike": "OpsMixin",
    "pandas.core.arrays._arrow_string_mixins": "ArrowStringArrayMixin",
    "pandas.core.arrays._mixins": "NDArrayBackedExtensionArray",
    "pandas.core.arrays.arrow.accessors": "ArrowAccessor ListAccessor StructAccessor",
    "pandas.core.arrays.arrow.array": "ArrowExtensionArray",
    "pandas.core.arrays.arrow.dtype": "ArrowDtype",
    "pandas.core.arrays.base": (
        "ExtensionArray ExtensionArrayNaResult ExtensionArraySupportsAnyAll ExtensionOpsMixin ExtensionScalarOpsMixin"
    ),
    "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
    "pandas.core.arrays.categorical": "Categorical CategoricalAccessor",
    "pandas.core.arrays.datetimelike": "AttributesMixin DatelikeOps DatetimeLikeArrayMixin TimelikeOps",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.arrays.floating": "Float32Dtype Float64Dtype FloatingArray FloatingDtype",
    "pandas.core.arrays.integer": (
        "Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray IntegerDtype UInt16Dtype UInt32Dtype UInt64Dtype "
        "UInt8Dtype _IntegerDtype"
    ),
    "pandas.core.arrays.interval": "IntervalArray",
    "pandas.core.arrays.masked": "BaseMaskedArray BaseMaskedDtype",
    "pandas.core.arrays.numeric": "NumericArray NumericDtype",
    "pandas.core.arrays.numpy_": "NumpyExtensionArray PandasArray PandasDtype",
    "pandas.core.arrays.period": "PeriodArray",
    "pandas.core.arrays.sparse": "BaseAccessor SparseAccessor SparseArray SparseDtype SparseFrameAccessor",
    "pandas.core.arrays.sparse.accessor": "BaseAccessor SparseAccessor SparseFrameAccessor",
    "pandas.core.arrays.sparse.array": "SparseArray _SparseMatrixLike",
    "pandas.core.arrays.string_": "BaseStringArray StringArray",
    "pandas.core.arrays.string_arrow": "ArrowStringArray",
    "pandas.core.arrays.timedeltas": "TimedeltaArray",
    "pandas.core.base": (
        "FrozenList FrozenNDArray IndexOpsMixin NoNewAttributesMixin PandasObject SelectionMixin ShallowMixin "
        "StringMixin"
    ),
    "pandas.core.categorical": "Categorical",
    "pandas.core.col": "Expression",
    "pandas.core.describe": "DataFrameDescriber NDFrameDescriberAbstract SeriesDescriber",
    "pandas.core.dtypes.base": "ExtensionDtype Registry StorageExtensionDtype",
    "pandas.core.dtypes.dtypes": "BaseMaskedDtype PandasExtensionDtype Registry",
    "pandas.core.frame": "DataFrame=no-items _DuplicateColumnRecorder",
    "pandas.core.generic": "NDFrame",
    "pandas.core.groupby.base": "GroupByMixin OutputKey",
    "pandas.core.groupby.generic": "DataFrameGroupBy NDFrameGroupBy NamedAgg SeriesGroupBy",
    "pandas.core.groupby.groupby": "BaseGroupBy GroupBy GroupByPlot _GroupBy",
    "pandas.core.groupby.grouper": "Grouper Grouping",
    "pandas.core.groupby.indexing": "GroupByIndexingMixin GroupByNthSelector GroupByPositionalSelector",
    "pandas.core.groupby.ops": "BaseGrouper BinGrouper DataSplitter FrameSplitter SeriesSplitter WrappedCythonOp",
    "pandas.core.index": "Float64Index Index Int64Index MultiIndex",
    "pandas.core.indexers.objects": (
        "BaseIndexer ExpandingIndexer ExponentialMovingWindowIndexer FixedForwardWindowIndexer FixedWindowIndexer "
        "GroupByIndexer GroupbyIndexer VariableOffsetWindowIndexer VariableWindowIndexer"
    ),
    "pandas.core.indexes.accessors": (
        "ArrowTemporalProperties CombinedDatetimelikeProperties DatetimeProperties PeriodProperties Properties "
        "TimedeltaProperties"
    ),
    "pandas.core.indexes.base": "Index",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.datetimelike": "DatetimeIndexOpsMixin DatetimeTimedeltaMixin DatetimelikeDelegateMixin",
    "pandas.core.indexes.datetimes": "DatetimeDelegateMixin DatetimeIndex",
    "pandas.core.indexes.extension": "ExtensionIndex NDArrayBackedExtensionIndex",
    "pandas.core.indexes.frozen": "FrozenList FrozenNDArray",
    "pandas.core.indexes.interval": "IntervalIndex SetopCheck",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.numeric": "Float64Index Int64Index IntegerIndex NumericIndex UInt64Index",
    "pandas.core.indexes.period": "PeriodDelegateMixin PeriodIndex",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.timedeltas": "TimedeltaDelegateMixin TimedeltaIndex",
    "pandas.core.indexing": "IndexingMixin _IndexSlice",
    "pandas.core.internals": "Block",
    "pandas.core.internals.api": "_DatetimeTZBlock",
    "pandas.core.internals.array_manager": "ArrayManager BaseArrayManager NullArrayProxy SingleArrayManager",
    "pandas.core.internals.base": "DataManager SingleDataManager _AlreadyWarned",
    "pandas.core.internals.blocks": (
        "Block BoolBlock CategoricalBlock ComplexBlock DatetimeBlock DatetimeLikeBlock DatetimeLikeBlockMixin "
        "DatetimeTZBlock EABackedBlock ExtensionBlock FloatBlock FloatOrComplexBlock IntBlock "
        "NDArrayBackedExtensionBlock NonConsolidatableMixIn NumericBlock NumpyBlock ObjectBlock "
        "ObjectValuesExtensionBlock TimeDeltaBlock"
    ),
    "pandas.core.internals.concat": "JoinUnit",
    "pandas.core.internals.managers": "BaseBlockManager",
    "pandas.core.internals.ops": "BlockPairInfo",
    "pandas.core.methods.describe": "DataFrameDescriber NDFrameDescriberAbstract SeriesDescriber",
    "pandas.core.methods.selectn": "SelectN SelectNFrame SelectNSeries",
    "pandas.core.nanops": "bottleneck_switch disallow",
    "pandas.core.resample": (
        "DatetimeIndexResampler DatetimeIndexResamplerGroupBy DatetimeIndexResamplerGroupby PeriodIndexResampler "
        "PeriodIndexResamplerGroupBy PeriodIndexResamplerGroupby Resampler TimeGrouper TimedeltaIndexResampler "
        "TimedeltaIndexResamplerGroupBy TimedeltaIndexResamplerGroupby _GroupByMixin"
    ),
    "pandas.core.reshape.concat": "_Concatenator",
    "pandas.core.reshape.merge": "_AsOfMerge _CrossMergeOperation _MergeOperation _OrderedMerge",
    "pandas.core.reshape.reshape": "_Unstacker",
    "pandas.core.series": "Series SparseTimeSeries TimeSeries",
    "pandas.core.sorting": "_KeyMapper",
    "pandas.core.sparse.frame": "SparseDataFrame",
    "pandas.core.sparse.series": "SparseSeries",
    "pandas.core.strings": "StringMethods",
    "pandas.core.strings.accessor": "StringMethods",
    "pandas.core.strings.base": "BaseStringArrayMethods",
    "pandas.core.strings.object_array": "ObjectStringArrayMixin",
    "pandas.core.tools.datetimes": "FulldatetimeDict YearMonthDayDict",
    "pandas.core.window": (
        "EWM Expanding ExpandingGroupby Rolling RollingGroupby Window _GroupByMixin _Rolling _Rolling_and_Expanding "
        "_Window"
    ),
    "pandas.core.window.common": "WindowGroupByMixin",
    "pandas.core.window.ewm": (
        "ExponentialMovingWindow ExponentialMovingWindowGroupBy ExponentialMovingWindowGroupby "
        "OnlineExponentialMovingWindow"
    ),
    "pandas.core.window.expanding": "Expanding ExpandingGroupBy ExpandingGroupby",
    "pandas.core.window.indexers": (
        "BaseIndexer ExpandingIndexer FixedForwardWindowIndexer FixedWindowIndexer GroupbyRollingIndexer "
        "VariableOffsetWindowIndexer VariableWindowIndexer"
    ),
    "pandas.core.window.online": "EWMMeanState",
    "pandas.core.window.rolling": (
        "BaseWindow BaseWindowGroupBy BaseWindowGroupby Rolling RollingAndExpandingMixin RollingGroupBy RollingGroupby "
        "Window _Rolling _Rolling_and_Expanding _Window"
    ),
    "pandas.indexes.base": "Index",
    "pandas.indexes.category": "CategoricalIndex",
    "pandas.indexes.multi": "MultiIndex",
    "pandas.indexes.numeric": "Float64Index Int64Index UInt64Index",
    "pandas.indexes.range": "RangeIndex",
    "pandas.sparse.array": "SparseArray",
    "pandas.sparse.frame": "SparseDataFrame",
    "pandas.sparse.series": "SparseSeries SparseTimeSeries",
    "pandas.tseries.frequencies": "_FrequencyInferer _TimedeltaFrequencyInferer",
    "pandas.tseries.holiday": "AbstractHolidayCalendar Holiday USFederalHolidayCalendar",
    "pandas.tseries.index": "DatetimeIndex",
    "pandas.tseries.offsets": "BusinessHourMixin SemiMonthOffset _CustomBusinessMonth _CustomMixin _WeekOfMonthMixin",
    "pandas.tseries.period": "PeriodIndex",
    "pandas.tseries.tdi": "TimedeltaIndex",
}
REFER: dict[str, str] = {
    "pandas": "NA NaT cut get_dummies isna isnull notna notnull qcut to_datetime to_numeric to_timedelta",
    "pandas._libs.lib": "no_default",
    "pandas._libs.missing": "NA",
    "pandas._libs.tslibs.nattype": "NaT",
    "pandas.core.internals.blocks": "new_block",
}
