"""Dates as people write them, where Django's own formats for a language read like a form."""
