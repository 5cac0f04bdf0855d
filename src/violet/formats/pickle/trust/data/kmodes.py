"""Names trusted in pickles (kmodes). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "kmodes.kmodes": "KModes",
    "kmodes.kprototypes": "KPrototypes",
}
