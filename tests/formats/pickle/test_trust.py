"""The allow-lists: what must be known, what must never be, and exactness of the look-up."""

from __future__ import annotations

import ast
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from violet.formats.pickle.trust import Entry, Trust, lookup
from violet.formats.pickle.trust.conditions import CONDITIONS, is_generated_argument_parser
from violet.formats.pickle.trust.roots import ROOTS

DATA = Path(__file__).parents[3] / "src/violet/formats/pickle/trust/data"

DANGEROUS = """
builtins eval
builtins exec
builtins compile
builtins open
builtins __import__
builtins input
builtins breakpoint
builtins map
builtins filter
builtins globals
builtins locals
builtins vars
builtins setattr
builtins delattr
builtins memoryview
builtins print
builtins help
builtins super
builtins staticmethod
builtins classmethod
__builtin__ eval
__builtin__ execfile
__builtin__ apply
__builtin__ reload
__builtin__ file
os system
posix system
nt system
subprocess Popen
importlib import_module
importlib reload
pkgutil resolve_name
runpy run_path
pty spawn
code InteractiveInterpreter
timeit timeit
cProfile run
pdb run
shutil rmtree
tempfile mktemp
socket socket
webbrowser open
urllib.request urlopen
ctypes CDLL
marshal loads
pickle loads
pickle load
_pickle loads
dill loads
dill._dill _create_function
dill._dill _create_code
dill._dill _eval_repr
cloudpickle.cloudpickle _make_function
cloudpickle.cloudpickle _builtin_type
cloudpickle loads
cloudpickle.cloudpickle dynamic_subimport
types FunctionType
types CodeType
types MethodType
types ModuleType
operator methodcaller
operator attrcall
functools reduce
functools lru_cache
functools singledispatch
itertools starmap
logging FileHandler
logging.config dictConfig
logging.config listen
numpy load
numpy save
numpy fromfile
numpy genfromtxt
numpy loadtxt
numpy frompyfunc
numpy apply_along_axis
numpy.lib._datasource DataSource
numpy.lib._datasource open
numpy.lib.npyio DataSource
numpy.lib.npyio load
numpy DataSource
numpy.f2py compile
numpy.f2py.crackfortran getlincoef
numpy.testing._private.utils runstring
numpy.testing runstring
numpy.distutils.exec_command exec_command
numpy.core._internal _ctypes
numpy.core._internal _dtype_from_pep3118
sklearn.metrics.scorer __getattr__
sklearn.metrics.pairwise _pairwise_callable
scipy.special._ufuncs geterr
numpy.lib.utils safe_eval
numpy.ctypeslib load_library
scipy.io loadmat
scipy._lib._ccallback LowLevelCallable
scipy.datasets ascent
joblib load
joblib.numpy_pickle load
joblib.numpy_pickle_utils _read_fileobject
joblib.memory MemorizedFunc.call
joblib.parallel Parallel
joblib.externals.loky.process_executor _ExecutorManagerThread
sklearn.datasets fetch_openml
sklearn.datasets load_svmlight_file
sklearn.datasets._base load_files
sklearn.utils._testing assert_run_python_script_without_output
sklearn.utils.estimator_checks check_estimator
sklearn.externals.joblib load
pandas read_pickle
pandas read_csv
pandas eval
pandas.core.computation.eval eval
pandas.core.frame DataFrame.eval
pandas.core.frame DataFrame.query
pandas.core.frame DataFrame.to_csv
pandas.io.pickle read_pickle
pandas.io.common get_handle
torch load
torch save
torch compile
torch.hub load
torch.hub load_state_dict_from_url
torch.jit load
torch.jit._serialization load
torch.package.package_importer PackageImporter
torch.serialization load
torch.utils.cpp_extension load_inline
torch.utils._config_module ConfigModule.load_config
torch.utils.collect_env run
torch.utils.bottleneck.__main__ run_cprofile
torch.ops load_library
torch._ops _Ops.load_library
torch.classes load_library
torch._dynamo.guards GuardBuilder.get
torch.fx.experimental.symbolic_shapes ShapeEnv.evaluate_guards_expression
torch.fx.graph_module reduce_graph_module
torch.fx.graph_module _deserialize_graph_module
torch.nn.parallel.distributed DistributedDataParallel
torch.multiprocessing.reductions rebuild_storage_filename
torch.distributed.rpc.internal _run_function
torch from_file
transformers pipeline
transformers.pipelines pipeline
transformers AutoModel.from_pretrained
transformers.dynamic_module_utils get_class_from_dynamic_module
transformers.models.auto.auto_factory _BaseAutoModelClass.from_pretrained
xgboost Booster.load_model
xgboost.core Booster.load_model
lightgbm.basic Booster.save_model
catboost.core CatBoost.load_model
statsmodels.iolib.smpickle load_pickle
patsy.eval EvalFactor
nltk.data load
nltk.downloader download
gensim.utils unpickle
PIL.Image open
PIL.ImageMath eval
omegaconf OmegaConf.load
stable_baselines3.common.vec_env.base_vec_env CloudpickleWrapper
stable_baselines3.common.save_util load_from_pkl
numba.core.serialize _unpickle__CustomPickled
sentence_transformers SentenceTransformer.load
pytorch_lightning.core.saving load_from_checkpoint
ultralytics.utils.checks check_requirements
ultralytics.utils.downloads safe_download
timm.models._hub load_model_config_from_hf
networkx.readwrite.gpickle read_gpickle
"""

CALLABLE = """
collections OrderedDict
collections defaultdict
builtins set
__builtin__ set
builtins bytearray
datetime datetime
decimal Decimal
uuid UUID
numpy dtype
numpy.core.multiarray _reconstruct
numpy._core.multiarray _reconstruct
numpy.core.multiarray scalar
numpy._core.multiarray scalar
numpy._core.numeric _frombuffer
numpy.core.numeric _frombuffer
numpy.random.mtrand RandomState
torch._utils _rebuild_tensor
torch._utils _rebuild_tensor_v2
torch._utils _rebuild_parameter
torch._utils _rebuild_sparse_tensor
torch Size
torch device
pandas._libs.internals _unpickle_block
pandas._libs.tslibs.timestamps _unpickle_timestamp
sklearn.tree._tree Tree
sklearn.linear_model._sgd_fast Hinge
sklearn._loss._loss __pyx_unpickle_CyHalfSquaredError
tokenizers AddedToken
"""

CONSTRUCTIBLE = """
argparse Namespace
joblib.numpy_pickle NumpyArrayWrapper
sklearn.externals.joblib.numpy_pickle NumpyArrayWrapper
sklearn.linear_model._logistic LogisticRegression
sklearn.linear_model.logistic LogisticRegression
sklearn.ensemble._forest RandomForestClassifier
sklearn.ensemble.forest RandomForestClassifier
sklearn.tree.tree DecisionTreeClassifier
sklearn.tree._classes DecisionTreeClassifier
sklearn.svm.classes SVC
sklearn.preprocessing.data StandardScaler
sklearn.preprocessing.label LabelEncoder
sklearn.preprocessing.imputation Imputer
sklearn.preprocessing._data StandardScaler
sklearn.pipeline Pipeline
sklearn.compose._column_transformer ColumnTransformer
sklearn.feature_extraction.text TfidfVectorizer
sklearn.neighbors._kd_tree KDTree
sklearn.neighbors.kd_tree KDTree
sklearn.metrics._dist_metrics EuclideanDistance64
sklearn.neighbors.dist_metrics EuclideanDistance
sklearn.grid_search GridSearchCV
sklearn.model_selection._search GridSearchCV
sklearn.gaussian_process.kernels RBF
scipy.sparse.csr csr_matrix
scipy.sparse._csr csr_matrix
pandas.core.frame DataFrame
pandas.core.internals.managers BlockManager
pandas.core.indexes.numeric Int64Index
xgboost.sklearn XGBClassifier
xgboost.core Booster
lightgbm.sklearn LGBMClassifier
lightgbm.basic Booster
catboost.core CatBoostClassifier
torch.nn.modules.linear Linear
torch.nn.modules.container Sequential
torch.nn.modules.conv Conv2d
torch.nn.parameter Parameter
torch.optim.adam Adam
ultralytics.nn.tasks DetectionModel
ultralytics.nn.modules.block C2f
torchvision.models.resnet ResNet
timm.models.resnet ResNet
transformers.models.bert.modeling_bert BertModel
transformers.models.bert.configuration_bert BertConfig
transformers.training_args TrainingArguments
imblearn.pipeline Pipeline
category_encoders.target_encoder TargetEncoder
statsmodels.regression.linear_model OLS
omegaconf.dictconfig DictConfig
"""

VALUES = """
numpy log1p
numpy.core.memmap memmap
torch float32
torch FloatStorage
torch.nn.functional relu
sklearn.metrics._classification accuracy_score
sklearn.feature_selection._univariate_selection f_classif
scipy.special._ufuncs expit
typing Any
"""


def _pairs(lines: str) -> list[tuple[str, str]]:
    return [(module, name) for module, name in (line.split() for line in lines.strip().splitlines())]


@pytest.mark.parametrize(("module", "name"), _pairs(DANGEROUS))
def test_dangerous_names_are_absent(module: str, name: str) -> None:
    assert lookup(module, name) is None


@pytest.mark.parametrize(("module", "name"), _pairs(CALLABLE))
def test_needed_functions_may_be_called(module: str, name: str) -> None:
    assert lookup(module, name) == Entry(Trust.CALL)


@pytest.mark.parametrize(("module", "name"), _pairs(CONSTRUCTIBLE))
def test_needed_classes_may_be_created(module: str, name: str) -> None:
    entry = lookup(module, name)
    assert entry is not None
    assert entry.trust >= Trust.CONSTRUCT


@pytest.mark.parametrize(("module", "name"), _pairs(VALUES))
def test_values_may_only_be_referred_to(module: str, name: str) -> None:
    assert lookup(module, name) == Entry(Trust.REFER)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("collections", "OrderedDict.fromkeys"),
        ("collections.OrderedDict", "fromkeys"),
        ("collections", "ordereddict"),
        ("collections ", "OrderedDict"),
        ("", ""),
        ("numpy", ""),
        ("numpy", "core.multiarray._reconstruct"),
        ("numpy.core", "multiarray._reconstruct"),
        ("sklearn", "linear_model._logistic.LogisticRegression"),
        ("sklearn.linear_model", "LogisticRegression.__init__"),
        ("torch.nn.modules.linear", "Linear.forward"),
        ("data.numpy", "dtype"),
        ("__main__", "Model"),
    ],
)
def test_look_up_is_exact(module: str, name: str) -> None:
    assert lookup(module, name) is None


def test_an_unknown_root_loads_no_data() -> None:
    script = (
        "import sys; from violet.formats.pickle.trust import lookup; assert lookup('os', 'system') is None;"
        "assert lookup('../data/numpy', 'dtype') is None;"
        "print([name for name in sys.modules if '.trust.data' in name])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def _words() -> list[tuple[str, str, str, str]]:
    found = []
    for path in sorted(DATA.glob("[a-z]*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                for module, words in ast.literal_eval(node.value).items():
                    found += [(path.stem, node.target.id, module, word) for word in words.split()]
    return found


def test_data_is_well_formed() -> None:
    seen = set()
    for stem, kind, module, word in _words():
        name, _, condition = word.partition("=")
        assert ROOTS[module.partition(".")[0]] == stem
        assert all(part.isidentifier() for part in [*module.split("."), *name.split(".")]), (module, name)
        assert (module, name) not in seen, (module, name)
        seen.add((module, name))
        assert bool(condition) or kind != "CHECKED"
        assert not condition or condition in CONDITIONS


def test_every_condition_is_used() -> None:
    assert {word.partition("=")[2] for _, _, _, word in _words()} - {""} == set(CONDITIONS)


FETCHING = re.compile(
    r"(^|_)(eval|exec|system|popen|spawn|compile|urlopen|urlretrieve|download|fetch|savetxt|loadtxt|fromfile|tofile"
    r"|load|loads|open|import|unpickle|from_pretrained|rmtree|remove|unlink|run)($|_)"
)


def test_no_function_that_loads_or_runs_is_trusted() -> None:
    harmless = re.compile(
        r"__pyx_unpickle_\w+|_\w*unpickle\w*|_load_type|subimport|_import_module|_load_from_bytes|run_end_encoded|_compile"
    )
    for _, kind, module, word in _words():
        name = word.partition("=")[0].rpartition(".")[2]
        if kind in {"CALL", "REFER", "CHECKED"} and name.islower() and FETCHING.search(name):
            assert harmless.fullmatch(name), (kind, module, name)


def test_generated_argument_parsers_are_told_from_others() -> None:
    stats = pytest.importorskip("scipy.stats")
    distributions = [v for v in vars(stats).values() if isinstance(v, stats.rv_continuous | stats.rv_discrete)]
    assert len(distributions) > 100
    for distribution in distributions:
        template = pickle.loads(pickle.dumps(distribution.__dict__["_parse_arg_template"]))
        assert is_generated_argument_parser(template)
        assert not is_generated_argument_parser(template + "\nimport os")
        assert not is_generated_argument_parser(template.replace("loc=0", "loc=print(1)"))
    assert not is_generated_argument_parser("")
    assert not is_generated_argument_parser("import os\n" + template)


def test_modules_that_act_are_objects_with_methods_of_choice() -> None:
    """``operator.methodcaller`` is not trusted, but what a trusted function calls ``x.copy()`` on may be ``shutil``."""
    from violet.formats.pickle.reach import reaches
    from violet.formats.pickle.values import Call, Global, Module

    squeeze = Global("numpy", "squeeze", 0, Entry(Trust.CALL))
    assert reaches(squeeze, (Module("shutil", 0),))
    assert reaches(squeeze, ([Module("os", 0)],))
    assert not reaches(squeeze, (Module("numpy", 0),))
    assert not reaches(squeeze, (Call("REDUCE", "call", squeeze, (), 0),))


@pytest.mark.parametrize(
    ("module", "name", "imported", "trusted"),
    [
        ("cloudpickle.cloudpickle", "subimport", "numpy", True),
        ("cloudpickle.cloudpickle", "subimport", "os", True),
        ("cloudpickle.cloudpickle", "subimport", "torch.nn.functional", True),
        ("cloudpickle.cloudpickle", "subimport", "torch.nn", True),
        ("cloudpickle.cloudpickle", "subimport", "subprocess", False),
        ("cloudpickle.cloudpickle", "subimport", "antigravity", False),
        ("dill._dill", "_import_module", "math", True),
        ("dill._dill", "_import_module", "torch.load", False),
        ("dill._dill", "_import_module", "os.system", False),
    ],
)
def test_modules_that_carried_code_refers_to(module: str, name: str, imported: str, trusted: bool) -> None:
    from violet.formats.pickle.conditions import CALL_CONDITIONS
    from violet.formats.pickle.values import Call, Global

    entry = lookup(module, name)
    assert entry is not None
    made = Call("REDUCE", "call", Global(module, name, 0, entry), (imported,), 0)
    assert CALL_CONDITIONS[entry.condition](made) is trusted
