"""A rate of SEND_RATE. Knows no model, so that a wrong one stops the start."""

import re
from dataclasses import dataclass

UNITS = {"s": 1, "m": 60, "h": 3600}
# Of the mails of one minute (or of the rate's own unit, where that is shorter).
BURST = 0.1


@dataclass(frozen=True, slots=True)
class Rate:
    """`most` mails in `seconds` seconds."""

    most: int
    seconds: int

    @classmethod
    def parse_all(cls, text: str) -> "list[Rate]":
        """`10/s, 500/m, 20000/h`; raises ValueError for anything else."""
        return [cls._parse(part.strip()) for part in text.split(",") if part.strip()]

    @classmethod
    def _parse(cls, text: str) -> "Rate":
        match = re.fullmatch(r"([1-9]\d{0,8})/([smh])", text)
        if match is None:
            raise ValueError(f"SEND_RATE must look like 10/s,500/m,20000/h, not {text}.")
        return cls(int(match[1]), UNITS[match[2]])

    @property
    def gap(self) -> float:
        """Seconds from one mail to the next in a steady stream."""
        return self.seconds / self.most

    @property
    def burst(self) -> int:
        """Mails that may go at once."""
        return max(1, int(BURST * min(60, self.seconds) / self.gap))

    def __str__(self) -> str:
        return f"{self.most}/{self.seconds}s"
