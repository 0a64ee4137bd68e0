import sys, time, pytest

# exhaustive: every byte, masks
import numpy as np

sys.path.insert(0, "/work/main/tests/extract")


def test_all(tmp_path, thumbnails_and_sift, make_block):
    import test_store_damage as t
    from extract.store import StoreWriter

    with StoreWriter(tmp_path / "S", thumbnails_and_sift, 192) as w:
        w.append(make_block("abcd", seed=1, failed=(2,)))
        w.append(make_block("ef", seed=2), superseded=[1])
    path = tmp_path / "S"
    seg = path / "segments/000001.h5"
    c = seg.read_bytes()
    orig = t.read(path)
    start = time.time()
    rng = np.random.default_rng(1)
    n = 0
    for i in range(len(c)):
        a = bytearray(c)
        a[i] ^= int(rng.integers(1, 256))
        seg.write_bytes(a)
        assert not t.verifies(path)
        t.assert_refused_or_the_same(path, orig)
        n += 1
        if time.time() - start > 240:
            break
    print(n, len(c))
