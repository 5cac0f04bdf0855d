"""Which modules, functions and code a Keras configuration may name: allowed by name, suspicious otherwise.

Facts from Keras' own ``serialization_lib`` (the modules it resolves, the interfaces it refuses) and from
CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-9905, CVE-2025-9906, CVE-2025-49655, CVE-2026-1462.
"""

from __future__ import annotations

import builtins
import enum
import re
import sys
from functools import cache

from violet.formats.keras.code import Code


class Trust(enum.IntEnum):
    """How far what a configuration names is believed."""

    KNOWN = 0
    CUSTOM = 1
    """Not part of Keras: it must be installed beside, and cannot be vouched for."""
    SUSPECT = 2
    """No model needs it."""
    DANGEROUS = 3
    """It runs code or commands, or reads, writes or fetches files."""


_KERAS_PREFIXES = (
    "tensorflow.python.keras", "tensorflow.keras", "tensorflow_core.keras", "tensorflow_core.python.keras",
    "tf.keras", "tf_keras", "keras",
)  # fmt: skip
_INNER = ("src", "api", "_v1", "_v2", "keras", "_tf_keras", "engine", "legacy")

KERAS_FAMILY = frozenset({"keras_hub", "keras_nlp", "keras_cv"})
KNOWN_CUSTOM = frozenset(
    "tensorflow_addons tensorflow_probability tensorflow_text tensorflow_model_optimization tensorflow_hub "
    "tensorflow_decision_forests tensorflow_recommenders tensorflow_ranking tensorflow_lattice "
    "tensorflow_federated transformers keras_tuner keras_contrib keras_rs autokeras bayesflow "
    "Addons TFAddons Text Hub OfficialNLP official tfm Transformers".split()
)
"""Libraries, and names they register under, that widely used models need beside Keras."""

_GADGETS = frozenset(
    "get_file extract_archive load_model save_model load_weights save_weights enable_unsafe_deserialization "
    "model_from_json model_from_yaml model_from_config func_load deserialize_keras_object load_img save_img "
    "plot_model image_dataset_from_directory text_dataset_from_directory audio_dataset_from_directory "
    "timeseries_dataset_from_directory load_data import_module download urlopen urlretrieve "
    "eval exec compile system popen open File join makedirs remove rmtree copy rename listdir "
    "from_preset load_from_preset load_serialized_object set_backend set_global_attribute plot_image_gallery "
    "plot_bounding_box_gallery plot_segmentation_mask_gallery draw_bounding_boxes export_saved_model".split()
)
_FUNCTION_AREAS = frozenset(
    "activations losses metrics initializers regularizers constraints ops layers nn random optimizers math".split()
)
"""Where the functions are that models name: everywhere else they do something to the process or the disk."""
_REFUSED_AREAS = frozenset("utils saving config datasets distribution export callbacks wrappers quantizers".split())
_CLASSES_IN_AREAS = frozenset(
    "FeatureSpace Feature Cross CustomObjectScope Sequence PyDataset SidecarEvaluator TorchModuleWrapper "
    "AbsMaxQuantizer Quantizer GPTQConfig AWQConfig Int4QuantizationConfig Int8QuantizationConfig "
    "Float8QuantizationConfig QuantizationConfig SKLearnClassifier SKLearnRegressor SKLearnTransformer "
    "TFSMLayer ExportArchive".split()
)
_RUNS = frozenset(
    "os posix nt subprocess sys builtins importlib runpy pty ctypes code codeop marshal pickle _pickle cPickle "
    "shelve socket shutil types functools operator pdb bdb timeit cProfile profile trace webbrowser asyncio "
    "multiprocessing http urllib ftplib smtplib telnetlib tempfile pathlib io _io inspect gc pkgutil zipimport "
    "zipapp sysconfig platform threading _thread concurrent signal pydoc doctest distutils imp antigravity "
    "idlelib venv ensurepip commands popen2 __builtin__ urllib2 httplib xmlrpc logging socketserver".split()
)
_LIBRARIES = frozenset(
    "numpy scipy pandas torch torchvision joblib dill cloudpickle sklearn requests httpx urllib3 aiohttp boto3 "
    "paramiko fabric psutil IPython jax flax yaml matplotlib nltk mlflow wandb huggingface_hub fsspec gradio "
    "setuptools pip pkg_resources jinja2 sympy numexpr".split()
)
_BUILTIN_GADGETS = frozenset(
    "eval exec compile open __import__ getattr setattr delattr globals locals vars breakpoint input exit quit "
    "execfile reload help print memoryview type object classmethod staticmethod property super map filter".split()
)

SPECIAL_FORMS = frozenset(
    "__keras_tensor__ __tensor__ __numpy__ __bytes__ __ellipsis__ __slice__ __tuple__ __dict__ __lambda__ "
    "__typespec__ __int__ __float__ __str__ __bool__ __none__ TensorShape TypeSpec CompositeTensor function "
    "dtype NoneType".split()
)


def keras_rest(module: str) -> str | None:
    """What follows Keras' own name in a module path (``utils`` of ``keras.src.utils``); ``None`` where the
    module is not Keras."""
    for prefix in _KERAS_PREFIXES:
        if module == prefix or module.startswith(prefix + "."):
            parts = [p for p in module[len(prefix) :].split(".") if p]
            while parts and parts[0] in _INNER:
                parts.pop(0)
            return ".".join(parts)
    return None


def judge(module: str, name: str, function: bool) -> Trust:
    """How far the class or function ``name`` of ``module`` is believed."""
    full = f"{module}.{name}" if module else name
    path, _, leaf = full.rpartition(".")
    if any(part.startswith("__") for part in full.split(".")):
        return Trust.DANGEROUS
    rest = keras_rest(path)
    if rest is not None:
        return _judge_keras(rest, leaf, function)
    root = path.partition(".")[0]
    if path == "builtins" or path == "__builtin__":
        if name in _BUILTIN_GADGETS:
            return Trust.DANGEROUS
        return Trust.KNOWN if function or name == "function" or hasattr(builtins, name) else Trust.SUSPECT
    if root in KERAS_FAMILY:
        return Trust.DANGEROUS if leaf in _GADGETS else Trust.KNOWN
    if root in _RUNS:
        return Trust.DANGEROUS
    if root in ("collections", "datetime", "decimal", "enum", "typing") and not function:
        return Trust.CUSTOM
    if root in sys.stdlib_module_names:
        return Trust.SUSPECT
    if root in ("tensorflow", "tensorflow_core", "tf"):
        if function:
            return Trust.DANGEROUS if _tf_gadget(full) else Trust.SUSPECT
        return Trust.KNOWN if leaf[:1].isupper() and leaf.endswith(("Spec", "Shape", "DType")) else Trust.CUSTOM
    if root in _LIBRARIES:
        return Trust.DANGEROUS if leaf in _GADGETS or function else Trust.SUSPECT
    if leaf in _GADGETS:
        return Trust.SUSPECT
    return Trust.CUSTOM


def _judge_keras(rest: str, leaf: str, function: bool) -> Trust:
    if leaf in _GADGETS:
        return Trust.DANGEROUS
    area = rest.partition(".")[0]
    if leaf in _CLASSES_IN_AREAS or area in _FUNCTION_AREAS:
        return Trust.KNOWN
    if function or not leaf[:1].isupper():
        return Trust.KNOWN if area == "backend" and leaf in plain_names() else Trust.SUSPECT
    return Trust.CUSTOM if area in _REFUSED_AREAS else Trust.KNOWN


_TF_GADGETS = frozenset(
    "py_function numpy_function py_func load_op_library load_library load_file_system_library get_file "
    "load_model save_model load save write_file read_file matching_files GFile gfile print restore Saver "
    "make_template run_functions_eagerly parse_from_string copy delete_recursively".split()
)
_TF_AREAS = frozenset(
    "io raw_ops saved_model train data summary lite config autograph distribute profiler experimental estimator "
    "keras compat __internal__ debugging tpu types gfile mlir sysconfig tools feature_column".split()
)
_TF_PLAIN = frozenset(
    "io.decode_base64 io.encode_base64 io.decode_jpeg io.decode_png io.decode_image io.decode_raw io.decode_csv "
    "io.decode_bmp io.decode_gif io.parse_example io.parse_single_example io.parse_tensor io.serialize_tensor "
    "io.decode_json_example io.decode_compressed compat.v1.transpose compat.v1.placeholder_with_default "
    "debugging.check_numerics debugging.assert_equal debugging.assert_less debugging.assert_greater "
    "debugging.assert_near debugging.assert_type debugging.assert_rank debugging.assert_shapes "
    "debugging.assert_non_negative debugging.assert_positive debugging.assert_all_finite "
    "debugging.assert_none_equal debugging.assert_less_equal debugging.assert_greater_equal".split()
)


def _tf_gadget(symbol: str) -> bool:
    return any(part in _TF_GADGETS for part in symbol.split("."))


def judge_tf_symbol(symbol: str) -> Trust:
    """How far a symbol of the ``tf`` namespace is believed, as a ``TFOpLambda`` layer names it."""
    symbol = symbol.removeprefix("tf.")
    if symbol in _TF_PLAIN or symbol.startswith("__operators__."):
        return Trust.KNOWN
    parts = symbol.split(".")
    if _tf_gadget(symbol) or any(part.startswith("__") for part in parts):
        return Trust.DANGEROUS
    if parts[:1] == ["raw_ops"]:
        from violet.formats.tensorflow.risks import risk_of

        return Trust.DANGEROUS if risk_of(parts[-1]) else Trust.KNOWN
    if parts[0] == "compat" and len(parts) > 2:
        return judge_tf_symbol(".".join(parts[2:]))
    if parts[0] == "keras":
        return _judge_keras(".".join(parts[1:-1]), parts[-1], True)
    if len(parts) > 1 and parts[0] in _TF_AREAS:
        return Trust.SUSPECT
    return Trust.KNOWN


@cache
def plain_names() -> frozenset[str]:
    """Names that arithmetic on tensors uses: nothing among them reads, writes, imports or evaluates."""
    return frozenset(
        """
        K backend keras tf tensorflow np numpy math ops nn jnp jax lax image linalg signal random strings
        abs add argmax argmin all any arange arcsin arctan arctan2 argsort atan2 average batch_dot
        batch_get_value batch_normalization bias_add bitwise bool cast ceil clip clip_by_value clip_by_norm
        clip_by_global_norm concat concatenate constant conv1d conv2d conv3d convert_to_tensor cos cosh
        count_nonzero crop ctc_batch_cost ctc_decode cumprod cumsum depth_to_space depthwise_conv2d divide dot
        dropout dtype einsum elu epsilon equal erf exp exp2 expand_dims expm1 eye fill flatten flip float float16
        float32 float64 floor floor_div floordiv floormod gather gather_nd gelu get_shape greater greater_equal
        hard_sigmoid identity image_data_format in_top_k int int16 int32 int64 int8 int_shape is_nan isnan
        isinf is_inf isfinite ix_ l2_normalize layer_normalization leaky_relu len less less_equal linspace list log
        log10 log1p log2 log_softmax logical_and logical_not logical_or logical_xor logsumexp map_fn matmul max
        max_pool maximum mean meshgrid min minimum mod moments moveaxis multiply mul ndim negative newaxis
        norm normalize not_equal one_hot ones ones_like pad permute_dimensions pi pool2d pow prod random_normal
        random_uniform range rank real reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean
        reduce_min reduce_prod reduce_std reduce_sum reduce_variance relu relu6 repeat repeat_elements reshape
        resize resize_bilinear resize_images resize_nearest_neighbor resize_with_crop_or_pad reverse roll round
        rsqrt scan scatter_nd selu separable_conv2d shape sigmoid sign silu sin sinh size slice softmax softplus
        softsign sort space_to_depth spatial_2d_padding split sqrt square squeeze stack std stop_gradient
        strided_slice sub subtract sum swapaxes swish switch take tan tanh tensordot tile to_float to_int32
        top_k transpose tril triu truediv tuple uint8 unstack unsqueeze update upper lower var where
        while_loop zeros zeros_like rgb_to_grayscale grayscale_to_rgb per_image_standardization
        adjust_brightness adjust_contrast central_crop flip_left_right flip_up_down ResizeMethod BILINEAR
        NEAREST_NEIGHBOR complex64 fft fft2d fft3d ifft ifft2d rfft irfft stft angle conj imag band_part
        diag_part set_diag trace det inv set_shape as_list dims value bfloat16 string regex_replace
        newshape axis keepdims dims_to_keep zip enumerate sorted sum reversed isinstance str dict set
        append extend items keys values get shape_list name lambda_ layers Layer Lambda Model
        """.split()
    )


_DANGEROUS_NAMES = frozenset(
    """
    os posix nt sys subprocess shutil socket ctypes importlib builtins pickle cPickle marshal base64 zlib codecs
    urllib urllib2 urllib3 http httplib requests httpx aiohttp tempfile pathlib multiprocessing threading asyncio pty
    runpy webbrowser ftplib smtplib telnetlib paramiko inspect gc types operator functools platform
    getpass pwd signal resource fcntl mmap io zipfile tarfile pkgutil pip setuptools dill cloudpickle joblib torch
    pandas boto3 psutil yaml shelve sqlite3 ssl cffi
    system popen Popen exec eval compile open getattr setattr delattr globals locals vars check_output check_call
    getoutput getstatusoutput run spawn spawnl spawnv execl execv execve execvp fork forkpty kill
    read_file write_file py_function numpy_function py_func load_op_library load_library get_file load_model
    gfile GFile raw_ops fromfile memmap tofile savetxt loadtxt genfromtxt load loads dump dumps save savez
    urlopen urlretrieve connect environ getenv putenv remove unlink rmtree rmdir mkdir makedirs rename write
    read readlines writelines execfile breakpoint exit quit chmod read_pickle write_text write_bytes read_text
    import_module find_spec CDLL WinDLL cdll windll FunctionType CodeType LambdaType func_load
    enable_unsafe_deserialization load_weights ctypeslib DataSource f2py distutils sysconfig matching_files
    """.split()
)


def dangerous_names(code: Code) -> tuple[str, ...]:
    """The names of the code with which it can leave arithmetic: modules, commands, files, introspection."""
    return tuple(
        name
        for name in code.names
        if name in _DANGEROUS_NAMES
        or (name.startswith("__") and name not in ("__name__", "__version__"))
        or name.partition(".")[0] in _RUNS
        or name in ("func_globals", "f_globals", "gi_frame", "cr_frame", "tb_frame", "mro")
    )


def is_arithmetic(code: Code) -> bool:
    """Whether every name of the code is one that arithmetic on tensors uses."""
    return all(name in plain_names() for name in code.names)


_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,}:/")


def outside(value: str) -> str:
    """Why a path leads out of the directory that the model stands in; ``""`` where it does not."""
    text = value.strip()
    if _REMOTE.match(text):
        return "an address"
    if text[:1] in ("/", "\\") or re.match(r"[A-Za-z]:[\\/]", text):
        return "an absolute path"
    if text[:1] == "~" or text[:1] == "$" or text[:1] == "%":
        return "a path that depends on the user"
    if ".." in text.replace("\\", "/").split("/"):
        return "a path that leads upward"
    return ""
