"""Which client has which slot in the detectors' tables: a fixed number, the one seen longest ago makes room."""

from __future__ import annotations

from collections import OrderedDict


class ClientSlots:
    """At most ``capacity`` clients are remembered. ``freed`` collects the slots that changed hands since it was last
    taken, so that detectors can forget what stood there."""

    __slots__ = ("_free", "_freed", "_names", "_slots", "capacity", "evicted")

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("at least one client has to fit")
        self.capacity = capacity
        self._slots: OrderedDict[str, int] = OrderedDict()
        self._names: list[str] = [""] * capacity
        self._free = capacity
        self._freed: list[int] = []
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._slots)

    def slot(self, client: str) -> int:
        """Its slot; a client not seen before gets a new one, or that of whoever was silent longest."""
        found = self._slots.get(client)
        if found is not None:
            self._slots.move_to_end(client)
            return found
        if self._free:
            self._free -= 1
            given = self.capacity - 1 - self._free
        else:
            _, given = self._slots.popitem(last=False)
            self._freed.append(given)
            self.evicted += 1
        self._slots[client] = given
        self._names[given] = client
        return given

    def find(self, client: str) -> int:
        """Its slot, or -1; remembers nothing."""
        return self._slots.get(client, -1)

    def name(self, slot: int) -> str:
        return self._names[slot]

    def names(self) -> tuple[str, ...]:
        """Those remembered, the one seen longest ago first."""
        return tuple(self._slots)

    def take_freed(self) -> list[int]:
        freed, self._freed = self._freed, []
        return freed
