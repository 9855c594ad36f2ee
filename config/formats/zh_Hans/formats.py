"""Chinese: 2026年10月8日 16:49."""

SHORT_DATETIME_FORMAT = "Y年n月j日 H:i"
MONTH_DAY_FORMAT = "n月j日"
