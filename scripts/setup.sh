#!/bin/sh
# Make .venv beside this checkout and install the project into it: setup.sh [EXTRAS]
set -eu
extras=${1:-demo,train}
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
command -v "$python" >/dev/null 2>&1 || {
    echo "setup: there is no $python; install Python 3.11 or newer (apt-get install python3 python3-venv)" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup: Python 3.11 or newer is needed, $python is $("$python" -V 2>&1); name another: PYTHON=python3.12 sh $0" >&2
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "setup: this Python lacks the venv module; install it (apt-get install python3-venv) and run again" >&2
    exit 1
}
[ -x .venv/bin/pip ] || "$python" -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extras]"
