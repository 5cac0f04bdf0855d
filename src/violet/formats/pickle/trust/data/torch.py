"""Names trusted in pickles (torch). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "torch": "Generator Size device",
    "torch._utils": (
        "_rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy _rebuild_meta_tensor_no_storage "
        "_rebuild_mlc_tensor _rebuild_nested_tensor _rebuild_parameter _rebuild_parameter_v2 _rebuild_qtensor "
        "_rebuild_sparse_csr_tensor _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 "
        "_rebuild_wrapper_subclass _rebuild_xla_tensor"
    ),
    "torch.amp.grad_scaler": "OptState",
    "torch.ao.quantization.observer": "MappingType TorchAODType ZeroPointDomain",
    "torch.ao.quantization.quant_type": "QuantType",
    "torch.jit._pickle": (
        "build_boollist build_doublelist build_intlist build_tensor_from_id build_tensorlist restore_type_tag"
    ),
    "torch.nn.attention.bias": "CausalVariant",
    "torch.nn.attention.flex_attention": "_ModificationType",
    "torch.nn.parameter": "UninitializedBuffer UninitializedParameter",
    "torch.nn.utils.parametrizations": "_OrthMaps",
    "torch.nn.utils.rnn": "PackedSequence PackedSequence_",
    "torch.serialization": "_get_layout",
}
CHECKED: dict[str, str] = {
    "torch._tensor": "_rebuild_from_type=rebuild-from-type _rebuild_from_type_v2=rebuild-from-type",
    "torch._utils": "_rebuild_from_type_v2=rebuild-from-type _rebuild_parameter_with_state=parameter-state",
    "torch.nn.backends.thnn": "_get_thnn_function_backend=no-arguments",
    "torch.storage": "_load_from_bytes=nested-torch-bytes",
    "torch.tensor": "_rebuild_from_type=rebuild-from-type",
}
CONSTRUCT: dict[str, str] = {
    "torch": "ScriptObject Tensor",
    "torch._C": "Generator",
    "torch._tensor": "Tensor",
    "torch.amp.grad_scaler": "GradScaler _MultiDeviceReplicator",
    "torch.ao.nn.intrinsic.modules.fused": (
        "BNReLU2d BNReLU3d ConvAdd2d ConvAddReLU2d ConvBn1d ConvBn2d ConvBn3d ConvBnReLU1d ConvBnReLU2d ConvBnReLU3d "
        "ConvReLU1d ConvReLU2d ConvReLU3d LinearBn1d LinearLeakyReLU LinearReLU LinearTanh _FusedModule"
    ),
    "torch.ao.nn.intrinsic.qat.modules.conv_fused": (
        "ConvBn1d ConvBn2d ConvBn3d ConvBnReLU1d ConvBnReLU2d ConvBnReLU3d ConvReLU1d ConvReLU2d ConvReLU3d _ConvBnNd"
    ),
    "torch.ao.nn.intrinsic.qat.modules.linear_fused": "LinearBn1d",
    "torch.ao.nn.intrinsic.qat.modules.linear_relu": "LinearReLU",
    "torch.ao.nn.intrinsic.quantized.dynamic.modules.linear_relu": "LinearReLU",
    "torch.ao.nn.intrinsic.quantized.modules.bn_relu": "BNReLU2d BNReLU3d",
    "torch.ao.nn.intrinsic.quantized.modules.conv_add": "ConvAdd2d ConvAddReLU2d",
    "torch.ao.nn.intrinsic.quantized.modules.conv_relu": "ConvReLU1d ConvReLU2d ConvReLU3d",
    "torch.ao.nn.intrinsic.quantized.modules.linear_relu": "LinearLeakyReLU LinearReLU LinearTanh",
    "torch.ao.nn.qat.dynamic.modules.linear": "Linear",
    "torch.ao.nn.qat.modules.conv": "Conv1d Conv2d Conv3d _ConvNd",
    "torch.ao.nn.qat.modules.embedding_ops": "Embedding EmbeddingBag",
    "torch.ao.nn.qat.modules.linear": "Linear",
    "torch.ao.nn.quantizable.modules.activation": "MultiheadAttention",
    "torch.ao.nn.quantizable.modules.rnn": "LSTM LSTMCell _LSTMLayer _LSTMSingleLayer",
    "torch.ao.nn.quantized.dynamic.modules.conv": (
        "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d"
    ),
    "torch.ao.nn.quantized.dynamic.modules.linear": "Linear",
    "torch.ao.nn.quantized.dynamic.modules.rnn": (
        "GRU GRUCell LSTM LSTMCell PackedParameter RNNBase RNNCell RNNCellBase"
    ),
    "torch.ao.nn.quantized.modules": "DeQuantize Quantize",
    "torch.ao.nn.quantized.modules.activation": (
        "ELU Hardswish LeakyReLU MultiheadAttention PReLU ReLU6 Sigmoid Softmax"
    ),
    "torch.ao.nn.quantized.modules.batchnorm": "BatchNorm2d BatchNorm3d _BatchNorm",
    "torch.ao.nn.quantized.modules.conv": (
        "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d _ConvNd _ConvTransposeNd"
    ),
    "torch.ao.nn.quantized.modules.dropout": "Dropout",
    "torch.ao.nn.quantized.modules.embedding_ops": "Embedding EmbeddingBag EmbeddingPackedParams",
    "torch.ao.nn.quantized.modules.functional_modules": (
        "FXFloatFunctional FloatFunctional=no-items QFunctional=no-items"
    ),
    "torch.ao.nn.quantized.modules.linear": "Linear LinearPackedParams",
    "torch.ao.nn.quantized.modules.normalization": "GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm",
    "torch.ao.nn.quantized.modules.rnn": "LSTM",
    "torch.ao.nn.quantized.modules.utils": "WeightedQuantizedModule",
    "torch.ao.nn.quantized.reference.modules.conv": (
        "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d _ConvNd _ConvTransposeNd"
    ),
    "torch.ao.nn.quantized.reference.modules.linear": "Linear",
    "torch.ao.nn.quantized.reference.modules.rnn": "GRU GRUCell LSTM LSTMCell RNNBase RNNCell RNNCellBase",
    "torch.ao.nn.quantized.reference.modules.sparse": "Embedding EmbeddingBag",
    "torch.ao.nn.quantized.reference.modules.utils": "ReferenceQuantizedModule",
    "torch.ao.nn.sparse.quantized.dynamic.linear": "Linear",
    "torch.ao.nn.sparse.quantized.linear": "Linear LinearPackedParams",
    "torch.ao.nn.sparse.quantized.utils": "LinearBlockSparsePattern",
    "torch.ao.quantization": "_DerivedObserverOrFakeQuantize",
    "torch.ao.quantization._correct_bias": "MeanShadowLogger",
    "torch.ao.quantization._learnable_fake_quantize": "_LearnableFakeQuantize",
    "torch.ao.quantization.fake_quantize": (
        "FakeQuantize FakeQuantizeBase FixedQParamsFakeQuantize FusedMovingAvgObsFakeQuantize"
    ),
    "torch.ao.quantization.observer": (
        "AffineQuantizedObserverBase FixedQParamsObserver Granularity HistogramObserver MinMaxObserver "
        "MovingAverageMinMaxObserver MovingAveragePerChannelMinMaxObserver NoopObserver ObserverBase PerAxis PerBlock "
        "PerChannelMinMaxObserver PerGroup PerRow PerTensor PerToken PlaceholderObserver RecordingObserver "
        "ReuseInputObserver UniformQuantizationObserverBase _PartialWrapper"
    ),
    "torch.ao.quantization.qconfig": "QConfig QConfigDynamic",
    "torch.ao.quantization.qconfig_mapping": "QConfigMapping",
    "torch.ao.quantization.stubs": "DeQuantStub QuantStub QuantWrapper",
    "torch.ao.quantization.utils": "MatchAllNode",
    "torch.autograd.function": "FunctionCtx _HookMixin",
    "torch.cuda.amp.grad_scaler": "GradScaler",
    "torch.distributions.bernoulli": "Bernoulli",
    "torch.distributions.beta": "Beta",
    "torch.distributions.binomial": "Binomial",
    "torch.distributions.categorical": "Categorical",
    "torch.distributions.cauchy": "Cauchy",
    "torch.distributions.chi2": "Chi2",
    "torch.distributions.constraint_registry": "ConstraintRegistry",
    "torch.distributions.constraints": (
        "Constraint MixtureSameFamilyConstraint _Boolean _Cat _CorrCholesky _Dependent _GreaterThan _GreaterThanEq "
        "_HalfOpenInterval _IndependentConstraint _IntegerGreaterThan _IntegerInterval _IntegerLessThan _Interval "
        "_LessThan _LowerCholesky _LowerTriangular _Multinomial _OneHot _PositiveDefinite _PositiveSemidefinite _Real "
        "_Simplex _Square _Stack _Symmetric"
    ),
    "torch.distributions.continuous_bernoulli": "ContinuousBernoulli",
    "torch.distributions.dirichlet": "Dirichlet",
    "torch.distributions.distribution": "Distribution",
    "torch.distributions.exp_family": "ExponentialFamily",
    "torch.distributions.exponential": "Exponential",
    "torch.distributions.fishersnedecor": "FisherSnedecor",
    "torch.distributions.gamma": "Gamma",
    "torch.distributions.generalized_pareto": "GeneralizedPareto",
    "torch.distributions.geometric": "Geometric",
    "torch.distributions.gumbel": "Gumbel",
    "torch.distributions.half_cauchy": "HalfCauchy",
    "torch.distributions.half_normal": "HalfNormal",
    "torch.distributions.independent": "Independent",
    "torch.distributions.inverse_gamma": "InverseGamma",
    "torch.distributions.kl": "_Match",
    "torch.distributions.kumaraswamy": "Kumaraswamy",
    "torch.distributions.laplace": "Laplace",
    "torch.distributions.lkj_cholesky": "LKJCholesky",
    "torch.distributions.log_normal": "LogNormal",
    "torch.distributions.logistic_normal": "LogisticNormal",
    "torch.distributions.lowrank_multivariate_normal": "LowRankMultivariateNormal",
    "torch.distributions.mixture_same_family": "MixtureSameFamily",
    "torch.distributions.multinomial": "Multinomial",
    "torch.distributions.multivariate_normal": "MultivariateNormal",
    "torch.distributions.negative_binomial": "NegativeBinomial",
    "torch.distributions.normal": "Normal",
    "torch.distributions.one_hot_categorical": "OneHotCategorical OneHotCategoricalStraightThrough",
    "torch.distributions.pareto": "Pareto",
    "torch.distributions.poisson": "Poisson",
    "torch.distributions.relaxed_bernoulli": "LogitRelaxedBernoulli RelaxedBernoulli",
    "torch.distributions.relaxed_categorical": "ExpRelaxedCategorical RelaxedOneHotCategorical",
    "torch.distributions.studentT": "StudentT",
    "torch.distributions.transformed_distribution": "TransformedDistribution",
    "torch.distributions.transforms": (
        "AbsTransform AffineTransform CatTransform ComposeTransform CorrCholeskyTransform "
        "CumulativeDistributionTransform ExpTransform IndependentTransform LowerCholeskyTransform "
        "PositiveDefiniteTransform PowerTransform ReshapeTransform SigmoidTransform SoftmaxTransform SoftplusTransform "
        "StackTransform StickBreakingTransform TanhTransform Transform _InverseTransform"
    ),
    "torch.distributions.uniform": "Uniform",
    "torch.distributions.utils": "lazy_property",
    "torch.distributions.von_mises": "VonMises",
    "torch.distributions.weibull": "Weibull",
    "torch.distributions.wishart": "Wishart",
    "torch.nn.attention._fa3": "_FA3Handle",
    "torch.nn.attention._fa4": "_FA4Handle",
    "torch.nn.attention._registry": "FlashAttentionHandle",
    "torch.nn.attention.bias": "CausalBias",
    "torch.nn.attention.flex_attention": (
        "AuxOutput AuxRequest BlockMask FlexKernelOptions _ExtractedLeaf _KernelOptionsWithInternals _PlainFunction "
        "_StrippedClosure _StrippedPartial"
    ),
    "torch.nn.attention.varlen": "AuxRequest",
    "torch.nn.cpp": "ModuleWrapper OrderedDictWrapper",
    "torch.nn.intrinsic.quantized.modules.conv_relu": "ConvReLU1d ConvReLU2d ConvReLU3d",
    "torch.nn.intrinsic.quantized.modules.linear_relu": "LinearReLU",
    "torch.nn.modules.activation": (
        "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish "
        "MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink "
        "Softsign Tanh Tanhshrink Threshold"
    ),
    "torch.nn.modules.adaptive": "AdaptiveLogSoftmaxWithLoss _ASMoutput",
    "torch.nn.modules.batchnorm": (
        "BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d SyncBatchNorm _BatchNorm "
        "_NormBase"
    ),
    "torch.nn.modules.channelshuffle": "ChannelShuffle",
    "torch.nn.modules.container": "Container ModuleDict ModuleList ParameterDict ParameterList Sequential",
    "torch.nn.modules.conv": (
        "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d LazyConv3d "
        "LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d _ConvNd _ConvTransposeMixin _ConvTransposeNd"
    ),
    "torch.nn.modules.distance": "CosineSimilarity PairwiseDistance",
    "torch.nn.modules.dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout _DropoutNd",
    "torch.nn.modules.flatten": "Flatten Unflatten",
    "torch.nn.modules.fold": "Fold Unfold",
    "torch.nn.modules.instancenorm": (
        "InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d "
        "_InstanceNorm"
    ),
    "torch.nn.modules.lazy": "LazyModuleMixin",
    "torch.nn.modules.linear": "Bilinear Identity LazyLinear Linear NonDynamicallyQuantizableLinear _LinearWithBias",
    "torch.nn.modules.linear_cross_entropy": "_ChunkContext _ChunkViews",
    "torch.nn.modules.linear_cross_entropy_options": "LinearCrossEntropyOptions",
    "torch.nn.modules.loss": (
        "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss "
        "HuberLoss KLDivLoss L1Loss LinearCrossEntropyLoss MSELoss MarginRankingLoss MultiLabelMarginLoss "
        "MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss "
        "TripletMarginLoss TripletMarginWithDistanceLoss _Loss _WeightedLoss"
    ),
    "torch.nn.modules.module": "Module _IncompatibleKeys _WrappedHook",
    "torch.nn.modules.normalization": "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm",
    "torch.nn.modules.padding": (
        "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
        "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d "
        "ZeroPad3d _CircularPadNd _ConstantPadNd _ReflectionPadNd _ReplicationPadNd"
    ),
    "torch.nn.modules.pixelshuffle": "PixelShuffle PixelUnshuffle",
    "torch.nn.modules.pooling": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d "
        "AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d MaxPool1d "
        "MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d _AdaptiveAvgPoolNd _AdaptiveMaxPoolNd _AvgPoolNd "
        "_LPPoolNd _MaxPoolNd _MaxUnpoolNd"
    ),
    "torch.nn.modules.rnn": "GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell RNNCellBase",
    "torch.nn.modules.sparse": "Embedding EmbeddingBag",
    "torch.nn.modules.transformer": (
        "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer"
    ),
    "torch.nn.modules.upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
    "torch.nn.parallel.data_parallel": "DataParallel",
    "torch.nn.parameter": "Buffer Parameter UninitializedTensorMixin",
    "torch.nn.quantized.dynamic.modules.linear": "Linear",
    "torch.nn.quantized.modules": "DeQuantize Quantize",
    "torch.nn.quantized.modules.conv": "Conv1d Conv2d Conv3d",
    "torch.nn.quantized.modules.functional_modules": "FloatFunctional QFunctional",
    "torch.nn.quantized.modules.linear": "Linear LinearPackedParams",
    "torch.nn.utils._named_member_accessor": "NamedMemberAccessor",
    "torch.nn.utils.parametrizations": "_Orthogonal _SpectralNorm _WeightNorm",
    "torch.nn.utils.parametrize": "ParametrizationList",
    "torch.nn.utils.prune": (
        "BasePruningMethod CustomFromMask Identity L1Unstructured LnStructured PruningContainer RandomStructured "
        "RandomUnstructured"
    ),
    "torch.nn.utils.spectral_norm": "SpectralNorm SpectralNormLoadStateDictPreHook SpectralNormStateDictHook",
    "torch.nn.utils.weight_norm": "WeightNorm",
    "torch.optim": (
        "ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS Muon NAdam RAdam RMSprop Rprop SGD SparseAdam"
    ),
    "torch.optim._adafactor": "Adafactor",
    "torch.optim._muon": "Muon",
    "torch.optim._stateless": "_GroupSwapinInfo",
    "torch.optim.adadelta": "Adadelta",
    "torch.optim.adagrad": "Adagrad",
    "torch.optim.adam": "Adam",
    "torch.optim.adamax": "Adamax",
    "torch.optim.adamw": "AdamW",
    "torch.optim.asgd": "ASGD",
    "torch.optim.lbfgs": "LBFGS",
    "torch.optim.lr_scheduler": (
        "ChainedScheduler ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR ExponentialLR LRScheduler "
        "LambdaLR LinearLR MultiStepLR MultiplicativeLR OneCycleLR PolynomialLR ReduceLROnPlateau SequentialLR StepLR "
        "_LRScheduler _SchedulePhase _enable_get_lr_call _initial_mode"
    ),
    "torch.optim.nadam": "NAdam",
    "torch.optim.optimizer": "Optimizer _RequiredParameter",
    "torch.optim.radam": "RAdam",
    "torch.optim.rmsprop": "RMSprop",
    "torch.optim.rprop": "Rprop",
    "torch.optim.sgd": "SGD",
    "torch.optim.sparse_adam": "SparseAdam",
    "torch.optim.swa_utils": "AveragedModel SWALR",
    "torch.quantization.fake_quantize": "FakeQuantize",
    "torch.quantization.observer": (
        "HistogramObserver MinMaxObserver MovingAverageMinMaxObserver PerChannelMinMaxObserver"
    ),
    "torch.quantization.qconfig": "QConfig",
    "torch.storage": "TypedStorage UntypedStorage _LegacyStorage _StorageBase",
    "torch.tensor": "Tensor",
    "torch.utils.data.dataset": "ConcatDataset Subset TensorDataset",
    "torch.utils.hooks": "RemovableHandle",
}
REFER: dict[str, str] = {
    "torch": (
        "BFloat16Storage BFloat16Tensor BoolStorage BoolTensor ByteStorage ByteTensor CharStorage CharTensor "
        "ComplexDoubleStorage ComplexFloatStorage DoubleStorage DoubleTensor FloatStorage FloatTensor HalfStorage "
        "HalfTensor IntStorage IntTensor LongStorage LongTensor QInt32Storage QInt8Storage QUInt2x4Storage "
        "QUInt4x2Storage QUInt8Storage ShortStorage ShortTensor abs acos add arange argmax argmin asin atan bfloat16 "
        "bits16 bits1x8 bits2x4 bits4x2 bits8 bmm bool cat cdouble ceil cfloat chalf channels_last channels_last_3d "
        "clamp complex128 complex32 complex64 contiguous_format cos cosh cumsum div dot double einsum erf exp eye "
        "flatten float float16 float32 float4_e2m1fn_x2 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 "
        "float8_e5m2fnuz float8_e8m0fnu floor full half int int1 int16 int2 int3 int32 int4 int5 int6 int64 int7 int8 "
        "isfinite isinf isnan linspace log log1p log2 log_softmax logsumexp long matmul max mean min mm mul norm ones "
        "ones_like per_channel_affine per_channel_affine_float_qparams per_channel_symmetric per_tensor_affine "
        "per_tensor_symmetric pow preserve_format prod qint32 qint8 quint2x4 quint4x2 quint8 rand randn relu round "
        "rsqrt short sigmoid sign sin sinh softmax sort sparse_coo sparse_csc sparse_csr sqrt square squeeze stack std "
        "strided sub sum tan tanh topk transpose uint1 uint16 uint2 uint3 uint32 uint4 uint5 uint6 uint64 uint7 uint8 "
        "unique unsqueeze var where zeros zeros_like"
    ),
    "torch._C": (
        "Size _VariableFunctionsClass _VariableFunctionsClass.abs _VariableFunctionsClass.acos "
        "_VariableFunctionsClass.add _VariableFunctionsClass.arange _VariableFunctionsClass.argmax "
        "_VariableFunctionsClass.argmin _VariableFunctionsClass.asin _VariableFunctionsClass.atan "
        "_VariableFunctionsClass.bmm _VariableFunctionsClass.cat _VariableFunctionsClass.ceil "
        "_VariableFunctionsClass.clamp _VariableFunctionsClass.cos _VariableFunctionsClass.cosh "
        "_VariableFunctionsClass.cumsum _VariableFunctionsClass.div _VariableFunctionsClass.dot "
        "_VariableFunctionsClass.einsum _VariableFunctionsClass.erf _VariableFunctionsClass.exp "
        "_VariableFunctionsClass.eye _VariableFunctionsClass.flatten _VariableFunctionsClass.floor "
        "_VariableFunctionsClass.full _VariableFunctionsClass.isfinite _VariableFunctionsClass.isinf "
        "_VariableFunctionsClass.isnan _VariableFunctionsClass.linspace _VariableFunctionsClass.log "
        "_VariableFunctionsClass.log1p _VariableFunctionsClass.log2 _VariableFunctionsClass.log_softmax "
        "_VariableFunctionsClass.logsumexp _VariableFunctionsClass.matmul _VariableFunctionsClass.max "
        "_VariableFunctionsClass.mean _VariableFunctionsClass.min _VariableFunctionsClass.mm "
        "_VariableFunctionsClass.mul _VariableFunctionsClass.norm _VariableFunctionsClass.ones "
        "_VariableFunctionsClass.ones_like _VariableFunctionsClass.pow _VariableFunctionsClass.prod "
        "_VariableFunctionsClass.rand _VariableFunctionsClass.randn _VariableFunctionsClass.relu "
        "_VariableFunctionsClass.round _VariableFunctionsClass.rsqrt _VariableFunctionsClass.sigmoid "
        "_VariableFunctionsClass.sign _VariableFunctionsClass.sin _VariableFunctionsClass.sinh "
        "_VariableFunctionsClass.softmax _VariableFunctionsClass.sort _VariableFunctionsClass.sqrt "
        "_VariableFunctionsClass.square _VariableFunctionsClass.squeeze _VariableFunctionsClass.stack "
        "_VariableFunctionsClass.std _VariableFunctionsClass.sub _VariableFunctionsClass.sum "
        "_VariableFunctionsClass.tan _VariableFunctionsClass.tanh _VariableFunctionsClass.topk "
        "_VariableFunctionsClass.transpose _VariableFunctionsClass.unique _VariableFunctionsClass.unsqueeze "
        "_VariableFunctionsClass.var _VariableFunctionsClass.where _VariableFunctionsClass.zeros "
        "_VariableFunctionsClass.zeros_like device dtype layout memory_format"
    ),
    "torch._C._nn": (
        "elu gelu hardsigmoid hardswish hardtanh leaky_relu linear log_sigmoid mish relu6 scaled_dot_product_attention "
        "silu softplus"
    ),
    "torch.cuda": (
        "BFloat16Storage BFloat16Tensor BoolStorage BoolTensor ByteStorage ByteTensor CharStorage CharTensor "
        "ComplexDoubleStorage ComplexFloatStorage DoubleStorage DoubleTensor FloatStorage FloatTensor HalfStorage "
        "HalfTensor IntStorage IntTensor LongStorage LongTensor QInt32Storage QInt8Storage QUInt2x4Storage "
        "QUInt4x2Storage QUInt8Storage ShortStorage ShortTensor"
    ),
    "torch.distributions.kl": "kl_divergence",
    "torch.nn.functional": (
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
        "adaptive_max_pool3d affine_grid alpha_dropout avg_pool1d avg_pool2d avg_pool3d batch_norm bilinear "
        "binary_cross_entropy binary_cross_entropy_with_logits celu channel_shuffle conv1d conv2d conv3d "
        "conv_transpose1d conv_transpose2d conv_transpose3d cosine_embedding_loss cosine_similarity cross_entropy "
        "ctc_loss dropout dropout1d dropout2d dropout3d elu elu_ embedding embedding_bag fold gaussian_nll_loss gelu "
        "glu grid_sample group_norm gumbel_softmax hardshrink hardsigmoid hardswish hardtanh hinge_embedding_loss "
        "huber_loss instance_norm interpolate kl_div l1_loss layer_norm leaky_relu leaky_relu_ linear "
        "local_response_norm log_softmax logsigmoid margin_ranking_loss max_pool1d max_pool2d max_pool3d mish mse_loss "
        "multi_head_attention_forward multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss nll_loss "
        "normalize one_hot pad pairwise_distance pdist pixel_shuffle pixel_unshuffle poisson_nll_loss prelu relu relu6 "
        "relu_ rms_norm rrelu scaled_dot_product_attention selu sigmoid silu smooth_l1_loss soft_margin_loss softmax "
        "softmin softplus softshrink softsign tanh tanhshrink threshold triplet_margin_loss "
        "triplet_margin_with_distance_loss unfold upsample"
    ),
    "torch.nn.init": (
        "calculate_gain constant_ dirac_ eye_ kaiming_normal_ kaiming_uniform_ normal_ ones_ orthogonal_ sparse_ "
        "trunc_normal_ uniform_ xavier_normal_ xavier_uniform_ zeros_"
    ),
    "torch.sparse": (
        "BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor "
        "ShortTensor"
    ),
}
