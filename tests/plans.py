"""How SQLite goes about a query: for an empty table as for a full one, where nothing is counted."""

from django.db import connection


def plan(sql: str) -> list[str]:
    """Its steps, as `EXPLAIN QUERY PLAN` puts them."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]
