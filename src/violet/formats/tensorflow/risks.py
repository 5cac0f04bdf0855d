"""Operations of TensorFlow that reach outside the graph, and by which of their inputs.

Facts from TensorFlow's own registry of operations (release 2.21).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Reach(enum.StrEnum):
    """What an operation does outside the graph."""

    WRITE = "writes a file"
    READ = "reads a file"
    LIST = "lists files"
    SAVE = "writes a checkpoint"
    RESTORE = "reads a checkpoint"
    TABLE = "reads a vocabulary"
    PYTHON = "calls a Python function"
    NETWORK = "talks to the network"
    NATIVE = "calls native code by name"
    NESTED = "runs a graph that is kept as data"
    END = "ends the process"


@dataclass(frozen=True, slots=True)
class Risk:
    """``input`` is the place of the path among the inputs (-1: none), ``attribute`` the name of the attribute
    that holds it (``""``: none)."""

    reach: Reach
    input: int = -1
    attribute: str = ""


_INPUTS: dict[Reach, dict[int, str]] = {
    Reach.WRITE: {
        0: "WriteFile",
        1: "DatasetToTFRecord ExperimentalDatasetToTFRecord CacheDataset CacheDatasetV2 SaveDataset SaveDatasetV2 "
        "SnapshotDataset SnapshotDatasetV2 CreateSummaryFileWriter CreateSummaryDbWriter DistributedSave",
    },
    Reach.READ: {
        0: "ReadFile TextLineDataset FixedLengthRecordDataset FixedLengthRecordDatasetV2 TFRecordDataset "
        "TFRecordDatasetV2 CSVDataset CSVDatasetV2 ExperimentalCSVDataset LMDBDataset ExperimentalLMDBDataset "
        "LoadDataset SnapshotChunkDataset ListSnapshotChunksDataset SnapshotDatasetReader "
        "SnapshotNestedDatasetReader GenerateVocabRemapping",
        1: "SqlDataset ExperimentalSqlDataset",
        -1: "WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 FixedLengthRecordReader "
        "FixedLengthRecordReaderV2 TFRecordReader TFRecordReaderV2 LMDBReader",
    },
    Reach.LIST: {0: "MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset"},
    Reach.SAVE: {0: "Save SaveV2 SaveSlices", 1: "MergeV2Checkpoints"},
    Reach.RESTORE: {0: "Restore RestoreV2 RestoreSlice DTensorRestoreV2 LoadAndRemapMatrix"},
    Reach.TABLE: {1: "InitializeTableFromTextFile InitializeTableFromTextFileV2"},
    Reach.PYTHON: {-1: "PyFunc PyFuncStateless EagerPyFunc"},
    Reach.NETWORK: {
        0: "RpcServer RpcClient",
        1: "RegisterDataset RegisterDatasetV2",
        2: "DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4",
        -1: "RpcCall RpcServerRegister RpcServerStart",
    },
    Reach.NESTED: {0: "DatasetFromGraph"},
    Reach.END: {-1: "Abort"},
}
_ATTRIBUTES: dict[Reach, dict[str, str]] = {
    Reach.WRITE: {
        "output_stream": "PrintV2",
        "debug_urls": "DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary",
        "log_dir_path": "DumpTensor",
        "output_file_path": "CalibrationStatisticsSaver",
    },
    Reach.READ: {
        "file_pattern": "RecordInput",
        "filename": "Skipgram",
        "vocab_file": "FixedUnigramCandidateSampler",
        "descriptor_source": "DecodeProtoV2 EncodeProto",
    },
    Reach.NATIVE: {"call_target_name": "XlaCustomCall XlaCustomCallV2"},
}


def _table() -> dict[str, Risk]:
    table = {
        name: Risk(reach, place)
        for reach, places in _INPUTS.items()
        for place, names in places.items()
        for name in names.split()
    }
    for reach, attributes in _ATTRIBUTES.items():
        for attribute, names in attributes.items():
            table.update({name: Risk(reach, -1, attribute) for name in names.split()})
    return table


_RISKS = _table()

QUIET_ATTRIBUTES = ("", "stderr", "stdout", "local://", "log(info)", "log(warning)", "log(error)")
"""Values of those attributes that stay inside the process. A descriptor source of raw bytes (``bytes://``) does too."""


def risk_of(op: str) -> Risk | None:
    """What an operation does outside the graph; ``None`` for nearly all of them."""
    return _RISKS.get(op)


KNOWN_LIBRARIES = {
    "Sentencepiece": "TensorFlow Text",
    "WordpieceTokenize": "TensorFlow Text",
    "FastWordpiece": "TensorFlow Text",
    "FastBert": "TensorFlow Text",
    "CaseFoldUTF8": "TensorFlow Text",
    "NormalizeUTF8": "TensorFlow Text",
    "RegexSplitWithOffsets": "TensorFlow Text",
    "TFText>": "TensorFlow Text",
    "SimpleML": "TensorFlow Decision Forests",
    "TRTEngineOp": "TF-TRT",
    "Addons>": "TensorFlow Addons",
    "TFLite_Detection": "TensorFlow Lite converter",
    "IO>": "TensorFlow I/O",
    "TensorForest": "TensorForest",
    "Struct2Tensor": "struct2tensor",
    "DecodeProtoSparse": "struct2tensor",
    "Onednn": "oneDNN",
    "_Mkl": "oneDNN",
}
"""Beginnings of names of operations that widely used libraries bring."""


def library_of(op: str) -> str:
    """The widely used library that brings an operation; ``""`` where none is known to."""
    return next((library for prefix, library in KNOWN_LIBRARIES.items() if op.startswith(prefix)), "")
