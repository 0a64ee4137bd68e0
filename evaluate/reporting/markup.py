"""Foreign text on an HTML page."""

from html import escape

from evaluate.reporting.wording import plain


def text(words: str) -> str:
    """Escape `words` for a page or an attribute, on one line."""
    return escape(plain(words))


def isolated(words: str) -> str:
    """Escape a foreign name so that its direction of writing stays its own."""
    return f"<bdi>{text(words)}</bdi>"
