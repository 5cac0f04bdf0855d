"""Names trusted in pickles (patsy). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "patsy.categorical": "CategoricalSniffer _CategoricalBox",
    "patsy.contrasts": "ContrastMatrix Diff Helmert Poly Sum Treatment",
    "patsy.desc": "IntermediateExpr ModelDesc Term _MockFactor",
    "patsy.design_info": "DesignInfo FactorInfo SubtermInfo",
}
