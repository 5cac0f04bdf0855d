"""MLflow's model registry (3.x), through its own client."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from violet.domain import MissingExtraError, UsageError, VioletError
from violet.domain.registry import READY, Alias, ModelVersion, RegistryError, file_name

if TYPE_CHECKING:
    from collections.abc import Iterator

EVIDENCE = "violet"
"""The artifact path, within the run that made a version, where its evidence is kept."""

PAGE = 100
LARGEST_EVIDENCE = 256 << 20
"""Bytes of evidence that are fetched for one version."""
MOST_EVIDENCE = 500
"""Files of it."""
EVIDENCE_SUFFIXES = (".json", ".sig")


class MlflowRegistry:
    """``address`` is the tracking server (``http://…``, or ``sqlite:///…`` for a database of one's own)."""

    def __init__(self, address: str = "") -> None:
        # The client waits for minutes by default: an operator wants to know sooner.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        try:
            import mlflow
        except ImportError as error:
            raise MissingExtraError("The MLflow registry", "mlflow") from error
        self.address = address or os.environ.get("MLFLOW_TRACKING_URI", "")
        if not self.address:
            raise UsageError(
                "Nothing says where the MLflow server is.", "Give --tracking-uri, or set MLFLOW_TRACKING_URI."
            )
        # Downloading asks the process-wide addresses, whatever it is given, and would otherwise make a database in
        # the working directory. One process talks to one registry.
        mlflow.set_tracking_uri(self.address)
        mlflow.set_registry_uri(self.address)
        self._client: Any = mlflow.MlflowClient(tracking_uri=self.address, registry_uri=self.address)

    def version(self, model: str, version: str) -> ModelVersion:
        with _explained(self.address, f"{model}@{version}"):
            if version.isdecimal():
                found = self._client.get_model_version(model, version)
            else:
                found = self._client.get_model_version_by_alias(model, version)
        return ModelVersion(
            model=found.name,
            version=str(found.version),
            source=found.source or "",
            run_id=found.run_id or "",
            tags=dict(found.tags or {}),
            status=str(found.status or READY),
        )

    def models(self) -> Iterator[str]:
        token: str | None = None
        while True:
            with _explained(self.address, "the list of models"):
                page = self._client.search_registered_models(max_results=PAGE, page_token=token)
            yield from (model.name for model in page)
            token = page.token
            if not token:
                return

    def aliases(self, model: str = "") -> tuple[Alias, ...]:
        names = [model] if model else list(self.models())
        found = []
        for name in names:
            with _explained(self.address, name):
                registered = self._client.get_registered_model(name)
            found += [Alias(name, alias, str(version)) for alias, version in (registered.aliases or {}).items()]
        return tuple(sorted(found))

    def alias(self, model: str, alias: str) -> str:
        return next((entry.version for entry in self.aliases(model) if entry.alias == alias), "")

    def set_alias(self, model: str, alias: str, version: str) -> None:
        with _explained(self.address, f"{model}@{alias}"):
            self._client.set_registered_model_alias(model, alias, version)

    def delete_alias(self, model: str, alias: str) -> None:
        with _explained(self.address, f"{model}@{alias}"):
            self._client.delete_registered_model_alias(model, alias)

    def fetch(self, version: ModelVersion, directory: str) -> str:
        from mlflow.artifacts import download_artifacts

        # By the address of the files, not as models:/NAME/VERSION, which adds a file of its own to the model.
        with _explained(self.address, str(version)):
            address = self._client.get_model_version_download_uri(version.model, version.version)
            path = os.path.abspath(download_artifacts(artifact_uri=address, dst_path=directory))
        named = os.path.join(directory, file_name(version.model))
        if os.path.dirname(path) == os.path.abspath(directory) and not os.path.lexists(named):
            os.rename(path, named)  # waivers and reports go by the model's name
            path = named
        return path

    def fetch_evidence(self, version: ModelVersion, directory: str) -> str:
        if not version.run_id:
            return ""
        from mlflow.artifacts import download_artifacts

        place = f"{EVIDENCE}/{version.version}"
        with _explained(self.address, f"the evidence of {version}"):
            entries = [entry for entry in self._client.list_artifacts(version.run_id, place) if _evidence(entry)]
            if not entries:
                return ""
            if len(entries) > MOST_EVIDENCE:
                raise VioletError(f"The evidence of {version} is more than {MOST_EVIDENCE:,} files.", "Remove some.")
            if sum(entry.file_size or 0 for entry in entries) > LARGEST_EVIDENCE:
                raise VioletError(f"The evidence of {version} is larger than {LARGEST_EVIDENCE:,} bytes.")
            for entry in entries:
                # One by one, and only what is evidence: whatever else lies there is not fetched, however much it is.
                path = download_artifacts(run_id=version.run_id, artifact_path=entry.path, dst_path=directory)
                os.replace(path, os.path.join(directory, f".{os.path.basename(path)}"))
        _settle(directory)
        return directory

    def attach_evidence(self, version: ModelVersion, directory: str) -> None:
        if not version.run_id:
            raise UsageError(
                f"{version} was not made by a run, so there is no place for evidence with it.",
                "Keep the evidence in a directory, and name that as evidence.directory in violet.toml.",
            )
        with _explained(self.address, str(version)):
            self._client.log_artifacts(version.run_id, directory, f"{EVIDENCE}/{version.version}")

    def tag(self, version: ModelVersion, name: str, value: str) -> None:
        with _explained(self.address, str(version)):
            self._client.set_model_version_tag(version.model, version.version, name, value)


def _evidence(entry: Any) -> bool:
    return not entry.is_dir and entry.path.endswith(EVIDENCE_SUFFIXES)


def _settle(directory: str) -> None:
    """Only the files that were put aside with a dot are left, under their names."""
    import shutil

    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.rename(path, os.path.join(directory, name.removeprefix(".")))


@contextmanager
def _explained(address: str, what: str) -> Iterator[None]:
    """MLflow's errors, and those of what it stands on, in one sentence each."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except VioletError:
        raise
    except MlflowException as error:
        code = getattr(error, "error_code", "")
        first = str(error).partition("\n")[0][:300]
        if code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"):
            raise UsageError(
                f"The registry at {address} knows nothing of {what}: {first}.".replace("..", ".")
            ) from error
        if code in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
            raise RegistryError(
                f"The registry at {address} refuses {what}.",
                "Check MLFLOW_TRACKING_USERNAME and its password, or token.",
            ) from error
        raise RegistryError(f"The registry at {address} failed on {what}: {first}") from error
    except Exception as error:  # every artifact store has errors of its own
        first = str(error).partition("\n")[0][:300] or type(error).__name__
        raise RegistryError(f"The registry at {address} failed on {what}: {first}") from error
