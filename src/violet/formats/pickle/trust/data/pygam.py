"""Names trusted in pickles (pygam). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "pygam.utils": "NotPositiveDefiniteError OptimizationError",
}
CONSTRUCT: dict[str, str] = {
    "pygam.callbacks": "Accuracy CallBack Coef Deviance Diffs",
    "pygam.core": "Core",
    "pygam.distributions": "BinomialDist Distribution GammaDist InvGaussDist NormalDist PoissonDist",
    "pygam.links": "IdentityLink InvSquaredLink InverseLink Link LogLink LogitLink",
    "pygam.terms": "FactorTerm Intercept LinearTerm SplineTerm Term",
    "pygam.utils": "TablePrinter",
}
