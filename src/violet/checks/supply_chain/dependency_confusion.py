"""Private package names that the public index could answer for.

## What it looks for

Requirements, `pip install` commands and project settings that search a private index beside the public one
(`--extra-index-url`, uv indexes under `unsafe-best-match`, Poetry sources that are not explicit), together with
packages that are bound neither to that index nor to a digest and that are not among the well-known public ones. The
extra indexes of hardware vendors and frameworks, which carry well-known packages only, are not reported.

## Why it matters

pip takes the highest version from whichever index offers it. Whoever registers the private name on the public index
with version 99 is installed instead. That is how `torchtriton` got into PyTorch's nightly builds.

## Example

    --extra-index-url https://pypi.example.com/simple
    acme-features==1.4

## Fix

Use one index that mirrors what you need (`--index-url`), bind names to their index (uv: `explicit = true` with
`tool.uv.sources`; Poetry: `priority = "explicit"`), or require hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._packages import LISTS, SCRIPTS, entries, host, listed, names, without_password
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.project.facts import Dependency, DependencyFacts, Setting

RULE = Rule(
    id="supply_chain/dependency-confusion",
    title="A private package's name could be answered by the public index",
    severity=Severity.MEDIUM,
    fix="Use one index, bind the names to their index, or require hashes.",
    techniques=("AML.T0010.001", "AML.T0011.001"),
    cwe=(427, 1357),
    references=("https://pytorch.org/blog/compromised-nightly-dependency/",),
)
PUBLIC_HOSTS = (
    "pypi.org", "files.pythonhosted.org", "download.pytorch.org", "download-r2.pytorch.org", "pypi.nvidia.com",
    "pypi.ngc.nvidia.com", "data.pyg.org", "wheels.vllm.ai", "storage.googleapis.com", "test.pypi.org",
    "pypi.anaconda.org", "flashinfer.ai", "repo.radeon.com", "rocm.nightlies.amd.com", "pytorch-extension.intel.com",
    "abetlen.github.io", "docs.sglang.ai", "us-python.pkg.dev/ml-oss-artifacts-published",
)  # fmt: skip


@check(RULE, formats=LISTS + SCRIPTS)
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.facts import Dependency

    found = list(entries(context))
    settings = [(e, line) for e, line in found if not isinstance(e, Dependency)]
    extra = [(s, line) for s, line in settings if _is_private_extra(s)]
    if not extra:
        return
    facts = listed(context)
    if facts is not None and facts.file in ("pyproject", "uv.toml") and not _is_searched_together(facts):
        return
    exposed = [e for e, _ in found if isinstance(e, Dependency) and _is_exposed(e, facts)]
    if not exposed:
        return
    setting, line = extra[0]
    yield context.finding(
        f"{names([d.name for d in exposed])} may come from {host(setting.value)} or from the public index, "
        "whichever offers the higher version.",
        evidence=without_password(setting.text),
        key=f"{host(setting.value)}:{','.join(sorted(d.name for d in exposed)[:20])}",
        line=line,
        confidence=Confidence.MEDIUM,
    )


def _is_private_extra(setting: Setting) -> bool:
    if setting.kind != "extra-index" or setting.explicit or not host(setting.value):
        return False
    return not any(host(setting.value).endswith(name) or name in setting.value for name in PUBLIC_HOSTS)


def _is_searched_together(facts: DependencyFacts) -> bool:
    """uv asks its indexes one after the other and stops at the first that has the name, unless it is told not to;
    with Poetry and PDM all sources that are not explicit are asked."""
    strategy = any(s.kind == "option" and s.value.startswith("unsafe") for s in facts.settings)
    named_by_uv = "[[tool.uv.index]]" in facts.document.text or facts.file == "uv.toml"
    uses_uv = named_by_uv or "extra-index-url" in facts.document.text
    return strategy or not uses_uv


def _is_exposed(dependency: Dependency, facts: DependencyFacts | None) -> bool:
    from violet.checks.supply_chain._package_names import CONFUSED, NEIGHBOURS, POPULAR
    from violet.formats.project.facts import canonical

    name = canonical(dependency.name)
    if dependency.kind != "package" or dependency.ecosystem != "PyPI" or dependency.hashes or dependency.index:
        return False
    if dependency.locked or dependency.group == "build" or (facts is not None and name == canonical(facts.own)):
        return False
    return not (name in POPULAR or name in NEIGHBOURS or name in CONFUSED or _is_public(name))


def _is_public(name: str) -> bool:
    """Whether a name belongs to a well-known family (``torch-...``, ``types-...``, ``google-cloud-...``)."""
    families = (
        "torch", "tensorflow", "tf-", "keras", "jax", "nvidia-", "types-", "google-", "azure-", "aws-", "boto",
        "opentelemetry-", "langchain", "llama-", "sphinx", "pytest", "flake8", "jupyter", "ipy", "apache-", "scikit-",
        "pandas", "numpy", "scipy", "django-", "flask-", "open", "onnx", "huggingface", "sentence-", "python-", "py",
        "cuda-", "triton", "vllm", "xformers", "flash", "mlflow", "dask", "ray", "fsspec", "s3fs", "gcsfs",
        "setuptools", "wheel", "pip", "mypy", "ruff", "black", "isort", "pre-commit", "typing", "backports",
    )  # fmt: skip
    well_known = frozenset(
        "attrs tqdm rich typer regex psycopg2 psycopg2-binary redis celery gunicorn uvicorn starlette loguru tabulate"
        " packaging filelock six dill pillow nltk shap lime timm peft trl einops soundfile librosa h5py simplejson"
        " orjson msgpack zstandard lz4 ftfy emoji unidecode rapidfuzz tenacity cachetools more-itertools toolz"
        " hydra-core omegaconf wandb comet-ml neptune clearml hypothesis coverage tox nox build twine".split()
    )
    return name.startswith(families) or name in well_known
