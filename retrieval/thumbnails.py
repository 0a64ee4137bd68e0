"""Small pictures inside a page: a photograph as a data URI."""

import base64
import io
from collections.abc import Mapping

from extract.errors import PhotoError
from retrieval import canvas

_WIDTH_PX, _HEIGHT_PX = 240, 180
_QUALITY = 70


def thumbnails(query_files: Mapping[str, str], image_files: Mapping[str, str]) -> "Thumbnails | None":
    """Draw photographs by id, or none where no file is known."""
    return Thumbnails(query_files, image_files) if query_files or image_files else None


class Thumbnails:
    """Photographs by id, drawn small; what is not there or cannot be read has none.

    `query_files` and `image_files` tell the file of each id; both may know one id.
    """

    def __init__(self, query_files: Mapping[str, str], image_files: Mapping[str, str]) -> None:
        self._query_files = query_files
        self._image_files = image_files

    def __call__(self, name: str, is_query: bool) -> str | None:
        """Give the photograph as JPEG in a data URI, or None."""
        file = (self._query_files if is_query else self._image_files).get(name)
        if file is None:
            return None
        try:
            picture, _ = canvas.read(file, (_WIDTH_PX, _HEIGHT_PX))
        except PhotoError:
            return None
        buffer = io.BytesIO()
        picture.convert("RGB").save(buffer, "JPEG", quality=_QUALITY)
        return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
