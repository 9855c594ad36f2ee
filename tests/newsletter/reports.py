"""Mail as servers send it about a mail of ours."""

from textwrap import dedent


def bounce(
    recipient: str,
    *,
    status: str = "5.1.1",
    words: str = "550 5.1.1 User unknown",
    action: str = "failed",
    sent_to: str = "hello@blog.example.com",
    message_id: str = "",
    number: int = 1,
) -> bytes:
    """A delivery status notification (RFC 3464) in Postfix's manner."""
    return _crlf(
        f"""\
        Return-Path: <>
        Date: Tue, 24 Nov 2026 10:00:00 +0000
        From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
        To: {sent_to}
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        Message-Id: <report{number}@mx.example.net>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="part"

        --part
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mx.example.net. I'm sorry.

        --part
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.net
        Arrival-Date: Tue, 24 Nov 2026 09:59:58 +0000

        Final-Recipient: rfc822; {recipient}
        Original-Recipient: rfc822;{recipient}
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; {words}

        --part
        Content-Type: text/rfc822-headers

        From: The Example <hello@blog.example.com>
        To: <{recipient}>
        Subject: Issue
        Message-ID: {message_id}

        --part--
        """
    )


def complaint(recipient: str, *, message_id: str = "") -> bytes:
    """A report of abuse (RFC 5965)."""
    return _crlf(
        f"""\
        From: feedback@provider.example.net
        To: hello@blog.example.com
        Subject: FW: Issue
        Message-ID: <complaint@provider.example.net>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="part"

        --part
        Content-Type: text/plain

        This is an abuse report.

        --part
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: SomeGenerator/1.0
        Version: 1
        Original-Rcpt-To: <{recipient}>

        --part
        Content-Type: message/rfc822

        From: The Example <hello@blog.example.com>
        To: <{recipient}>
        Subject: Issue
        Message-ID: {message_id}

        Words.

        --part--
        """
    )


OUT_OF_OFFICE = dedent(
    """\
    From: reader@example.com
    To: hello@blog.example.com
    Subject: Out of office
    Auto-Submitted: auto-replied
    Message-ID: <away@example.com>

    I am away.
    """
).encode()


def _crlf(text: str) -> bytes:
    return dedent(text).replace("\n", "\r\n").encode()
