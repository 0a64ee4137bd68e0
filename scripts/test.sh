#!/bin/sh
# Set up .venv and run the linter, the formatter's check, the type checker and every test; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy evaluate rerank retrieval train
# Two processes of one thread each are faster than one of two; a file stays in one, with its fixtures. NumPy's
# matrix library keeps two, which a test of limiting them needs.
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=2 .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
