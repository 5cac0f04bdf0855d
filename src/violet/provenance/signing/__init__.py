"""OpenSSF model signatures: Sigstore bundles around in-toto statements that list the files of a model."""
