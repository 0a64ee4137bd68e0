"""How many bytes the local descriptors of one photograph take in a store."""

from typing import NamedTuple

# x, y, diameter and angle; of descriptors that lie nowhere in particular, 0.
POINT_BYTES = 16
_SCORE_BYTES = 4


class Footprint(NamedTuple):
    """Descriptors of a photograph, typically and at most, and what one of them takes."""

    typical_rows: int
    most_rows: int
    descriptor_bytes: int
    point_bytes: int = 0

    @property
    def columns(self) -> dict[str, int]:
        """Bytes of one descriptor by what they hold."""
        return {"descriptors": self.descriptor_bytes, "points": self.point_bytes, "scores": _SCORE_BYTES}
