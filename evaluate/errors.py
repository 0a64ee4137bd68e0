"""The error that a user of the evaluation can cause and mend."""


class EvaluationError(Exception):
    """A truth, a ranking or a metric's name cannot be used.

    The text is one sentence: the file, line and id where they are known, what was expected, what to do.
    A wrong call (shapes, types) raises `ValueError` instead, because no user can mend it.
    """
