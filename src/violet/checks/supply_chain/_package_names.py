"""Names of packages: those worth imitating, real ones that look like them, and those that were attacks.

The attacks are published cases: the PyTorch project on torchtriton (December 2022), ultralytics issue 18027,
LiteLLM issue 24518 (PYSEC-2026-2), Lightning's advisory GHSA-w37p-236h-pfx3, Positive Technologies on deepseeek,
ReversingLabs on aliyun-ai-labs, Kaspersky on gptplus and claudeai-eng, JFrog on chimera-sandbox-extensions and
others, PyPI's own incident reports.
"""

from __future__ import annotations

POPULAR = tuple(
    (
        "torch torchvision torchaudio torchtext torchmetrics pytorch-lightning lightning tensorflow tensorflow-hub"
        " tensorflow-datasets tensorflow-probability tensorboard keras jax jaxlib flax optax transformers tokenizers"
        " datasets accelerate diffusers evaluate huggingface-hub safetensors sentence-transformers sentencepiece"
        " bitsandbytes xformers flash-attn triton deepspeed vllm onnx onnxruntime onnxruntime-gpu opencv-python"
        " opencv-python-headless opencv-contrib-python pillow ultralytics einops xgboost lightgbm catboost mlflow"
        " wandb optuna hydra-core omegaconf gradio streamlit fastapi pydantic langchain langchain-core"
        " langchain-community langchain-openai langgraph llama-index openai anthropic litellm tiktoken chromadb"
        " faiss-cpu faiss-gpu pinecone-client weaviate-client qdrant-client spacy gensim seaborn plotly statsmodels"
        " sympy networkx joblib cloudpickle numba cython polars pyarrow pandas numpy scipy matplotlib scikit-learn"
        " scikit-image imbalanced-learn albumentations kornia umap-learn hdbscan prophet autogluon pyspark"
        " boto3 botocore requests urllib3 aiohttp httpx websockets selenium beautifulsoup4 colorama python-dateutil"
        " jellyfish sqlalchemy cryptography protobuf grpcio psutil flask django jinja2 pyyaml setuptools jupyter"
        " jupyterlab ipython notebook pytest paramiko kubernetes docker pytz certifi charset-normalizer click"
        " google-cloud-storage google-cloud-aiplatform azure-storage-blob snowflake-connector-python deepseek"
        " mistralai cohere replicate ollama modelscope paddlepaddle mxnet gymnasium stable-baselines3 pycocotools"
        " segmentation-models-pytorch torch-geometric pyg-lib timm dask distributed h5py nltk ray shap tqdm"
    ).split()
)
"""Canonical names that attackers imitate."""

NEIGHBOURS = frozenset("dataset panda pedantic pyaml tensorboardx websocket".split())
"""Real projects whose names are near those of others, found by measuring the check on
more than a thousand names of real packages."""

CONFUSED = {
    "pytorch": "torch",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python",
    "pil": "pillow",
    "bs4": "beautifulsoup4",
    "yaml": "pyyaml",
    "dotenv": "python-dotenv",
    "dateutil": "python-dateutil",
    "tensorflow-gpu": "tensorflow",
    "huggingface": "huggingface-hub",
    "faiss": "faiss-cpu",
    "opencv": "opencv-python",
    "transformer": "transformers",
    "attr": "attrs",
    "crypto": "pycryptodome",
    "jwt": "pyjwt",
    "umap": "umap-learn",
    "hydra": "hydra-core",
    "imblearn": "imbalanced-learn",
    "pinecone": "",
}
"""Names of modules, and former names, that people take for the name of the package (``""``: both are real)."""

MALICIOUS: dict[str, str] = {
    "torchtriton": "the dependency confusion against PyTorch's nightly builds of December 2022",
    "deepseeek": "a stealer that posed as DeepSeek's client in January 2025",
    "deepseekai": "a stealer that posed as DeepSeek's client in January 2025",
    "aliyun-ai-labs-snippets-sdk": "a stealer inside PyTorch models that posed as an Alibaba SDK in May 2025",
    "ai-labs-snippets-sdk": "a stealer inside PyTorch models that posed as an Alibaba SDK in May 2025",
    "aliyun-ai-labs-sdk": "a stealer inside PyTorch models that posed as an Alibaba SDK in May 2025",
    "gptplus": "a stealer that posed as a chat client in November 2024",
    "claudeai-eng": "a stealer that posed as a chat client in November 2024",
    "chimera-sandbox-extensions": "a stealer aimed at users of a machine-learning sandbox in June 2025",
    "colourama": "a clipboard hijacker that imitated colorama in 2018",
    "python3-dateutil": "a stealer that imitated python-dateutil in 2019",
    "jeilyfish": "a stealer that imitated jellyfish in 2019",
    "pymafka": "a backdoor that imitated pykafka in 2022",
    "requesocks": "an imitation of requests with malware",
    "reqeusts": "an imitation of requests with malware",
    "pyg-modules": "a stealer of cloud credentials in 2022",
    "loglib-modules": "a stealer of cloud credentials in 2022",
    "fabrice": "a stealer of AWS keys that imitated fabric until 2024",
    "importantpackage": "a backdoor found by JFrog in 2021",
    "noblesse": "a stealer found by JFrog in 2021",
    "pytoileur": "a downloader of Windows malware in 2024",
    "termncolor": "a backdoor that imitated termcolor in 2025",
    "sisaws": "a remote-access tool that imitated sisa in 2025",
    "secmeasure": "a remote-access tool in 2025",
}
"""Packages that were nothing but an attack, and which."""

COMPROMISED: dict[str, tuple[frozenset[str], str]] = {
    "ultralytics": (frozenset(("8.3.41", "8.3.42", "8.3.45", "8.3.46")), "released by attackers in December 2024"),
    "litellm": (frozenset(("1.82.7", "1.82.8")), "released by attackers in March 2026 (PYSEC-2026-2)"),
    "lightning": (frozenset(("2.6.2", "2.6.3")), "released by attackers in April 2026 (GHSA-w37p-236h-pfx3)"),
    "ctx": (frozenset(("0.1.2", "0.2.2", "0.2.6")), "released by an attacker in May 2022"),
}
"""Versions of honest packages that attackers released."""
