"""Which packages are surveyed, which of their modules are left out, and where the result is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """A package to survey: ``only`` limits it to modules that match, ``skip`` leaves modules out."""

    name: str
    only: str = ""
    skip: str = ""

    def wants(self, module: str) -> bool:
        """Tell whether ``module`` is surveyed."""
        if SKIP_EVERYWHERE.search(module):  # before anything else: no package may opt back in
            return False
        if self.only and not re.search(self.only, module):
            return False
        return not (self.skip and re.search(self.skip, module))


#: Modules that load, write, compile, build or test things, in any package.
SKIP_EVERYWHERE = re.compile(
    r"(^|[._])(tests?|testing|conftest|setup|distutils|f2py|numpy_distutils|datasets?|data_loading|examples?|cli"
    r"|command|commands|benchmarks?|__main__|docscrape|numpydoc|sphinxext|hub|download|estimator_checks|mocking"
    r"|build_utils|subprocess|executor|loky|threading|multiprocess|dask|spark|ray|onnx|jit|_pytest|_internal|llm|openai_encoder|hf)([._]|$)"
)

#: Helper classes that no model holds and whose very purpose is to reach for something.
SKIP_CLASSES = re.compile(
    r"(?i)temp_?file|safeeval|fileopener|evaluator$|processorwrapper|hubstorage|modelurls|_lazy|lazyload|cachedproperty"
    r"|modelloader|^client$"
)

_POPULAR = (
    "albert|auto|bart|bert|bert_generation|big_bird|bigbird_pegasus|blip|blip_2|bloom|camembert|clip|codegen|convbert"
    "|convnext|deberta|deberta_v2|deit|detr|distilbert|dpr|electra|encoder_decoder|esm|falcon|flaubert|gemma|gemma2"
    "|gemma3|gpt2|gpt_neo|gpt_neox|gptj|hubert|layoutlm|layoutlmv2|layoutlmv3|led|llama|longformer|luke|m2m_100|marian"
    "|mbart|mistral|mixtral|mobilebert|mobilevit|modernbert|mpnet|mpt|mt5|nllb_moe|opt|pegasus|phi|phi3|qwen2|qwen3"
    "|reformer|regnet|rembert|resnet|roberta|roformer|segformer|siglip|squeezebert|swin|t5|trocr|vit|vit_mae|wav2vec2"
    "|whisper|xlm|xlm_roberta|xlnet|yolos"
)

PACKAGES: tuple[Package, ...] = (
    Package("numpy", only=r"^numpy\.(ma|lib|polynomial|matrixlib|core|_core|random)", skip=r"\.(npyio|_npyio_impl)"),
    Package(
        "scipy",
        only=r"^scipy\.(interpolate|optimize|spatial|sparse|stats|cluster|signal|special|integrate|_lib\._bunch)",
    ),
    Package("sklearn", skip=r"^sklearn\.(externals|utils\._testing|utils\.testing|callback|_build_utils)"),
    Package(
        "joblib", only=r"^joblib\.(hashing|logger|memory|numpy_pickle|_store_backends|func_inspect)", skip="externals"
    ),
    Package(
        "pandas",
        only=r"^pandas\.(core|_libs|tseries|indexes|sparse|types)",
        skip=r"\.(computation|_numba|interchange|sql|html)",
    ),
    Package(
        "torch",
        only=r"^torch\.(nn|optim|ao\.nn|quantization|ao\.quantization|distributions|_tensor$|storage$|nested|autograd\.(function|variable)$|cuda\.amp\.grad_scaler|amp\.grad_scaler)",
        skip=r"fx|_numeric_suite|parallel\.distributed|backend_config|pt2e|quantizer|experimental",
    ),
    Package("torchvision", only=r"^torchvision\.(models|transforms|ops)", skip=r"_api|_utils_internal|video_reader"),
    Package(
        "timm",
        only=r"^timm\.(models|layers|data\.(constants|transforms)|optim|scheduler|loss)",
        skip=r"_hub|_helpers|_factory|_pretrained|_registry",
    ),
    Package(
        "ultralytics",
        only=r"^ultralytics\.(nn\.(modules|tasks)|utils\.(loss|tal|ops|torch_utils)|utils$)",
        skip=r"checks|downloads",
    ),
    Package("xgboost", skip=r"spark|tracker|federated"),
    Package("lightgbm"),
    Package("catboost", skip=r"widget|eval"),
    Package("imblearn"),
    Package("category_encoders"),
    Package("statsmodels", skip=r"graphics|sandbox|iolib\.(foreign|smpickle)|x13"),
    Package(
        "transformers",
        only=rf"^transformers\.(configuration_utils|modeling_utils|modeling_outputs|modeling_layers|activations|pytorch_utils|tokenization_|trainer_utils|training_args|trainer_callback|trainer_pt_utils|generation|utils\.(generic|quantization_config)|models\.({_POPULAR})\.(configuration|modeling|tokenization)_)",
        skip=r"[._](tf|flax)_|modeling_tf|modeling_flax|continuous_batching|torch_compile",
    ),
    Package("sentence_transformers", skip=r"backend|evaluation|readers|trainer|hpo"),
    Package("setfit"),
    Package("peft", only=r"^peft\.(config|tuners|utils\.peft_types|peft_model|mapping)"),
    Package("accelerate", only=r"^accelerate\.(utils\.dataclasses|state|optimizer|scheduler|hooks)"),
    Package("pytorch_lightning", only=r"\.(callbacks|core|utilities\.(parsing|types)|trainer\.states|loops\.progress)"),
    Package("lightning_fabric", only=r"\.utilities\.(data|types|enums)"),
    Package(
        "lightning",
        only=r"\.(pytorch\.(callbacks|core|utilities\.(parsing|types)|trainer\.states|loops\.progress)|fabric\.utilities\.(data|types|enums))",
    ),
    Package("omegaconf", skip=r"grammar|resolvers|vendor|plugins"),
    Package("torchmetrics", skip=r"utilities\.(plot|checks)"),
    Package("skorch", skip=r"cli|_doctor"),
    Package("stable_baselines3", skip=r"vec_env\.subproc|save_util|monitor|logger|env_util|callbacks"),
    Package("gymnasium", only=r"^gymnasium\.spaces"),
    Package("gym", only=r"^gym\.spaces"),
    Package("hmmlearn"),
    Package("hdbscan"),
    Package("umap", skip=r"plot"),
    Package("pynndescent"),
    Package("lifelines"),
    Package("pyod", skip=r"gpt|llm|agent"),
    Package("fairlearn"),
    Package(
        "shap",
        only=r"^shap\.(explainers|_explanation|maskers|models|utils\._(legacy|masked))",
        skip=r"tf_utils|deep_tf",
    ),
    Package("interpret", skip=r"provider|visual|server|ext"),
    Package(
        "nltk",
        only=r"^nltk\.(tokenize\.punkt|stem|probability|classify\.naivebayes|tag\.(perceptron|sequential|hmm)|lm)",
    ),
    Package(
        "gensim", only=r"^gensim\.(models|corpora\.dictionary|similarities)", skip=r"downloader|wrappers|callbacks"
    ),
    Package("spacy", only=r"^spacy\.(lookups|attrs)"),
    Package("networkx", only=r"^networkx\.classes"),
    Package("tslearn"),
    Package(
        "sktime",
        only=r"^sktime\.(base|classification|forecasting|transformations|regression|clustering)",
        skip=r"_check|llm|hf_",
    ),
    Package("surprise"),
    Package("implicit", skip=r"gpu|ann"),
    Package("prophet"),
    Package("skopt"),
    Package("mapie"),
    Package("feature_engine"),
    Package("ngboost"),
    Package("kmodes"),
    Package("pmdarima"),
    Package("patsy", only=r"^patsy\.(design_info|categorical|contrasts|desc)"),
    Package("pygam"),
    Package("econml", skip=r"automl"),
    Package("river"),
    Package("sklearn_pandas"),
    Package("mlxtend"),
    Package("lightfm"),
    Package("fastai", only=r"^fastai\.(layers|losses|optimizer|metrics)"),
    Package("flair", only=r"^flair\.(data|embeddings|models|nn)"),
    Package("autogluon", only=r"\.(features|core\.(constants|models\.ensemble))"),
    Package("flax", only=r"^flax\.(core\.frozen_dict|training\.train_state)"),
    Package("optax", only=r"^optax\.(_src\.(base|transform|wrappers|schedule|combine)|transforms|schedules)"),
)


def data_file(root: str) -> str:
    """The data module that holds the names below this root package."""
    return ROOT_FILES.get(root, root if root.isidentifier() else "miscellany")


_STDLIB = (
    "builtins __builtin__ exceptions collections datetime decimal _decimal _pydecimal fractions uuid array time"
    " ipaddress pathlib types argparse random _random operator _operator io _io logging itertools string numbers http"
    " zoneinfo inspect dataclasses copyreg copy_reg functools _functools _codecs codecs re _sre math typing statistics"
    " enum abc UserDict UserList pytz dateutil"
)
_SMALL = "cloudpickle dill PIL tokenizers _loss"
_LEARNERS = ""
ROOT_FILES: dict[str, str] = dict.fromkeys(_STDLIB.split(), "stdlib") | dict.fromkeys(_SMALL.split(), "miscellany")
