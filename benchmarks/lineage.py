"""How long a lineage takes in a directory of many attestations.

    python benchmarks/lineage.py [--envelopes 10000]

Every model is made from the one with half its number, so that ancestors are few and descendants many. Writing
signs and syncs every envelope and is not what is measured.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import tempfile
import time

from violet.domain import Digest
from violet.domain.provenance import Identity, TrustedSigner
from violet.provenance import stores
from violet.provenance.envelope import Keyring
from violet.provenance.keys import generate
from violet.provenance.lineage import Index, trace
from violet.services.attest import attest_statement
from violet.services.training import Training, provenance_of


def thing(number: int) -> Identity:
    name = f"model-{number}"
    return Identity(name, Digest("sha256", hashlib.sha256(name.encode()).hexdigest()), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envelopes", type=int, default=10_000)
    count = parser.parse_args().envelopes
    key = generate()
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(suffix=".pub") as public:
        public.write(key.public.pem)
        public.flush()
        store = stores.DirectoryStore(folder, shared=True)
        for number in range(count):
            data = hashlib.sha256(str(number % 97).encode()).hexdigest()
            base = (f"base=sha256:{thing(number // 2).digest.value}",) if number else ()
            made = provenance_of(Training(data=(f"rows=sha256:{data}",), base=base, relation="fine-tune"))
            attest_statement(thing(number), "provenance", made.encode(), key, store)
        ring = Keyring.load([TrustedSigner("bench", public.name)])
        wall, processor = time.perf_counter(), time.process_time()
        index = Index(ring, datetime.datetime.now(datetime.UTC))
        index.add([store])
        report("read and index", count, wall, processor)
        wall, processor = time.perf_counter(), time.process_time()
        found = trace(thing(count - 1), index)
        report(f"ancestors ({len(found.ancestors())}, verified)", count, wall, processor)
        wall, processor = time.perf_counter(), time.process_time()
        found = trace(thing(1), index, descendants=True)
        report(f"descendants ({len(found.descendants):,}, verified)", count, wall, processor)


def report(what: str, count: int, wall: float, processor: float) -> None:
    seconds, used = time.perf_counter() - wall, time.process_time() - processor
    print(f"{what:<40} {seconds:7.2f} s wall  {used:7.2f} s processor  {used / count * 1e6:7.0f} us an envelope")


if __name__ == "__main__":
    main()
