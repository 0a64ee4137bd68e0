"""The part of a benchmark that a query belongs to, as files of GLDv2 name it."""

# The usage of records that do not count.
IGNORED = "ignored"


def usage_of(text: str) -> str:
    """Read a usage, which may be spelt in capitals and with blanks around it."""
    return text.strip().lower()
