import pytest
import torch

from extract import aliked

pytest.importorskip("kornia")


@pytest.fixture(scope="module", params=["aliked-n16rot", "aliked-t16"])
def model(request):
    from kornia.feature import ALIKED

    torch.manual_seed(0)
    return ALIKED(request.param, max_num_keypoints=200, detection_threshold=0.0).eval()


@pytest.mark.parametrize("shape", [(16, 16), (17, 33), (64, 96), (120, 160), (101, 31)])
def test_sparse_descriptors_are_those_of_kornia(model, shape):
    picture = torch.rand(1, 3, *shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = model(picture)[0]
        points, descriptors, scores = aliked.detect(model, picture)
    assert len(points) > 0
    torch.testing.assert_close(points, expected.keypoints, rtol=0, atol=1e-3)
    torch.testing.assert_close(scores, expected.keypoint_scores, rtol=0, atol=1e-4)
    torch.testing.assert_close(descriptors, expected.descriptors, rtol=0, atol=1e-4)


def test_descriptors_that_look_far_outside_are_those_of_kornia(model):
    # offsets of hundreds of pixels are held to a quarter of the longest side, and most end beyond the picture
    with torch.inference_mode():
        bias = model.desc_head.offset_conv[-1].bias
        kept = bias.clone()
        bias += 300 * torch.linspace(-1, 1, len(bias))
        picture = torch.rand(1, 3, 70, 50, generator=torch.Generator().manual_seed(2))
        expected = model(picture)[0]
        _, descriptors, _ = aliked.detect(model, picture)
        bias.copy_(kept)
    torch.testing.assert_close(descriptors, expected.descriptors, rtol=0, atol=1e-4)


def test_picture_without_keypoints_has_no_descriptors(model):
    with torch.inference_mode():
        points, descriptors, scores = aliked.detect(model, torch.zeros(1, 3, 32, 32))
    assert len(points) == len(descriptors) == len(scores)
