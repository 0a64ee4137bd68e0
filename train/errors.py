"""What may go wrong in training, as sentences for its user."""

from extract.errors import RetrieveError


class TrainingError(RetrieveError):
    """A run cannot start or go on; the sentence says why and what to do."""
