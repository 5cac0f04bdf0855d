"""Who contributed what: one book of what this worker has seen, one of what it has heard of others.

A worker posts sums since an epoch, never differences: a post that is lost, repeated or late changes nothing in the end,
for readers add the difference from the last sum they had. (This is a state-based counter, one component a worker:
Shapiro et al. 2011, INRIA RR-7506, section 3.1.1.) Both books are bounded, and where that costs something it is on the
side of too little: nothing is counted twice.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.runtime.sharing.base import Post
from violet.runtime.sharing.values import pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class _Own:
    """Of one client: ``version`` is that of its last post (0: none), ``change`` the size of what came since; ``stamp``
    increases with every change."""

    __slots__ = ("change", "epoch", "stamp", "sums", "version", "waited")

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.sums: dict[str, Array] = {}
        self.version = 0
        self.change = 0.0
        self.stamp = 0
        self.waited = 0


class OwnBook:
    """What this worker has seen, for at most ``capacity`` clients. Who has long had nothing to add makes room:
    what was posted of such a client is retired, and a new epoch begins when it is back."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.left_out = 0
        """Clients whose unposted changes were lost for want of room."""
        self._clients: dict[str, _Own] = {}
        self._pending: set[str] = set()
        self._settled: OrderedDict[str, None] = OrderedDict()
        """Posted, and not changed since; the least version first."""
        self._retired: list[str] = []
        self._epoch = 0
        self._version = 0

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def pending(self) -> int:
        return len(self._pending)

    def add(self, client: str, delta: Mapping[str, Array]) -> None:
        size = sum(float(np.abs(array).sum()) for array in delta.values())
        if not np.isfinite(size) or size == 0:
            return
        own = self._clients.get(client)
        if own is None:
            if len(self._clients) >= self.capacity:
                self._make_room()
            self._epoch += 1
            own = self._clients[client] = _Own(self._epoch)
        for name, array in delta.items():
            known = own.sums.get(name)
            if known is None or known.shape != array.shape:
                own.sums[name] = array.astype(np.float64)
            else:
                known += array
        own.change += size
        own.stamp += 1
        self._pending.add(client)
        self._settled.pop(client, None)

    def take(self, most: int) -> list[tuple[Post, int]]:
        """What to post next, the most changed first (who has waited counts for more), each with a stamp for
        ``posted``."""
        chosen = heapq.nlargest(most, self._pending, key=self._urgency)
        for client in self._pending:
            self._clients[client].waited += 1
        made: list[tuple[Post, int]] = []
        for client in chosen:
            own = self._clients[client]
            self._version += 1
            own.version = self._version
            made.append((Post(client, self._version, pack(own.epoch, own.sums)), own.stamp))
        return made

    def posted(self, posts: Iterable[tuple[Post, int]]) -> None:
        """These are on the board now."""
        for post, stamp in posts:
            own = self._clients.get(post.client)
            if own is not None and own.stamp == stamp:
                own.change = 0.0
                own.waited = 0
                self._pending.discard(post.client)
                self._settled[post.client] = None

    def retired(self) -> list[str]:
        """Clients whose posts are to be taken down: those that left since ``down`` and are not back."""
        return [client for client in self._retired if client not in self._clients]

    def down(self, clients: list[str]) -> None:
        gone = set(clients)
        self._retired = [client for client in self._retired if client not in gone]

    def again(self) -> None:
        """The board has lost what was posted: all of it is pending."""
        self._pending.update(self._clients)
        self._settled.clear()
        self._retired.clear()

    def _urgency(self, client: str) -> float:
        own = self._clients[client]
        return own.change * (1 + own.waited)

    def _make_room(self) -> None:
        if self._settled:
            client, _ = self._settled.popitem(last=False)
        else:  # nothing has been posted for long
            client = min(self._pending, key=self._urgency)
            self._pending.discard(client)
            self.left_out += 1
        own = self._clients.pop(client)
        if own.version:
            self._retired.append(client)
            if len(self._retired) > self.capacity:
                del self._retired[0]


class _Peer:
    __slots__ = ("clients", "evicted", "greatest", "rulings", "size", "unheard", "version")

    def __init__(self, evicted: int) -> None:
        self.clients: OrderedDict[str, tuple[int, int, dict[str, Array]]] = OrderedDict()
        """Version, epoch and sums, as last heard; the one heard longest ago first."""
        self.version = 0
        self.rulings = b""
        self.unheard = 0
        self.size = 0
        self.evicted = evicted
        """The greatest epoch of what was forgotten. A worker counts its epochs up: of a client that is not known, and
        whose epoch is not greater, it cannot be told what was absorbed before."""
        self.greatest = evicted


class PeerBook:
    """What was heard of others, so that only what is new is absorbed: at most ``capacity`` clients a worker,
    ``workers`` workers, and ``memory`` bytes of sums. Of more, those heard longest ago are forgotten, workers that are
    gone first."""

    def __init__(self, capacity: int, workers: int, memory: int) -> None:
        self.capacity = capacity
        self.workers = workers
        self.memory = memory
        self.left_out = 0
        """Posts that were not absorbed, because their worker's earlier ones on the client had been forgotten."""
        self._peers: dict[str, _Peer] = {}
        self._forgotten: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return sum(peer.unheard == 0 for peer in self._peers.values())

    @property
    def size(self) -> int:
        """Bytes of the sums, and what holds them."""
        return sum(peer.size for peer in self._peers.values())

    def behind(self) -> dict[str, int]:
        """Up to which version each worker was heard."""
        return {worker: peer.version for worker, peer in self._peers.items()}

    def begin(self, workers: Iterable[str]) -> None:
        """A round in which these are on the board."""
        present = set(workers)
        for name, peer in self._peers.items():
            peer.unheard = 0 if name in present else peer.unheard + 1
        for name in present:
            if name not in self._peers:
                self._peers[name] = _Peer(self._forgotten.get(name, 0))
        while len(self._peers) > self.workers:
            self._forget(max(self._peers, key=lambda name: self._peers[name].unheard))

    def new(self, worker: str, post: Post, epoch: int, sums: dict[str, Array]) -> dict[str, Array]:
        """What of this was not known, by detector; nothing for what is old."""
        peer = self._peers.get(worker)
        if peer is None:
            return {}
        known = peer.clients.get(post.client)
        if known is not None and (post.version <= known[0] or epoch < known[1]):
            return {}
        peer.size += _size(sums) - (_size(known[2]) if known is not None else 0)
        peer.clients[post.client] = (post.version, epoch, sums)
        peer.clients.move_to_end(post.client)
        peer.greatest = max(peer.greatest, epoch)
        if len(peer.clients) > self.capacity:
            self._evict(peer)
        if known is None and epoch <= peer.evicted:
            self.left_out += 1
            return {}
        if known is None or epoch > known[1]:
            return sums
        before = known[2]
        fresh: dict[str, Array] = {}
        for name, array in sums.items():
            past = before.get(name)
            difference = array if past is None or past.shape != array.shape else array - past
            if np.any(difference):
                fresh[name] = difference
        return fresh

    def heard(self, worker: str, version: int) -> None:
        """All posts up to ``version`` were dealt with."""
        peer = self._peers.get(worker)
        if peer is not None:
            peer.version = max(peer.version, version)

    def end(self) -> None:
        """Of a round: make room."""
        while self.size > self.memory:
            worker = max(self._peers, key=lambda name: (self._peers[name].unheard, self._peers[name].size))
            if self._peers[worker].unheard:
                self._forget(worker)
            else:
                self._evict(self._peers[worker])

    def rulings_changed(self, worker: str, data: bytes) -> bool:
        peer = self._peers.get(worker)
        if peer is None or peer.rulings == data:
            return False
        peer.rulings = data
        return True

    def _forget(self, worker: str) -> None:
        self._forgotten[worker] = self._peers.pop(worker).greatest
        while len(self._forgotten) > 100 * self.workers:
            self._forgotten.popitem(last=False)

    @staticmethod
    def _evict(peer: _Peer) -> None:
        _, (_, epoch, sums) = peer.clients.popitem(last=False)
        peer.size -= _size(sums)
        peer.evicted = max(peer.evicted, epoch)


def _size(sums: Mapping[str, Array]) -> int:
    return 200 + sum(array.nbytes for array in sums.values())
