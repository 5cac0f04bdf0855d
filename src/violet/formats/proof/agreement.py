"""The second opinion: what the pickle machine saw in the same bytes must fit what was proven.

The machine follows every unpickler wherever one of them goes on. If it saw an import, a call, an object or another
end that the proof did not, one of the two is wrong about the file, and the file is not proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.proof.names import ROLES
from violet.formats.proof.values import Unproven

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.proof.calls import Known
    from violet.formats.source import Source


def check_agreement(source: Source, reading: Reading, spans: list[tuple[int, int]], known: Known) -> None:
    """Run the pickle machine over the streams at ``spans`` (begin and end of each). Raises ``Unproven``."""
    from violet.formats.pickle.machine import Machine

    called: dict[str, int] = {}
    for start, end in spans:
        stream = Machine(source, start, reading.meter).run()
        if stream.broken or stream.end != end:
            raise Unproven(f"the pickle machine reads it differently ({stream.broken or 'it ends elsewhere'})", start)
        if stream.oddities:
            odd = stream.oddities[0]
            raise Unproven(
                f"the pickle machine found something no pickler writes ({odd.kind})", odd.offset, odd.evidence
            )
        if stream.computed_calls or stream.code:
            raise Unproven("the pickle machine found a call that the proof did not", start)
        for name in stream.globals:
            if (name.module, name.name) not in ROLES:
                raise Unproven(f"the pickle machine found the name {name.dotted}", name.offset)
            if name.refused or name.computed:
                raise Unproven(f"the pickle machine does not trust how {name.dotted} is used", name.offset)
            count = name.called + (name.constructed if name.name == "NumpyArrayWrapper" else 0)
            called[name.dotted] = called.get(name.dotted, 0) + count
    counts = {name: count for name, count in called.items() if count}
    if counts != known.calls:
        names = sorted(set(counts.items()) ^ set(known.calls.items()))
        raise Unproven(f"the pickle machine counted other calls ({names[0][0]})", spans[0][0])
