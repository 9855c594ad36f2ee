"""How far a long command has come: a bar on a terminal, plain lines elsewhere."""

from django.core.management.base import OutputWrapper

WIDTH = 30


class Progress:
    """Counts up to `total`. Lines that are said in between stand above the bar."""

    def __init__(self, out: OutputWrapper, total: int) -> None:
        self.out, self.total, self.done = out, total, 0
        self.draws = out.isatty() and total > 1

    def step(self) -> None:
        self.reach(self.done + 1)

    def reach(self, done: int) -> None:
        self.done = done
        if self.draws:
            # Rows may be added while they are counted.
            filled = min(WIDTH, WIDTH * self.done // self.total)
            bar = "#" * filled + "." * (WIDTH - filled)
            self.out.write(f"\r[{bar}] {self.done}/{self.total}", ending="")
            self.out.flush()

    def say(self, line: str) -> None:
        self.clear()
        self.out.write(line)

    def clear(self) -> None:
        """Take the bar away, so that what follows stands in its place."""
        if self.draws:
            self.out.write("\r\x1b[K", ending="")
