#!/bin/sh
# Starts the server, after setting up a virtual environment in .venv where that is not done yet.
#
#   ./run.sh              the server
#   ./run.sh test         the test suite (further words go to pytest)
#   ./run.sh coverage, lint, format, types, docs, hooks  what CONTRIBUTING.md says
#   ./run.sh WORDS...     python -m tilo_ws WORDS..., for example ./run.sh check
#
# PYTHON names the interpreter that makes .venv; remove .venv to change it later.
set -eu
script=$(readlink -f "$0")
cd "$(dirname "$script")"

# Prints the first interpreter that is new enough.
find_python() {
    set -- python3 python3.14 python3.13 python3.12 python3.11 python
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    fi
    for candidate in "$@"; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo none)
    echo "run.sh: Python 3.11 or newer is needed, found: $found. Install it, or name it with PYTHON=/path/to/python3." >&2
    exit 1
}

# Installs the named requirement files into .venv, unless that was done with just these contents.
install() {
    stamp=.venv/installed-$1
    shift
    wanted=$(cat "$@")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    echo "run.sh: installing the contents of $* into .venv" >&2
    set -- $(printf ' -r %s' "$@")
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input "$@" >&2
    printf '%s\n' "$wanted" >"$stamp"
}

if ! .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    echo "run.sh: making a virtual environment in .venv" >&2
    rm -rf .venv
    if ! said=$("$python" -m venv .venv 2>&1); then
        rm -rf .venv
        case $said in
        *ensurepip*) said="on Debian and Ubuntu install the package python3-venv" ;;
        esac
        echo "run.sh: '$python -m venv .venv' failed: $said" >&2
        exit 1
    fi
fi

install server requirements.txt
command=${1:-}
case $command in
test | coverage | lint | format | types | docs | hooks)
    shift
    install tests requirements.txt requirements-tracing.txt tests/requirements.txt
    PATH=$PWD/.venv/bin:$PATH
    ;;
esac
case $command in
# In as many processes as tests/conftest.py says.
test) exec python -m pytest -n logical --dist worksteal "$@" ;;
coverage) exec python -m pytest -n logical --dist worksteal --cov --cov-report=term-missing:skip-covered "$@" ;;
lint) exec ruff check "$@" . ;;
format) exec ruff format "$@" . ;;
types) exec mypy "$@" ;;
docs) exec python -m sphinx -q -W --keep-going -c docs "$@" . build/docs ;;
hooks) exec pre-commit install "$@" ;;
*) exec .venv/bin/python -m tilo_ws "$@" ;;
esac
