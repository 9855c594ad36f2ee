"""Full-text search on SQLite and on PostgreSQL alike; docs/search.md tells how and why.

words.py makes tokens of texts, query.py of what somebody typed, both without a database. index.py
writes, triggers.py marks what was changed in other ways, finding.py asks, page.py shows. Besides
triggers.py only sqlite.py and postgresql.py know which database it is.
"""
