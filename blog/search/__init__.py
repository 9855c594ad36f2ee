"""Full-text search on SQLite and on PostgreSQL alike; docs/search.md tells how and why.

words.py makes tokens of texts and query.py of what somebody typed, both without a database. index.py
writes, triggers.py marks what was changed in other ways, finding.py asks, and sqlite.py and
postgresql.py are the only two files that know which database it is.
"""
