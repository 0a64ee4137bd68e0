"""The house: no package imports from a floor above it, and nothing heavy is imported before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "extract": set(),
    "evaluate": set(),
    "rerank": {"extract"},
    "train": {"extract", "evaluate"},
    "retrieval": {"extract", "evaluate", "rerank", "train"},
}
OURS = set(MAY_IMPORT) | {"scripts", "tests"}


def imported_packages(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_package_imports_from_floors_below_only(package):
    allowed = MAY_IMPORT[package] | {package}
    wrong = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in (ROOT / package).rglob("*.py")
        for name in imported_packages(file.read_text()) & OURS - allowed
    }
    assert not wrong


def test_evaluate_needs_numpy_alone():
    outside = set()
    for file in (ROOT / "evaluate").rglob("*.py"):
        outside |= imported_packages(file.read_text()) - set(sys.stdlib_module_names) - {"evaluate"}
    assert outside == {"numpy"}


def test_the_floor_check_sees_an_import_inside_a_function():
    assert imported_packages("def f():\n    from retrieval.engine import Engine\n") == {"retrieval"}


def test_help_loads_no_heavy_library():
    heavy = ["torch", "timm", "faiss", "cv2", "h5py", "PIL", "numpy", "sklearn", "matplotlib", "tqdm"]
    program = (
        "import sys\n"
        "from retrieval.cli import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_module_says_in_its_first_line_what_it_does():
    silent = [
        str(file.relative_to(ROOT))
        for package in MAY_IMPORT
        for file in (ROOT / package).rglob("*.py")
        if file.read_text().strip() and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert not silent
