"""Which of very many keys have been there before."""

from collections.abc import Iterable

import numpy as np

_FRESH = 100_000


class Seen:
    """Remembers keys, each by 8 of its bytes: 80 MB for ten million of them.

    Keys are digests, so that two of ten million are taken for one with a chance of 1 to 300,000.
    """

    def __init__(self) -> None:
        self._fresh: set[int] = set()
        self._sorted = np.empty(0, np.uint64)

    def new(self, keys: Iterable[bytes]) -> list[bytes]:
        """Which of these keys, all different, were not there before; now they are."""
        listed = list(keys)
        numbers = np.frombuffer(b"".join(key[:8] for key in listed), np.uint64)
        places = np.searchsorted(self._sorted, numbers)
        known = np.zeros(len(numbers), bool)
        within = places < len(self._sorted)
        known[within] = self._sorted[places[within]] == numbers[within]
        found = [
            (key, number)
            for key, number, is_known in zip(listed, numbers.tolist(), known, strict=True)
            if not is_known and number not in self._fresh
        ]
        self._fresh.update(number for _, number in found)
        if len(self._fresh) >= _FRESH:
            self._merge()
        return [key for key, _ in found]

    def _merge(self) -> None:
        fresh = np.fromiter(self._fresh, np.uint64, len(self._fresh))
        self._sorted = np.sort(np.concatenate([self._sorted, fresh]))
        self._fresh = set()
