"""Judgements made by reading source, which the automatic audit takes as given. Each line needs a reason."""

from __future__ import annotations

#: Bases that have no Python source in a distribution, and what they make of a class.
EXTERNAL_BASES: dict[str, str] = (
    dict.fromkeys(
        "object abc.ABC ABC typing.Generic Generic typing.Protocol Protocol typing_extensions.Protocol"
        " dict list tuple set frozenset int float str bytes complex"
        " collections.OrderedDict collections.defaultdict collections.UserDict collections.UserList collections.Counter"
        " collections.UserString collections.deque collections.ChainMap"
        " collections.abc.Mapping collections.abc.MutableMapping collections.abc.Sequence collections.abc.Set"
        " collections.abc.MutableSequence collections.abc.MutableSet collections.abc.Iterator collections.abc.Iterable"
        " collections.abc.Callable collections.abc.Sized collections.abc.Hashable collections.abc.Container"
        " collections.abc.Collection collections.abc.ItemsView collections.abc.KeysView collections.abc.ValuesView"
        " collections.Mapping collections.MutableMapping collections.Sequence collections.Iterable"
        " typing.NamedTuple typing.TypedDict typing.Mapping typing.MutableMapping typing.Sequence typing.Dict"
        " typing.List typing.Iterator typing.Iterable typing.OrderedDict typing.Tuple typing.Callable typing.Set"
        " typing.Sized typing.Container typing.Collection typing_extensions.TypedDict typing.Hashable"
        " contextlib.ContextDecorator contextlib.AbstractContextManager argparse.Namespace types.SimpleNamespace"
        " numbers.Number datetime.datetime datetime.timedelta datetime.tzinfo threading.local"
        " numpy.ndarray numpy.generic numpy.matrix numpy.ma.MaskedArray numpy.recarray np.ndarray"
        # Extension types read in their .pyx or C sources: no loading, no files, no imports in __cinit__/__setstate__.
        " torch._C._TensorBase torch._C.TensorBase torch._C._CudaFloatStorageBase torch._C.StorageBase"
        " torch._C.Generator torch._C.LegacyVariableBase pandas._libs.internals.BlockManager"
        " pandas._libs.internals.Block pandas._libs.internals.SharedBlock pandas._libs.internals.NumpyBlock"
        " pandas._libs.arrays.NDArrayBacked pandas._libs.interval.IntervalMixin pandas._libs.tslibs.period.PeriodMixin"
        " pandas._libs.properties.cache_readonly pandas._libs.tslibs.dtypes.PeriodDtypeBase"
        " scipy.spatial._ckdtree.cKDTree scipy.spatial.ckdtree.cKDTree scipy.interpolate._interpnd.NDInterpolatorBase"
        " scipy.interpolate.interpnd.NDInterpolatorBase"
        # Named tuples made by a factory.
        " TtestResultBase PearsonRResultBase builtins.object pandas._libs.tslibs.offsets.BaseOffset"
        " pandas._libs.internals.NDArrayBackedBlock numpy.core.numerictypes.void numpy._core.numerictypes.void"
        " numpy._core.numeric.ndarray numpy.core.numeric.ndarray"
        " sklearn.tree._tree.Tree sklearn.tree._criterion.Criterion sklearn._loss._loss.CyLossFunction"
        " sklearn.utils._typedefs.float64_t".split(),
        "object",
    )
    | dict.fromkeys("enum.Enum enum.IntEnum enum.Flag enum.IntFlag enum.StrEnum Enum".split(), "enum")
    | dict.fromkeys("Exception Warning UserWarning".split(), "exception")
)

#: External bases whose own ``__setstate__`` takes the whole state, so that setters are never reached by BUILD.
BASES_WITH_SETSTATE: frozenset[str] = frozenset(
    "sklearn.base.BaseEstimator torch.nn.Module torch.nn.modules.module.Module torch.optim.Optimizer".split()
)

#: Methods that the audit cannot clear by itself, read and found harmless. "module:Class.method".
REVIEWED_METHODS: frozenset[str] = frozenset(
    # Dictionary look-ups and hook bookkeeping in the module tree; Parameter registration.
    "torch.nn.modules.module:Module.__setattr__ torch.nn.modules.module:Module.__getattr__"
    " torch.nn.modules.module:Module.__setstate__ torch.nn.modules.container:Sequential.__setitem__"
    " torch.nn.modules.container:Sequential.append torch.nn.modules.container:Sequential.extend"
    " torch.nn.modules.container:ModuleList.__setitem__ torch.nn.modules.container:ModuleList.append"
    " torch.nn.modules.container:ModuleList.extend torch.nn.modules.container:ModuleDict.__setitem__"
    " torch.nn.modules.container:ParameterList.__setitem__ torch.nn.modules.container:ParameterDict.__setitem__"
    " torch.nn.modules.container:ParameterList.append torch.nn.modules.container:ParameterList.extend"
    # Tensor creation only.
    " torch.nn.parameter:Parameter.__new__ torch.nn.parameter:UninitializedParameter.__new__"
    " torch.nn.parameter:Buffer.__new__ torch.nn.parameter:UninitializedBuffer.__new__"
    " torch.nn.utils.rnn:PackedSequence.__new__ torch._tensor:Tensor.__setstate__"
    # Wraps the class's own `step` with a profiler hook.
    " torch.optim.optimizer:Optimizer.__setstate__"
    # Packs weights for quantised kernels; native code that reads tensors.
    " torch.ao.nn.quantized.modules.conv:_ConvNd.__setstate__"
    # Warns about the version, then updates __dict__.
    " sklearn.base:BaseEstimator.__setstate__ sklearn.callback._callback_support:CallbackSupportMixin.__setstate__"
    # Give bytes to the library's own native model parser; free the handle that parser made.
    " xgboost.core:Booster.__setstate__ xgboost.core:Booster.__del__ lightgbm.basic:Booster.__setstate__"
    " lightgbm.basic:Booster.__del__ catboost.core:_CatBoostBase.__setstate__"
    " xgboost.core:Booster.best_iteration"
    # Compare parameters; validate a shape; rebuild an interpolation from two arrays.
    " sklearn.gaussian_process.kernels:Kernel.__eq__ sklearn.gaussian_process.kernels:Hyperparameter.__new__"
    " sklearn.isotonic:IsotonicRegression.__setstate__ catboost.core:_CatBoostBase.__eq__"
    " sklearn.utils._metadata_requests:MetadataRequest.__getattr__"
    " sklearn.utils._metadata_requests:MethodMapping.add sklearn.utils._metadata_requests:MetadataRouter.add"
    # Attribute look-up on the wrapped results object.
    " statsmodels.base.wrapper:ResultsWrapper.__getattribute__"
    # Conversions between arrays and intervals of polynomials.
    " scipy.interpolate._interpolate:_PPolyBase.extend scipy.interpolate._interpolate:BPoly.extend"
    " scipy.interpolate._interpolate:interp1d.fill_value scipy.interpolate.interpolate:interp1d.fill_value"
    " scipy.interpolate._rbfinterp:RBFInterpolator.__setstate__"
    " numpy.lib._polynomial_impl:poly1d.__setitem__ numpy.lib.polynomial:poly1d.__setitem__"
    " sklearn.gaussian_process.kernels:Kernel.theta networkx.classes.graph:Graph.name"
    " scipy.spatial.transform._rotation:Rotation.__setstate__"
    " numpy._core.records:record.__getattribute__ numpy._core.records:record.__setattr__"
    " numpy.core.records:record.__getattribute__ numpy.core.records:record.__setattr__"
    " numpy._core.records:recarray.__new__ numpy.core.records:recarray.__new__"
    " numpy.matrixlib.defmatrix:matrix.__new__"
    # Wraps the class's own update and compute.
    " torchmetrics.metric:Metric.__setstate__ torchmetrics.metric:Metric.__eq__"
    # Compare parameters; refuse renamed attributes; build a scorer from three arrays.
    " skbase.base._base:BaseObject.__eq__ pygam.core:Core.__setattr__ pygam.terms:MetaTermMixin.__setattr__"
    " gensim.models.keyedvectors:KeyedVectors.vocab implicit.nearest_neighbours:ItemItemRecommender.__setstate__"
    " numpy.core.records:recarray.__getattribute__ numpy._core.records:recarray.__getattribute__"
    " transformers.tokenization_utils_base:SpecialTokensMixin.__setattr__"
    " transformers.tokenization_utils_base:PreTrainedTokenizerBase.max_len_single_sentence"
    " transformers.tokenization_utils_base:PreTrainedTokenizerBase.max_len_sentences_pair"
    " transformers.tokenization_python:PythonBackend.added_tokens_decoder"
    " statsmodels.tsa.arima.params:SARIMAXParams.ar_poly statsmodels.tsa.arima.params:SARIMAXParams.ma_poly"
    " statsmodels.tsa.arima.params:SARIMAXParams.ma_params statsmodels.tsa.arima.params:SARIMAXParams.params"
    " statsmodels.tsa.arima.params:SARIMAXParams.seasonal_ar_params"
    " statsmodels.tsa.arima.params:SARIMAXParams.seasonal_ma_params"
    " statsmodels.tsa.arima.params:SARIMAXParams.seasonal_ar_poly"
    " statsmodels.tsa.arima.params:SARIMAXParams.seasonal_ma_poly"
    " statsmodels.tsa.arima.params:SARIMAXParams.sigma2"
    # Look attributes up on the wrapped environment, and only report ambiguity.
    " stable_baselines3.common.vec_env.base_vec_env:VecEnvWrapper.__getattr__"
    " transformers.integrations.heterogeneity.configuration_utils:HeterogeneousConfigMixin.__getattribute__"
    " transformers.tokenization_utils_tokenizers:TokenizersBackend.add_eos_token"
    " transformers.tokenization_utils_tokenizers:TokenizersBackend.add_bos_token"
    " statsmodels.tsa.arima.params:SARIMAXParams.exog_params statsmodels.tsa.arima.params:SARIMAXParams.ar_params"
    " transformers.tokenization_utils_base:PreTrainedTokenizerBase.__getattr__"
    " transformers.generation.configuration_utils:GenerationConfig.__eq__"
    " transformers.tokenization_utils_base:PreTrainedTokenizerBase.__setattr__"
    " transformers.utils.generic:ModelOutput.__setattr__ transformers.utils.generic:ModelOutput.__setitem__"
    " transformers.generation.configuration_utils:GenerationConfig.__hash__".split()
)

#: Whole areas whose methods of these names were read: they convert, compare and assign array data, nothing else.
REVIEWED_PREFIXES: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "pandas.core.",
        frozenset("__setitem__ __eq__ __setattr__ __getattr__ __hash__ __new__ __setstate__ freq name append".split()),
    ),
    ("pandas.tseries.", frozenset("__eq__ __hash__ __setstate__".split())),
    (
        "scipy.sparse.",
        frozenset("__setitem__ __eq__ __getattr__ dtype shape __setattr__ __set__ __new__".split()),
    ),
    ("scipy.spatial.", frozenset(["__setitem__"])),
    ("scipy.stats._distribution_infrastructure", frozenset("tol cache_policy validation_policy".split())),
    ("numpy.ma.", frozenset("__new__ __setitem__ __setattr__ __eq__ __setstate__".split())),
    ("torch.distributions.", frozenset(["__eq__"])),
    # Fill in missing defaults for each parameter group.
    ("torch.optim.", frozenset(["__setstate__"])),
    ("timm.optim.", frozenset(["__setstate__"])),
    ("gymnasium.spaces.", frozenset(["__setstate__"])),
    ("gym.spaces.", frozenset(["__setstate__"])),
    ("omegaconf.", frozenset("__setstate__ __setitem__ __setattr__ __getattr__ __eq__ __hash__".split())),
    ("transformers.heterogeneity", frozenset(["__getattribute__"])),
    ("transformers.backbone_utils", frozenset("out_features out_indices".split())),
    ("transformers.utils.backbone_utils", frozenset("out_features out_indices".split())),
    ("transformers.configuration_utils", frozenset("__getattribute__ __setattr__ num_labels rope_scaling".split())),
)

#: Classes that pass the automatic audit or might, yet must never be trusted, and why.
REFUSED_CLASSES: frozenset[str] = frozenset(
    # Removes a directory tree named by its state when it dies.
    "numpy.lib._datasource:DataSource numpy.lib._datasource:Repository"
    # Opens a file, for writing too, named by an argument of NEWOBJ.
    " numpy._core.memmap:memmap numpy.core.memmap:memmap".split()
)

#: Classes that are safe, they and all that inherit from them, only when their state meets a condition.
CONDITIONAL_CLASSES: dict[str, str] = {
    # rv_generic.__setstate__ runs exec() on `_parse_arg_template` out of the state.
    "scipy.stats._distn_infrastructure:rv_generic": "scipy-distribution-state",
    "scipy.stats.distributions:rv_generic": "scipy-distribution-state",
    # Patsy and formulaic evaluate the Python in a formula while the state is restored.
    "statsmodels.base.data:ModelData": "no-formula-state",
}
