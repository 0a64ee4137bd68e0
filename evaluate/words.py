"""Counts and shares in the words of a sentence."""


def counted(count: int, one: str, many: str) -> str:
    """Say how many: the count with commas, and behind it `one` or `many`."""
    return f"{count:,} {one if count == 1 else many}"


def num_queries(count: int) -> str:
    """Say how many queries."""
    return counted(count, "query", "queries")


def percent(share: float) -> str:
    """Write a share as "95 %"."""
    return f"{share * 100:g} %"
