"""Let timm import torchvision where its compiled part does not fit the installed torch."""

import importlib.util
from pathlib import Path

import torch

# The library must stay alive: when it is collected, the schemas that it defined go with it.
_fragments: list[torch.library.Library] = []


def ensure_importable() -> bool:
    """Make `import torchvision` work; call it ahead of the first import of timm.

    torchvision from PyPI is built against a CUDA torch; beside a CPU-only one its binary does not load
    and importing it dies on the missing operator `torchvision::nms`. Naming the two schemas that the
    import looks up is enough for everything in pure Python; nms itself stays unavailable, and is
    not used here. Beside a matching torch this does nothing.

    Returns whether the schemas had to be defined.
    """
    if _fragments:
        return True
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    binaries = [
        path for path in Path(spec.origin).parent.glob("_C*") if path.suffix in (".so", ".pyd", ".dylib")
    ]
    try:
        for binary in binaries:
            torch.ops.load_library(str(binary))
    except OSError:
        pass
    else:
        if binaries:
            return False
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _fragments.append(library)
    return True
