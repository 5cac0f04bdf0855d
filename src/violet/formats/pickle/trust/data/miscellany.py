"""Names trusted in pickles (miscellany). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "_loss": (
        "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss CyHalfPoissonLoss "
        "CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss CyLossFunction CyPinballLoss "
        "__pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyExponentialLoss __pyx_unpickle_CyHalfBinomialLoss "
        "__pyx_unpickle_CyHalfGammaLoss __pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfPoissonLoss "
        "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyHalfTweedieLoss __pyx_unpickle_CyHalfTweedieLossIdentity "
        "__pyx_unpickle_CyHuberLoss __pyx_unpickle_CyLossFunction __pyx_unpickle_CyPinballLoss"
    ),
    "tokenizers": "AddedToken",
}
CHECKED: dict[str, str] = {
    "cloudpickle": "subimport=import-of-trusted-root",
    "cloudpickle.cloudpickle": "subimport=import-of-trusted-root",
    "dill._dill": "_create_array=dill-array _import_module=import-of-trusted-root _load_type=type-name",
    "dill.dill": "_import_module=import-of-trusted-root _load_type=type-name",
}
CONSTRUCT: dict[str, str] = {
    "PIL.Image": "Image",
    "tokenizers": "Tokenizer",
    "tokenizers.models": "Model",
}
REFER: dict[str, str] = {
    "dill": "_dill",
}
