"""Names trusted in pickles (miscellany). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "tokenizers": "AddedToken",
}
CHECKED: dict[str, str] = {
    "cloudpickle": "subimport=import-of-trusted-root",
    "dill._dill": "_load_type=type-name",
    "dill.dill": "_load_type=type-name",
}
CONSTRUCT: dict[str, str] = {
    "PIL.Image": "Image",
    "tokenizers": "Tokenizer",
    "tokenizers.models": "BPE Model Unigram WordLevel WordPiece",
}
