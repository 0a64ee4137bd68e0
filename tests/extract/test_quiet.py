import io
import logging
import struct
import threading
import warnings

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from extract import quiet
from extract.images import Config, decode


def jpeg_with_broken_exif():
    # one tag (the maker, text) that claims 9,999 bytes at byte 50
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x010F, 2, 9999, 50, 0)
    buffer = io.BytesIO()
    Image.new("RGB", (16, 8), (220, 30, 30)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def test_photo_with_broken_exif_is_read_without_a_warning(capfd):
    file = jpeg_with_broken_exif()
    with pytest.warns(UserWarning, match="larger than file|corrupt EXIF"):
        JpegImageFile(io.BytesIO(file)).getexif()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        photo = decode(file, Config())
    assert photo.pixels.shape == (8, 16, 3)
    np.testing.assert_allclose(photo.pixels[0, 0], (220, 30, 30), atol=3)
    assert capfd.readouterr().err == ""


def test_warnings_are_heard_again_behind_the_block():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with quiet.picture_libraries():
            warnings.warn("inside")
        warnings.warn("behind")
    assert [str(warning.message) for warning in heard] == ["behind"]


def test_block_may_be_nested():
    with warnings.catch_warnings(record=True) as heard:
        with quiet.picture_libraries():
            with quiet.picture_libraries():
                pass
            warnings.warn("still inside")
        assert heard == []


def test_block_ends_where_an_exception_leaves_it():
    with pytest.raises(KeyError), quiet.picture_libraries():
        raise KeyError
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard")


def test_other_threads_are_heard_while_one_is_quiet():
    inside, leave = threading.Event(), threading.Event()

    def be_quiet():
        with quiet.picture_libraries():
            inside.set()
            leave.wait(10)
            warnings.warn("not heard")

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        thread = threading.Thread(target=be_quiet)
        thread.start()
        inside.wait(10)
        warnings.warn("heard")
        leave.set()
        thread.join()
    assert [str(warning.message) for warning in heard] == ["heard"]


def test_filters_do_not_pile_up():
    with warnings.catch_warnings():
        for _ in range(5):
            warnings.simplefilter("always")
            with quiet.picture_libraries():
                pass
        filters = list(warnings.filters)
    assert sum(entry[2].__name__ == "_WarningOfAQuietThread" for entry in filters) == 1


def test_log_lines_of_pillow_are_dropped_in_the_block_only(caplog):
    logger = logging.getLogger("PIL.TiffImagePlugin")
    with quiet.picture_libraries():
        logger.error("inside")
    logger.error("behind")
    assert [record.getMessage() for record in caplog.records] == ["behind"]
