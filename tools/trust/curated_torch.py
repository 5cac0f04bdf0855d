# ruff: noqa: E501  (tables: one line a module)
"""Hand-written facts about torch: rebuild functions, storages, dtypes, and functions that are safe as values.

Deliberately absent: torch.load, torch.hub, torch.jit, torch.package, torch.utils.*, torch.ops, torch.classes,
torch.fx (reduce_graph_module executes source), torch.distributed, torch._dynamo, torch._inductor,
torch.multiprocessing.reductions (opens shared memory and files by name), torch.storage._load_from_bytes without a look
at the bytes, torch.nn.parallel.DistributedDataParallel (its state starts process groups).
"""

from __future__ import annotations

_STORAGE_KINDS = (
    "Double Float Half Long Int Short Char Byte Bool BFloat16 ComplexDouble ComplexFloat QUInt8 QInt8 QInt32"
    " QUInt4x2 QUInt2x4"
).split()
STORAGES = " ".join(f"{kind}Storage" for kind in _STORAGE_KINDS)
TENSORS = " ".join(f"{kind}Tensor" for kind in _STORAGE_KINDS[:10])
DTYPES = (
    "float16 float32 float64 bfloat16 float half double complex32 complex64 complex128 cfloat cdouble chalf uint8"
    " uint16 uint32 uint64 int8 int16 int32 int64 int short long bool qint8 quint8 qint32 quint4x2 quint2x4"
    " float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 bits8 bits16"
    " bits1x8 bits2x4 bits4x2 uint1 uint2 uint3 uint4 uint5 uint6 uint7 int1 int2 int3 int4 int5 int6 int7"
)
_ACTIVATIONS = (
    "relu relu_ relu6 elu elu_ selu celu gelu silu mish leaky_relu leaky_relu_ prelu rrelu glu logsigmoid hardshrink"
    " softshrink tanhshrink softplus softsign softmin softmax log_softmax gumbel_softmax sigmoid tanh hardsigmoid"
    " hardswish hardtanh threshold"
)
_LOSSES = (
    "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss"
    " huber_loss kl_div poisson_nll_loss gaussian_nll_loss cosine_embedding_loss ctc_loss hinge_embedding_loss"
    " margin_ranking_loss multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss soft_margin_loss"
    " triplet_margin_loss triplet_margin_with_distance_loss"
)
_LAYERS = (
    "linear bilinear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d max_pool1d max_pool2d"
    " max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"
    " adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d batch_norm layer_norm group_norm instance_norm"
    " local_response_norm normalize dropout dropout1d dropout2d dropout3d alpha_dropout embedding embedding_bag"
    " one_hot pad interpolate upsample grid_sample affine_grid pixel_shuffle pixel_unshuffle cosine_similarity"
    " pairwise_distance pdist unfold fold scaled_dot_product_attention multi_head_attention_forward rms_norm"
    " channel_shuffle"
)
_INIT = (
    "uniform_ normal_ trunc_normal_ constant_ ones_ zeros_ eye_ dirac_ xavier_uniform_ xavier_normal_"
    " kaiming_uniform_ kaiming_normal_ orthogonal_ sparse_ calculate_gain"
)

CALL = """
torch: Size device Generator
torch.nn.parameter: UninitializedParameter UninitializedBuffer
torch._utils: _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_v2
torch._utils: _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor
torch._utils: _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor
torch._utils: _rebuild_xla_tensor _rebuild_mlc_tensor _rebuild_wrapper_subclass
torch.serialization: _get_layout
torch.jit._pickle: build_intlist build_doublelist build_boollist build_tensorlist build_tensor_from_id restore_type_tag
torch.nn.utils.rnn: PackedSequence PackedSequence_
"""
CONSTRUCT = """
torch: Tensor ScriptObject
torch._tensor: Tensor
torch.tensor: Tensor
torch.nn.parameter: Parameter Buffer UninitializedParameter UninitializedBuffer
torch.storage: UntypedStorage TypedStorage _LegacyStorage
torch._C: Generator
torch.utils.hooks: RemovableHandle
torch.optim: Adadelta Adafactor Adagrad Adam Adamax AdamW ASGD LBFGS Muon NAdam RAdam RMSprop Rprop SGD SparseAdam
torch.utils.data.dataset: TensorDataset Subset ConcatDataset
torch.ao.quantization.qconfig: QConfig QConfigDynamic
torch.ao.quantization.observer: MinMaxObserver MovingAverageMinMaxObserver PerChannelMinMaxObserver HistogramObserver PlaceholderObserver NoopObserver MovingAveragePerChannelMinMaxObserver FixedQParamsObserver
torch.ao.quantization.fake_quantize: FakeQuantize FusedMovingAvgObsFakeQuantize
torch.quantization.qconfig: QConfig
torch.quantization.observer: MinMaxObserver MovingAverageMinMaxObserver PerChannelMinMaxObserver HistogramObserver
torch.quantization.fake_quantize: FakeQuantize
torch.ao.quantization.stubs: QuantStub DeQuantStub QuantWrapper
torch.nn.modules.linear: _LinearWithBias
torch.nn.quantized.modules: Quantize DeQuantize
torch.nn.quantized.modules.linear: Linear LinearPackedParams
torch.nn.quantized.modules.conv: Conv1d Conv2d Conv3d
torch.nn.quantized.modules.functional_modules: QFunctional FloatFunctional
torch.nn.quantized.dynamic.modules.linear: Linear
torch.nn.intrinsic.quantized.modules.conv_relu: ConvReLU1d ConvReLU2d ConvReLU3d
torch.nn.intrinsic.quantized.modules.linear_relu: LinearReLU
"""

CHECKED = """
torch._tensor: _rebuild_from_type_v2=rebuild-from-type _rebuild_from_type=rebuild-from-type
torch._utils: _rebuild_from_type_v2=rebuild-from-type _rebuild_parameter_with_state=parameter-state
torch.tensor: _rebuild_from_type=rebuild-from-type
torch.storage: _load_from_bytes=nested-torch-bytes
torch.nn.backends.thnn: _get_thnn_function_backend=no-arguments
"""

_FUNCTIONS = (
    "abs add sub mul div pow exp log log1p log2 sqrt rsqrt sin cos tan asin acos atan sinh cosh sigmoid tanh relu"
    " softmax log_softmax sum mean max min argmax argmin prod std var norm clamp floor ceil round sign square"
    " matmul mm bmm dot einsum cat stack flatten transpose squeeze unsqueeze zeros ones rand randn arange linspace"
    " eye full zeros_like ones_like where sort topk unique cumsum logsumexp erf isnan isinf isfinite"
)
REFER = f"""
torch: {STORAGES} {TENSORS} {DTYPES} {_FUNCTIONS}
torch: strided sparse_coo sparse_csr sparse_csc contiguous_format channels_last channels_last_3d preserve_format
torch: per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams
torch.cuda: {STORAGES} {TENSORS}
torch.sparse: {TENSORS}
torch.storage: UntypedStorage TypedStorage
torch.nn.functional: {_ACTIVATIONS} {_LOSSES} {_LAYERS}
torch._C._nn: gelu silu mish hardswish hardsigmoid softplus log_sigmoid leaky_relu elu relu6 hardtanh linear scaled_dot_product_attention
torch.nn.init: {_INIT}
torch._C: _VariableFunctionsClass {" ".join("_VariableFunctionsClass." + name for name in _FUNCTIONS.split())}
torch._C: Size device dtype layout memory_format
torch.distributions.kl: kl_divergence
"""
