"""Who is next: clients take turns, each one's tasks in the order they came. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

SHARE = 4
"""A client may have so many times as much waiting as there is room left for others."""


@dataclass(slots=True)
class _Line(Generic[T]):
    items: OrderedDict[int, tuple[T, int]] = field(default_factory=OrderedDict)
    size: int = 0


class Turns(Generic[T]):
    """A bounded queue that gives every client its turn, however much another one submits.

    `max_items`, `max_bytes`: what may wait in all. The fuller it is, the less one client may
    add (dynamic thresholds): whoever comes new finds room, whoever filled it does not.
    """

    def __init__(self, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._lines: OrderedDict[str, _Line[T]] = OrderedDict()
        self._count = 0
        self.size = 0

    def __len__(self) -> int:
        return self._count

    @property
    def clients(self) -> int:
        """How many have something waiting."""
        return len(self._lines)

    def waiting(self, client: str) -> int:
        """How many items of this client wait."""
        return len(self._lines[client].items) if client in self._lines else 0

    def refusal(self, client: str, size: int) -> str | None:
        """Why one more item of `size` bytes finds no room, or None where it does."""
        line = self._lines.get(client, _Line[T]())
        if len(line.items) >= SHARE * (self._max_items - self._count):
            return f"{self._count} tasks are waiting, {len(line.items)} of them yours"
        free = self._max_bytes - self.size
        if self._count and (size > free or line.size >= SHARE * free):
            return "the waiting images take all the space set aside for them"
        return None

    def put(self, client: str, number: int, item: T, size: int) -> None:
        """Add an item of `size` bytes at the end of its client's line; `number` names it."""
        line = self._lines.setdefault(client, _Line())
        line.items[number] = (item, size)
        self._add(line, 1, size)

    def take(self) -> T:
        """Take the first item of the client whose turn it is. Raises LookupError if empty."""
        client, line = next(iter(self._lines.items()), (None, None))
        if client is None or line is None:
            raise LookupError("nothing waits")
        _, (item, size) = line.items.popitem(last=False)
        self._add(line, -1, -size)
        self._lines.move_to_end(client)
        self._close(client)
        return item

    def remove(self, client: str, number: int) -> None:
        """Take an item out, wherever it waits."""
        line = self._lines[client]
        _, size = line.items.pop(number)
        self._add(line, -1, -size)
        self._close(client)

    def _add(self, line: _Line[T], count: int, size: int) -> None:
        line.size += size
        self.size += size
        self._count += count

    def _close(self, client: str) -> None:
        if not self._lines[client].items:
            del self._lines[client]
