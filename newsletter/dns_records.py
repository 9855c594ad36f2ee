"""What a domain says in the DNS about its mail, and what that is missing.

SPF is RFC 7208, DKIM RFC 6376, DMARC RFC 7489. Large providers ask senders for all three.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.resolver

TIMEOUT = 5.0


class CannotAskError(Exception):
    """No name server answered."""


@dataclass(frozen=True, slots=True)
class Finding:
    is_good: bool
    subject: str
    sentence: str


def texts(name: str) -> list[str]:
    """The TXT records of a name, each in one piece; raises CannotAskError."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as fault:
        raise CannotAskError(f"Nobody could say what {name} holds: {fault}") from fault
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]


def check(*, sender: str, envelope: str, signed_by: str, selector: str) -> list[Finding]:
    """What the domains of the sender's address, of the envelope and of the signature say."""
    return [
        *_spf(envelope),
        *_dkim(signed_by, selector),
        *_dmarc(sender),
        *_alignment(sender, envelope, signed_by),
    ]


def _spf(domain: str) -> Iterator[Finding]:
    records = [text for text in texts(domain) if _tag(text) == "v=spf1"]
    if not records:
        yield _miss(
            "SPF",
            f"{domain} does not say who may send its mail. Add a TXT record like "
            "“v=spf1 mx include:your-mail-service.example -all”.",
        )
    elif len(records) > 1:
        yield _miss(
            "SPF", f"{domain} has {len(records)} SPF records, so none counts. Make them one."
        )
    elif "all" not in records[0].split()[-1] and "redirect=" not in records[0]:
        yield _miss("SPF", f"The SPF record of {domain} does not end with “-all” or “~all”.")
    elif records[0].split()[-1] in {"all", "+all"}:
        yield _miss("SPF", f"The SPF record of {domain} lets anybody send its mail: “+all”.")
    else:
        yield _good("SPF", f"{domain}: {records[0]}")


def _dkim(domain: str, selector: str) -> Iterator[Finding]:
    if not selector:
        yield _miss(
            "DKIM",
            "Which key signs the mail is not known. Set DKIM_SELECTOR, or name the selector of "
            "your mail service with --selector.",
        )
        return
    name = f"{selector}._domainkey.{domain}"
    keys = [_tags(text).get("p") for text in texts(name)]
    if not keys:
        yield _miss("DKIM", f"There is no key at {name}. Add the TXT record that goes with yours.")
    elif not any(keys):
        yield _miss("DKIM", f"The key at {name} is empty, which means it was withdrawn.")
    else:
        yield _good("DKIM", f"{name} holds a key.")


def _dmarc(domain: str) -> Iterator[Finding]:
    for place in _and_parents(domain):
        for text in texts(f"_dmarc.{place}"):
            if _tag(text) == "v=dmarc1":
                yield _judged_policy(place, text)
                return
    yield _miss(
        "DMARC",
        f"{domain} has no policy. Add a TXT record at _dmarc.{domain}, to begin with “v=DMARC1; "
        f"p=none; rua=mailto:postmaster@{domain}”.",
    )


def _judged_policy(place: str, text: str) -> Finding:
    policy = _tags(text).get("p", "").lower()
    if policy in {"none", "quarantine", "reject"}:
        return _good("DMARC", f"_dmarc.{place}: {text}")
    return _miss("DMARC", f"The policy at _dmarc.{place} names no p=none, quarantine or reject.")


def _alignment(sender: str, envelope: str, signed_by: str) -> Iterator[Finding]:
    """DMARC passes where the visible domain is that of the envelope, or of the signature."""
    if _is_aligned(sender, signed_by):
        yield _good("Alignment", f"The signature of {signed_by} stands for {sender}.")
    elif _is_aligned(sender, envelope):
        yield _good("Alignment", f"The envelope of {envelope} stands for {sender}.")
    else:
        yield _miss(
            "Alignment",
            f"Readers see mail from {sender}, but it is signed by {signed_by} and sent by "
            f"{envelope}. Sign it with a key of {sender}.",
        )


def _is_aligned(one: str, other: str) -> bool:
    """Relaxed: the same domain, or one below the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _and_parents(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        yield ".".join(labels[start:])


def _tag(text: str) -> str:
    return text.split(";")[0].split(" ")[0].strip().lower()


def _tags(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";")]
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _good(subject: str, sentence: str) -> Finding:
    return Finding(True, subject, sentence)


def _miss(subject: str, sentence: str) -> Finding:
    return Finding(False, subject, sentence)
