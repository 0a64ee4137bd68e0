"""The package stands alone: numpy and the standard library, none of our other packages."""

import ast
import sys
from pathlib import Path

import pytest

import evaluate

FILES = sorted(Path(evaluate.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_only_numpy_and_the_standard_library_are_imported(file):
    allowed = sys.stdlib_module_names | {"numpy", "evaluate"}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module.split(".")[0] in allowed


def test_every_file_is_looked_at():
    assert {"truth", "report", "map_at_k"} <= {file.stem for file in FILES}
