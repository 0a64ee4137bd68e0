"""Pictures of matches: where lines and outlines fall, what is drawn when little is known, bad files."""

import io

import numpy as np
import pytest
from PIL import Image

from extract.errors import RetrieveError
from extract.photos import Photos
from retrieval import Engine, matches_picture
from retrieval.engine import Hit
from retrieval.explain import Explanation, LocalMatches

MARGIN, CAPTION, BETWEEN = 16, 28, 70
WIDTH, HEIGHT = 300, 200


@pytest.fixture
def grey(tmp_path):
    """A photograph without any colour, so that coloured pixels are lines."""
    path = tmp_path / "grey.png"
    Image.new("RGB", (WIDTH, HEIGHT), (60, 60, 60)).save(path)
    return str(path)


def hit_of(path, points=(), moved=(), *, inliers=True, homography=None, rank=1):
    points, moved = (np.array(values, np.float32).reshape(-1, 2) for values in (points, moved))
    found = LocalMatches("sift", points, moved, np.full(len(points), inliers), homography, 100)
    explanation = Explanation(rank, rank, 0.5, 1.0, found)
    return Hit(rank, f"hit {rank}", path, 1.0, 0.5, 1.0, {}, explanation)


def drawn(tmp_path, query, hits):
    out = tmp_path / "out.png"
    matches_picture.draw(out, query, hits)
    return np.asarray(Image.open(out)).astype(int)


def coloured(pixels):
    """Where pixels are clearly not grey, (N, 2) x and y."""
    rows, columns = np.nonzero(pixels.max(axis=2) - pixels.min(axis=2) > 60)
    return np.column_stack([columns, rows])


def test_a_line_joins_a_query_point_with_its_place_in_the_hit(tmp_path, grey):
    pixels = drawn(tmp_path, grey, [hit_of(grey, [(50, 40)], [(200, 150)], homography=np.eye(3))])
    # The hit begins right of the query and the gap; the small dots reach 4 px around their points.
    left = np.array([MARGIN + 50, MARGIN + CAPTION + 40])
    right = np.array([MARGIN + WIDTH + BETWEEN + 200, MARGIN + CAPTION + 150])
    places = coloured(pixels)
    np.testing.assert_allclose(places.min(axis=0), left - 4, atol=2)
    np.testing.assert_allclose(places.max(axis=0), right + 4, atol=2)
    along = (right - left) / np.linalg.norm(right - left)
    distances = np.abs((places - left) @ [-along[1], along[0]])
    assert distances.max() < 6


def test_points_of_a_large_photograph_are_placed_in_its_shrunk_picture(tmp_path, grey):
    large = tmp_path / "large.png"
    # 2400 x 1600 is drawn at a quarter.
    Image.new("RGB", (2400, 1600), (60, 60, 60)).save(large)
    pixels = drawn(tmp_path, str(large), [hit_of(grey, [(400, 800)], [(200, 150)], homography=np.eye(3))])
    np.testing.assert_allclose(coloured(pixels)[:, 0].min(), MARGIN + 100 - 4, atol=2)


def test_lines_are_coloured_by_their_height_in_the_query(tmp_path, grey):
    points = [(100, 20), (100, 180)]
    pixels = drawn(tmp_path, grey, [hit_of(grey, points, points, homography=np.eye(3))])
    middle = pixels[:, MARGIN + WIDTH // 2]
    top, bottom = middle[MARGIN + CAPTION + 20], middle[MARGIN + CAPTION + 180]
    assert top[0] > top[1] + 80
    assert bottom[2] > bottom[1] + 80


def test_other_matches_are_faint_and_without_colour(tmp_path, grey):
    plain = drawn(tmp_path, grey, [hit_of(grey)])
    pixels = drawn(tmp_path, grey, [hit_of(grey, [(50, 40)], [(200, 150)], inliers=False)])
    assert not len(coloured(pixels))
    assert (pixels != plain).any()


def test_the_outline_is_the_query_seen_in_the_hit(tmp_path, grey):
    half = np.diag([0.5, 0.5, 1])
    pixels = drawn(tmp_path, grey, [hit_of(grey, [(0, 0)], [(0, 0)], homography=half)])
    left, top = MARGIN + WIDTH + BETWEEN, MARGIN + CAPTION
    hit = pixels[top : top + HEIGHT, left : left + WIDTH]
    rows, columns = np.nonzero(hit.min(axis=2) > 150)
    # The far corner of the query's outline.
    assert abs(columns.max() - WIDTH // 2) <= 3
    assert abs(rows.max() - HEIGHT // 2) <= 3


@pytest.mark.parametrize(
    "homography",
    [
        [[1, 0, 0], [0, 1, 0], [0, 0.02, -1]],  # a part of the query lies behind the camera
        [[1e6, 0, 0], [0, 1e6, 0], [0, 0, 1]],
        [[1, 0, -1e7], [0, 1, 0], [0, 0, 1]],
    ],
)
def test_wild_outlines_are_cut_off_at_the_hit(tmp_path, grey, homography):
    pixels = drawn(tmp_path, grey, [hit_of(grey, [(50, 40)], [(200, 150)], homography=np.array(homography))])
    query = pixels[MARGIN + CAPTION : MARGIN + CAPTION + HEIGHT, MARGIN : MARGIN + WIDTH]
    assert (query.min(axis=2) > 150).sum() == 0


def test_a_hit_whose_file_is_gone_is_a_grey_panel_with_a_note(tmp_path, grey):
    here = hit_of(grey, [(50, 40)], [(200, 150)], homography=np.eye(3))
    gone = hit_of(str(tmp_path / "gone.jpg"), [(50, 40)], [(200, 150)], homography=np.eye(3), rank=2)
    pixels = drawn(tmp_path, grey, [here, gone])
    lower = pixels[MARGIN + CAPTION + HEIGHT + MARGIN :]
    assert not len(coloured(lower))
    assert (lower == 0xD0).all(axis=2).sum() > 10_000


def test_at_most_five_hits_are_drawn_those_with_matches_on_one_plane():
    verified = [hit_of("x", [(1, 1)], [(1, 1)], homography=np.eye(3), rank=rank) for rank in range(2, 10)]
    without = hit_of("x", [(1, 1)], [(1, 1)], inliers=False)
    assert [hit.rank for hit in matches_picture.choose([without, *verified])] == [2, 3, 4, 5, 6]
    assert [hit.rank for hit in matches_picture.choose([without, without])] == [1]
    assert matches_picture.choose([]) == []


def test_turned_photographs_are_drawn_upright(tmp_path, grey):
    turned = Image.new("RGB", (WIDTH, HEIGHT), (60, 60, 60))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    pixels = drawn(tmp_path, str(tmp_path / "turned.jpg"), [hit_of(grey)])
    assert pixels.shape[1] == 2 * MARGIN + HEIGHT + BETWEEN + WIDTH


def test_a_picture_that_cannot_be_written_is_one_sentence_and_leaves_no_part(tmp_path, grey):
    with pytest.raises(RetrieveError, match=r"name it \.png or \.jpg"):
        matches_picture.draw(tmp_path / "out.xyz", grey, [hit_of(grey)])
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(RetrieveError, match="cannot write the picture"):
        matches_picture.draw(tmp_path / "folder.png", grey, [hit_of(grey)])
    assert not list(tmp_path.glob("*.part"))


def test_real_matches_are_drawn(store, places, tmp_path):
    engine = Engine.open(store)
    path = Photos.read(places.queries).paths[0]
    chosen = matches_picture.choose(engine.query(path, 5, rerank="sift-geometric", explain=True))
    assert chosen[0].explanation.verified
    assert len(coloured(drawn(tmp_path, path, chosen))) > 1000


def test_query_draws_matches(retrieve, store, places, tmp_path):
    first, second = Photos.read(places.queries).paths[:2]
    done = retrieve("query", store, first, "-k", 2, "--matches", tmp_path / "m.jpg")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert Image.open(io.BytesIO((tmp_path / "m.jpg").read_bytes())).format == "JPEG"
    assert retrieve("query", store, first, second, "--matches", tmp_path / "n.png").returncode == 2
    wrong = retrieve("query", store, first, "--matches", tmp_path / "n.xyz")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "n.xyz" in wrong.stderr


def test_matches_without_local_descriptors_names_the_option(retrieve, places, tmp_path):
    recipe_file = tmp_path / "plain.toml"
    recipe_file.write_text('[global]\nkind = "thumbnail"\n')
    (tmp_path / "photos").mkdir()
    photo = Photos.read(places.index).paths[0]
    Image.open(photo).save(tmp_path / "photos" / "a.jpg")
    retrieve("index", tmp_path / "photos", "--store", tmp_path / "s", "--recipe", recipe_file)
    done = retrieve("query", tmp_path / "s", photo, "--matches", tmp_path / "m.png")
    assert done.returncode == 1
    assert "--local sift" in done.stderr
