"""Subscribers from a spreadsheet: read (table), understood (wishes), taken over (run), undone."""
