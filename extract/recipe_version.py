"""The version of what extraction computes; it counts in every digest."""

# Goes up when the code changes what the same settings give, so that old and new rows are not mixed.
EXTRACTION_VERSION = 1
