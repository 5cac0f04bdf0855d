"""Names trusted in pickles (prophet). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "prophet.models": "StanBackendEnum TrendIndicator",
}
CONSTRUCT: dict[str, str] = {
    "prophet.forecaster": "Prophet",
    "prophet.models": "CmdStanPyBackend IStanBackend ModelInputData ModelParams",
}
