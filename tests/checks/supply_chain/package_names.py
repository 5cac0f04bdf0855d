"""Names of real packages that machine-learning projects install: none of them may be taken for an imitation.

Written down from memory of what such projects depend on, not from the check's own tables: it is what the check is
measured on. Misspelled ones below are variants that tools for finding typosquats generate.
"""

from __future__ import annotations

REAL = tuple(
    """
    torch torchvision torchaudio torchtext torchdata torchmetrics torchinfo torchsummary torchio torchx torchviz
    torchrl torchao torchtune torcheval torchserve torch-model-archiver torch-geometric torch-scatter torch-sparse
    torch-cluster torch-spline-conv torch-fidelity torch-optimizer torch-ema torch-audiomentations torch-pruning
    torchdiffeq torchsde torchcde torchrec torchbnn torchlibrosa torch-tb-profiler torch-xla torch-tensorrt
    pytorch-lightning lightning lightning-fabric lightning-utilities pytorch-metric-learning pytorch-forecasting
    pytorch-tabnet pytorch-ignite pytorch-wavelets pytorch-msssim pytorch-optimizer pytorch-triton pytorch-crf
    pytorch-pretrained-bert pytorch-transformers pytorch-grad-cam pytorch-kinematics pytorch3d pytorchvideo
    tensorflow tensorflow-cpu tensorflow-macos tensorflow-metal tensorflow-intel tensorflow-hub tensorflow-datasets
    tensorflow-text tensorflow-addons tensorflow-probability tensorflow-estimator tensorflow-io
    tensorflow-io-gcs-filesystem tensorflow-serving-api tensorflow-model-optimization tensorflow-decision-forests
    tensorflow-federated tensorflow-privacy tensorflow-recommenders tensorflow-transform tensorflow-data-validation
    tensorflow-metadata tensorflow-model-analysis tensorflow-graphics tensorflow-quantum tensorflow-similarity
    tensorflow-ranking tensorflow-lattice tensorflowjs tensorstore tensorboard tensorboard-data-server
    tensorboard-plugin-wit tensorboard-plugin-profile tensorboardx tensordict tensorly tensorpack tensorlayer
    tensorrt tensorrt-llm tensorizer tensorneat tf-keras tf-nightly tf2onnx tf-slim tfx tflite-runtime
    tflite-support keras keras-nightly keras-core keras-cv keras-nlp keras-hub keras-tuner keras-applications
    keras-preprocessing keras-rl keras-rl2 keras-tcn keras-self-attention keras-contrib autokeras kerastuner jax
    jaxlib jaxtyping jaxopt jax-metal jaxline flax optax chex haiku dm-haiku dm-tree dm-sonnet dm-control distrax
    orbax orbax-checkpoint equinox diffrax numpyro pyro-ppl blackjax brax evosax rlax mctx optimistix lineax
    transformers tokenizers datasets dataset accelerate diffusers evaluate huggingface-hub hf-transfer hf-xet
    safetensors sentence-transformers sentencepiece peft trl bitsandbytes xformers flash-attn flash-linear-attention
    flashinfer-python triton triton-windows tritonclient deepspeed vllm vllm-flash-attn sglang lmdeploy
    text-generation ctransformers llama-cpp-python llama-index llama-index-core llama-index-llms-openai llama-hub
    llama-parse llamafactory gguf ggml auto-gptq autoawq optimum optimum-intel optimum-onnx optimum-quanto
    neural-compressor openvino openvino-dev nncf onnx onnxruntime onnxruntime-gpu onnxruntime-genai
    onnxruntime-directml onnxruntime-openvino onnxruntime-extensions onnxruntime-training onnxconverter-common
    onnxmltools onnxsim onnxslim onnx-graphsurgeon onnx2torch onnx2tf onnxscript onnx-ir onnxoptimizer skl2onnx
    hummingbird-ml coremltools mlx mlx-lm mlx-vlm paddlepaddle paddlepaddle-gpu paddleocr paddlenlp paddlex mxnet
    mxnet-cu112 gluoncv gluonts gluonnlp mindspore theano theano-pymc aesara pytensor pymc pymc3 pymc-marketing arviz
    bambi cmdstanpy pystan nutpie edward chainer cupy cupy-cuda11x cupy-cuda12x cuml cudf cugraph rmm dask-cuda
    numpy numpydoc numpy-financial numpy-quaternion numpy-stl numexpr numba numcodecs scipy scipy-stubs scipp
    scikit-learn scikit-learn-intelex scikit-learn-extra scikit-image scikit-optimize scikit-multilearn scikit-plot
    scikit-bio scikit-surprise scikit-survival scikit-posthocs scikit-lego scikit-build scikit-build-core
    scikit-tda scikit-fuzzy scikit-base scikit-uplift scikit-garden scikit-rf sklearn-crfsuite sklearn-pandas
    sklearn2pmml sktime skorch skops skrub skl2onnx scikeras pandas pandas-stubs pandas-ta pandas-gbq
    pandas-profiling pandas-datareader pandas-flavor pandasql pandasai pandarallel pandera geopandas swifter modin
    polars polars-lts-cpu polars-u64-idx connectorx vaex datatable dask dask-ml dask-expr dask-jobqueue distributed
    ray rayon-python xarray zarr h5py h5netcdf netcdf4 pyarrow fastparquet duckdb ibis-framework deltalake lance
    pylance lancedb pytables tables matplotlib matplotlib-inline matplotlib-venn mplfinance mplcursors seaborn
    plotly plotnine bokeh altair holoviews hvplot panel datashader folium pydeck pygal vega streamlit gradio
    gradio-client chainlit dash dash-bootstrap-components shiny nicegui taipy voila statsmodels patsy linearmodels
    pmdarima prophet neuralprophet fbprophet darts orbit-ml tsfresh tslearn tsai sympy networkx igraph python-igraph
    graphviz pygraphviz pydot pydotplus dgl dglgo stellargraph karateclub node2vec ogb pyg-lib pyg-nightly
    xgboost xgboost-cpu xgboost-ray lightgbm lightgbm-ray catboost ngboost h2o interpret interpret-core autogluon
    autogluon-tabular autogluon-core autogluon-timeseries auto-sklearn tpot flaml pycaret mljar-supervised
    lazypredict imbalanced-learn imbalanced-ensemble category-encoders feature-engine featuretools boruta mlxtend
    yellowbrick eli5 shap lime alibi alibi-detect captum dalex dice-ml fairlearn aif360 evidently whylogs
    great-expectations deepchecks giskard pandera cleanlab snorkel modal modal-client label-studio doccano argilla
    umap-learn hdbscan openTSNE pynndescent annoy faiss-cpu faiss-gpu faiss-gpu-cu12 hnswlib nmslib usearch
    pinecone pinecone-client weaviate-client qdrant-client chromadb pymilvus milvus-lite pgvector redisvl
    opensearch-py elasticsearch optuna optuna-integration optuna-dashboard optunahub hyperopt hpbandster smac nevergrad
    bayesian-optimization ax-platform botorch gpytorch gpy gpflow scikit-optimize ConfigSpace hydra-core
    hydra-optuna-sweeper omegaconf fire absl-py ml-collections gin-config yacs sacred mlflow mlflow-skinny
    mlflow-export-import wandb neptune neptune-client comet-ml clearml aim dvc dvclive dvc-s3 dvc-data dvc-gs
    pachyderm-sdk kedro kedro-datasets prefect dagster dagster-webserver airflow apache-airflow luigi metaflow zenml
    flytekit kfp kubeflow-katib kserve bentoml seldon-core ray-serve mlserver mlserver-sklearn cog litserve truss
    runpod skypilot openllm sagemaker sagemaker-training sagemaker-inference boto3 boto3-stubs botocore
    botocore-stubs s3fs s3transfer aiobotocore aioboto3 awscli gcsfs adlfs fsspec smart-open cloudpathlib
    google-cloud-storage google-cloud-bigquery google-cloud-aiplatform google-generativeai google-genai
    google-api-python-client google-auth google-api-core vertexai azure-storage-blob azure-identity azure-ai-ml
    azureml-core azureml-sdk azureml-mlflow azure-core databricks-sdk databricks-cli databricks-connect
    snowflake-connector-python snowflake-snowpark-python snowflake-ml-python sqlalchemy sqlmodel psycopg2
    psycopg2-binary psycopg pymysql asyncpg redis pymongo motor spacy spacy-legacy spacy-loggers spacy-transformers
    spacy-llm scispacy nltk gensim fasttext fasttext-wheel flair stanza allennlp fairseq opennmt-py sacrebleu
    sacremoses rouge-score bert-score rouge nlpaug textattack textblob textacy polyglot langdetect langid pyate
    jieba janome fugashi mecab-python3 sudachipy konlpy underthesea pythainlp indic-nlp-library symspellpy
    pyspellchecker rapidfuzz fuzzywuzzy thefuzz jellyfish levenshtein python-levenshtein unidecode ftfy emoji
    openai openai-whisper openai-agents openapi-python-client anthropic cohere mistralai replicate together groq
    ollama litellm tiktoken transformers-stream-generator langchain langchain-core langchain-community
    langchain-openai langchain-anthropic langchain-google-genai langchain-aws langchain-ollama langchain-chroma
    langchain-huggingface langchain-text-splitters langchain-experimental langgraph langsmith langfuse langserve
    haystack-ai farm-haystack guidance guardrails-ai nemoguardrails instructor outlines dspy dspy-ai semantic-kernel
    pyautogen autogen-agentchat crewai smolagents pydantic-ai ragas deepeval trulens trulens-eval promptfoo
    promptflow lm-eval lighteval helm bitnet unstructured pypdf pypdf2 pdfplumber pymupdf pdfminer-six pytesseract
    easyocr keras-ocr doctr python-doctr docling opencv-python opencv-python-headless opencv-contrib-python
    opencv-contrib-python-headless opencv-stubs pillow pillow-simd pillow-heif imageio imageio-ffmpeg imgaug
    albumentations albucore kornia kornia-rs timm einops einops-exts ultralytics ultralytics-thop yolov5 yolox
    supervision roboflow detectron2 mmcv mmcv-full mmdet mmengine mmsegmentation mmpretrain segmentation-models
    segmentation-models-pytorch segment-anything sam2 groundingdino-py open-clip-torch clip-anytorch clip-interrogator
    lpips piq pyiqa facenet-pytorch insightface deepface mediapipe dlib face-recognition pycocotools pycocotools-windows
    fiftyone torchxrayvision monai nibabel simpleitk pydicom medpy nilearn antspyx itk vtk pyvista trimesh open3d
    pytransform3d librosa soundfile audioread resampy torch-stft pyannote-audio pyannote-core speechbrain espnet
    nemo-toolkit whisperx faster-whisper ctranslate2 tts coqui-tts bark phonemizer pydub audiomentations pesq pystoi
    webrtcvad silero-vad noisereduce gym gymnasium gymnasium-robotics gym-notices stable-baselines3 sb3-contrib
    stable-baselines rl-games rlcard pettingzoo supersuit tianshou ale-py atari-py mujoco mujoco-py pybullet
    minigrid procgen opacus diffprivlib flwr flower-simulation syft tenseal crypten art adversarial-robustness-toolbox
    foolbox cleverhans textattack modelscan picklescan fickling garak pyrit nbdefense privacy-meter requests
    requests-toolbelt requests-oauthlib requests-cache requests-mock types-requests grequests urllib3 httpx
    httpx-sse httpcore httptools aiohttp aiohttp-retry aiosignal aiofiles websockets websocket-client wsproto
    fastapi fastapi-cli fastapi-users starlette uvicorn hypercorn gunicorn flask flask-cors flask-restful flask-login
    flasgger django djangorestframework django-cors-headers tornado sanic falcon bottle pydantic pydantic-core
    pydantic-settings pydantic-extra-types attrs cattrs marshmallow jsonschema orjson ujson simplejson msgpack
    msgspec protobuf protobuf3-to-dict grpcio grpcio-tools grpcio-status grpcio-health-checking thrift avro
    fastavro pyyaml ruamel-yaml oyaml types-pyyaml toml tomli tomlkit jinja2 mako click typer rich tqdm loguru
    structlog colorama termcolor tabulate prettytable psutil gputil nvidia-ml-py pynvml py3nvml gpustat nvitop
    joblib cloudpickle dill pathos multiprocess loky python-dateutil pytz tzdata arrow pendulum six future
    setuptools setuptools-scm wheel pip pip-tools pipenv poetry poetry-core hatchling flit-core build twine
    jupyter jupyterlab jupyter-client jupyter-core jupyter-server jupyterhub jupytext notebook notebook-shim
    nbconvert nbformat nbclient nbdev papermill ipython ipykernel ipywidgets ipympl ipdb ipyparallel pytest
    pytest-cov pytest-mock pytest-asyncio pytest-xdist pytest-timeout pytest-benchmark hypothesis coverage tox nox
    black isort flake8 flake8-bugbear pylint mypy pyright ruff bandit pre-commit sphinx sphinx-rtd-theme
    mkdocs mkdocs-material myst-parser numpydoc nbsphinx beautifulsoup4 lxml html5lib scrapy selenium playwright
    paramiko fabric docker kubernetes docker-pycreds celery kombu cryptography pycryptodome pyopenssl certifi
    charset-normalizer idna packaging typing-extensions platformdirs filelock regex more-itertools toolz cytoolz
    cython pybind11 nanobind cffi ninja cmake meson meson-python swig dacite dataclasses-json einx beartype
    typeguard pyspark pyspark-stubs findspark sparknlp spark-nlp koalas delta-spark petastorm webdataset
    mosaicml-streaming streaming mosaicml composer llm-foundry megatron-core apex fairscale colossalai horovod
    torchelastic byteps rdkit rdkit-pypi deepchem openmm mdtraj mdanalysis biopython scanpy anndata scvi-tools
    squidpy pyensembl esm fair-esm openfold biotite prody ase pymatgen matminer dscribe schnetpack e3nn mace-torch
    astropy astroquery healpy obspy pyproj shapely rasterio rioxarray fiona earthengine-api geemap torchgeo
    metpy cartopy pysal libpysal osmnx pyrosm statannotations pingouin lifelines scikit-survival causalml
    dowhy econml causalnex pgmpy pomegranate hmmlearn filterpy pykalman simpy mesa pulp ortools cvxpy cvxopt
    pyomo gurobipy highspy ecos osqp scs qpsolvers casadi jaxfit lmfit iminuit emcee dynesty corner
    backoff tenacity cachetools diskcache sortedcontainers bidict python-dotenv environs dynaconf
    """.split()
)

MISSPELLED = tuple(
    """
    tensorfow tensoflow tensorflw tenosrflow tensorfloww tensorflowe tensorlfow tensorfl0w tensorf1ow
    pytoch-lightning pytorch-lightnng pytorchlightning lightning-pytorch transformrs transfomers trasformers
    transformerss trannsformers tranformers huggingface-hubb hugginface-hub huggingfacehub hub-huggingface
    nunpy numpyy nummpy nympy pnumpy1 panadas pandsa panda5 padnas pandass matplotib matplotlb mathplotlib
    matplotllib scikitlearn scikit-lern scikit-laern sckit-learn learn-scikit scikt-learn scikit-learm
    opencv-pyhton opencv-pythn opencvpython python-opencv langchian langchan lagnchain openaii opneai 0penai
    anthropc anthroipc safetensor5 safetensros safetensorss diffuser5 difusers diffusres acceleratee acelerate
    dataests datasest sentence-transformer5 sentencetransformers setence-transformers xgbosst xgbboost xgboots
    ligthgbm lightgmb lightbgm mlfow mlfllow streamlti streamllit stremlit beautifulsoup44 beautifullsoup4
    requestss reqeusts requsts reuqests rquests urlib3 urllib33 ulrlib3 ultralytcs ultralyitcs ultarlytics
    crytography cryptograhpy cryptograpy deepspead depspeed deepsped bitsandbyte bitsandbytess bitsandbites
    pydantlc pydantci pydanitc faiss-cpv torchvison torchvisio torchvission torchaudoi torchaduio tourch
    toorch troch jupyterlabb juypterlab sqlalchmey sqlalchemyy pyyam1 pyyyaml llama-indx llamaindex index-llama
    """.split()
)
