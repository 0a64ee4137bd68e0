"""Each case is a process of its own, since a schema that is defined stays so."""

import shutil

import numpy.random._mt19937
import pytest

# The beginning of a program; its argument is a folder with a package `torchvision` in it.
BEGIN = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
from extract.torchvision_guard import ensure_importable
"""
# What the real package does when it is imported: it looks up an operator that its binary would define.
LOOKS_UP_NMS = "import torch\n@torch.library.register_fake('torchvision::nms')\n"
LOOKS_UP_NMS += "def nms(dets, scores, iou_threshold):\n    return dets\n"


@pytest.fixture
def torchvision(tmp_path):
    """An installed package `torchvision` without a binary."""
    folder = tmp_path / "torchvision"
    folder.mkdir()
    (folder / "__init__.py").write_text(LOOKS_UP_NMS)
    return folder


def lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_binary_that_does_not_load_is_stood_in_for(run_python, torchvision):
    (torchvision / "_C.so").write_bytes(b"built for another torch")
    program = (
        "import gc\n"
        "print(ensure_importable(), ensure_importable())\n"
        "gc.collect()\n"
        "import torchvision\n"
        "schema = torch.ops.torchvision.nms.default._schema\n"
        "print(schema == torch._C.parse_schema("
        "'torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor'))\n"
        "try:\n    torch.ops.torchvision.nms(torch.ones(1, 4), torch.ones(1), 0.5)\n"
        "except NotImplementedError:\n    print('unavailable')\n"
    )
    assert lines(run_python(BEGIN + program, torchvision.parent)) == ["True", "True", "True", "unavailable"]


def test_binary_that_loads_is_left_alone(run_python, torchvision):
    # any library that loads will do
    shutil.copy(numpy.random._mt19937.__file__, torchvision / "_C.so")
    program = "print(ensure_importable(), ensure_importable())\nimport torchvision"
    done = run_python(BEGIN + program, torchvision.parent)
    assert done.stdout.split() == ["False", "False"]
    # nothing was defined, so that the pretended package dies as the real one does without its operators
    assert "operator torchvision::nms does not exist" in done.stderr


def test_nothing_is_defined_where_torchvision_is_absent(run_python, tmp_path):
    program = (
        "sys.modules['torchvision'] = None\n"
        "print(ensure_importable(), hasattr(torch.ops.torchvision, 'nms'))\n"
    )
    assert lines(run_python(BEGIN + program, tmp_path)) == ["False", "False"]


@pytest.mark.slow
def test_timm_and_torchvision_are_imported_whatever_the_build(run_python, tmp_path):
    program = (
        "print(ensure_importable() == ensure_importable())\n"
        "import timm, torchvision, torchvision.transforms\n"
        "print(timm.is_model('resnet18'), torchvision.transforms.Resize(3).size)\n"
    )
    assert lines(run_python(BEGIN + program, tmp_path)) == ["True", "True", "3"]
