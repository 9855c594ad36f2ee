"""What a `Sink` does wrong, and to whom. Standard library only: its server reads this too."""

import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import translate

PHASES = ("banner", "EHLO", "MAIL", "RCPT", "DATA", "body", "END", "QUIT")


@dataclass
class Rule:
    """At a phase of the conversation, answer otherwise than a good server would.

    `do` is a reply such as `450 4.2.0 Later`, `drop` (the connection ends without a word) or `hang`
    (nothing is answered any more). At END `accept and drop`, `accept and hang` and
    `accept and 451 4.3.0 Lost` take the mail nevertheless.
    """

    at: str
    do: str
    # Whom it concerns, with * and ?. Before RCPT nobody is known: there only * means anything.
    who: str = "*"
    # Only the first so many times for each recipient; 0 is always.
    times: int = 0
    # Only every so manieth time; 0 is always.
    every: int = 0

    met: Counter[str] = field(default_factory=Counter, repr=False)

    def __post_init__(self) -> None:
        if self.at not in PHASES:
            raise ValueError(f"A rule cannot apply at {self.at}.")
        self.pattern = re.compile(translate(self.who))
        self.seen = 0
        self.act = self.do.removeprefix("accept and ")
        self.accepts = self.act != self.do

    def applies_to(self, recipient: str) -> bool:
        """Whether it strikes now; asking counts."""
        if not self.pattern.match(recipient):
            return False
        self.seen += 1
        if self.every and self.seen % self.every:
            return False
        self.met[recipient] += 1
        return not self.times or self.met[recipient] <= self.times

    @property
    def as_json(self) -> dict[str, str | int]:
        return {
            "at": self.at, "do": self.do, "who": self.who, "times": self.times, "every": self.every
        }  # fmt: skip
