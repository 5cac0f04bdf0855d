"""Bills of materials of every shape, for properties that must hold for all of them."""

from __future__ import annotations

import string
from dataclasses import replace

from hypothesis import strategies as st

from violet.domain import Digest
from violet.domain.bom import (
    MODEL,
    Basis,
    Bom,
    Dataset,
    Metric,
    ModelFacts,
    Property,
    Reference,
    Relation,
    Source,
    TensorSpec,
    reference,
)
from violet.domain.component import Component

WORDS = st.text(string.ascii_letters + string.digits + "_-. é\"'<&|`\\", min_size=1, max_size=12).filter(
    lambda t: t.strip() == t
)
NAMES = st.text(string.ascii_letters + string.digits + "._-/", min_size=1, max_size=12)
MAYBE = st.just("") | WORDS
DIGESTS = st.builds(Digest, st.just("sha256"), st.text("0123456789abcdef", min_size=64, max_size=64))
LICENSES = st.lists(
    st.sampled_from(["MIT", "Apache-2.0", "GPL-3.0-only OR MIT", "llama3", "A b c"]), max_size=2, unique=True
)


def _unique(items: list[Digest]) -> tuple[Digest, ...]:
    return tuple({digest.algorithm: digest for digest in items}.values())


HASHES = st.lists(DIGESTS, max_size=1).map(_unique)


@st.composite
def packages(draw: st.DrawFn) -> Component:
    name = draw(st.text("abcxyz", min_size=1, max_size=4))
    version = draw(st.sampled_from(["", "1.0", "1.1", "2.0rc1"]))
    return Component(
        name=name,
        version=version,
        type=draw(st.sampled_from(["library", "framework"])),
        ecosystem="PyPI",
        purl=f"pkg:pypi/{name}" + (f"@{version}" if version else ""),
        specifier=draw(st.sampled_from(["", ">=1", "<2,>1"])),
        hashes=draw(HASHES),
        licenses=tuple(draw(LICENSES)),
        origin=draw(st.sampled_from(["", "requirements.txt:3", "pyproject.toml:12"])),
    )


@st.composite
def facts(draw: st.DrawFn) -> ModelFacts:
    number = st.none() | st.integers(0, 1 << 40)
    return ModelFacts(
        format=draw(MAYBE),
        framework=draw(MAYBE),
        framework_version=draw(MAYBE),
        architecture=draw(MAYBE),
        family=draw(MAYBE),
        task=draw(MAYBE),
        approach=draw(st.sampled_from(["", "supervised", "something else"])),
        tensors=draw(number),
        parameters=draw(number),
        parameters_claimed=draw(number),
        dtypes=tuple(sorted(draw(st.dictionaries(NAMES, st.integers(0, 99), max_size=3)).items())),
        quantisation=draw(MAYBE),
        inputs=tuple(draw(st.lists(_specs, max_size=2, unique=True))),
        outputs=tuple(draw(st.lists(_specs, max_size=2, unique=True))),
        tokenizer=draw(MAYBE),
        base_models=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
        licenses=tuple(draw(LICENSES)),
        languages=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
        hyperparameters=tuple(draw(st.lists(st.tuples(NAMES, WORDS), max_size=3, unique=True))),
        metrics=tuple(draw(st.lists(st.builds(Metric, NAMES, NAMES, st.just("") | NAMES), max_size=2, unique=True))),
        considerations=tuple(
            draw(st.lists(st.tuples(st.sampled_from(["training", "preprocessing"]), WORDS), max_size=2, unique=True))
        ),
        classes=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
        producer=draw(MAYBE),
        description=draw(MAYBE),
        sources=tuple(draw(_SOURCES)),
        conflicts=tuple(draw(st.lists(WORDS, max_size=1))),
    )


_SOURCES = st.lists(st.builds(Source, st.just("task"), NAMES, st.sampled_from(Basis), NAMES), max_size=2, unique=True)
_REFERENCES = st.lists(
    st.builds(Reference, st.sampled_from(["signature", "attestation"]), NAMES, HASHES), max_size=2, unique=True
)
_PROPERTIES = st.lists(st.builds(Property, st.just(""), NAMES.map("x:{}".format), WORDS), max_size=2, unique=True)
_specs = st.builds(
    TensorSpec,
    NAMES,
    st.sampled_from(["", "float32", "int8"]),
    st.lists(st.sampled_from(["1", "batch", "?"]), max_size=3).map(tuple),
)


@st.composite
def boms(draw: st.DrawFn) -> Bom:
    found = draw(facts())
    subject = Component(draw(WORDS), draw(st.just("") | NAMES), MODEL, hashes=draw(HASHES), licenses=found.licenses)
    ref = reference(subject)
    parts = list({reference(part): part for part in draw(st.lists(packages(), max_size=4))}.values())
    data = draw(
        st.lists(
            st.builds(Dataset, WORDS, st.sampled_from(["training", "testing"]), HASHES, size=st.integers(-1, 99)),
            max_size=2,
            unique_by=reference,
        )
    )
    relations = [Relation(ref, "depends-on", reference(part)) for part in parts]
    relations += [
        Relation(ref, "tested-on" if part.role == "testing" else "trained-on", reference(part)) for part in data
    ]
    return Bom(
        subject=subject,
        facts=replace(found, version=subject.version),
        components=tuple(parts),
        datasets=tuple(data),
        relations=tuple(relations),
        references=tuple(draw(_REFERENCES)),
        properties=tuple(draw(_PROPERTIES)),
        gaps=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
        conflicts=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
    )
