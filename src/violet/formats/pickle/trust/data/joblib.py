"""Names trusted in pickles (joblib). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "joblib._store_backends": "CacheWarning",
    "joblib.memory": "JobLibCollisionWarning",
}
CHECKED: dict[str, str] = {
    "joblib.externals.cloudpickle.cloudpickle": "subimport=import-of-trusted-root",
}
CONSTRUCT: dict[str, str] = {
    "joblib._store_backends": "CacheItemInfo FileSystemStoreBackend StoreBackendBase StoreBackendMixin",
    "joblib.func_inspect": "full_argspec_type",
    "joblib.hashing": "_ConsistentSet _MyHash",
    "joblib.logger": "Logger PrintTime",
    "joblib.memory": (
        "AsyncMemorizedFunc AsyncNotMemorizedFunc CacheItemInfo MemorizedFunc MemorizedResult Memory NotMemorizedFunc "
        "NotMemorizedResult"
    ),
    "joblib.numpy_pickle": "NDArrayWrapper=sibling-file NumpyArrayWrapper ZNDArrayWrapper=sibling-file",
    "joblib.numpy_pickle_compat": "NDArrayWrapper=sibling-file ZNDArrayWrapper=sibling-file",
}
