#!/bin/sh
# Set up .venv and run the linter, the formatter's check, the type checker and every test; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy evaluate rerank retrieval
.venv/bin/python -m pytest "$@"
