"""The JSON files of a Hugging Face model directory: what code, weights and templates they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.json_text import looks_like_json

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

NAMES = frozenset(
    [
        "config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json",
        "chat_template.json", "image_processor_config.json", "video_preprocessor_config.json",
        "feature_extractor_config.json", "generation_config.json", "model_index.json", "adapter_config.json",
        "modules.json", "config_sentence_transformers.json", "scheduler_config.json",
    ]
)  # fmt: skip
_TELLING = (b'"auto_map"', b'"chat_template"', b'"trust_remote_code"', b'"custom_pipelines"', b'"auto_mapping"')


def _sniff(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] not in (b"{", b"[", b" ", b"\n", b"\r", b"\t", b"\xef") or not looks_like_json(head):
        return Certainty.NO
    name = probe.name.lower()
    if name in NAMES or name.endswith(".index.json") or any(word in head for word in _TELLING):
        return Certainty.LIKELY
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.huggingface.configuration import read

    return read(source, reading)


FORMAT = Format(
    "huggingface",
    "Hugging Face configuration",
    tuple(sorted(NAMES)),
    _sniff,
    _read,
    executable=False,
    rank=55,
    textual=True,
)
