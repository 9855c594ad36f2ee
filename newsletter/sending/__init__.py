"""Sending issues. docs/sending.md says who writes what when, and what a crash leaves behind.

issues.py starts, pauses and cancels; freezing.py adds the deliveries; ledger.py makes every change
of a delivery's state; verdicts.py says what a server's answer means; engine.py brings ledger and
connections together, backend.py ledger and the calls to a mail service (calls.py, whole_mails.py);
sender.py finds what there is to do.
"""
