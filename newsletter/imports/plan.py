"""What is known of an address, and what a chunk of a file does about it."""

from dataclasses import dataclass, field
from datetime import datetime

from newsletter.imports.wishes import Wish


@dataclass(slots=True)
class Known:
    """What we have at an address."""

    status: str
    confirmed_at: datetime | None = None
    # None where this very chunk adds it.
    pk: int | None = None
    suppressed: bool = False
    # Nobody but an undone import ever unsubscribed her.
    is_undone: bool = False

    @classmethod
    def after(cls, wish: Wish, pk: int | None = None) -> "Known":
        """What we have once the wish is granted."""
        return cls(wish.status, wish.confirmed_at, pk)


@dataclass
class Plan:
    """By address hash, so that of two lines for one person the later decision stands."""

    create: dict[str, Wish] = field(default_factory=dict)
    # Rows that are pending, or that an undone import left: they become what the file says.
    take: dict[str, tuple[int, Wish]] = field(default_factory=dict)
    stop: dict[str, tuple[int, Wish]] = field(default_factory=dict)

    def change(self, wish: Wish) -> None:
        """Another line for somebody whom this chunk adds; her address stays as it came first."""
        if first := self.create.get(wish.hash):
            wish.address = first.address
        self.create[wish.hash] = wish
