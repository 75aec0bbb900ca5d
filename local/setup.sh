#!/bin/sh
# Makes .venv from the locked requirements (`install`), or locks them anew (`lock`). Works on what a fresh Debian has.
# An interrupted run leaves no .venv/.installed behind, so that the next one goes on.
set -eu
cd "$(dirname "$0")/.."

UV=uv==0.13.9

fail() {
    echo "setup: $*" >&2
    exit 1
}

in_range() { # a name that exists may still not run: pyenv leaves such shims
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

python() {
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if in_range "$name"; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed: apt-get install python3 python3-venv (or name one: make PYTHON=... up)"
}

check_tools() {
    for tool in git make; do
        command -v "$tool" >/dev/null || fail "$tool is needed: apt-get install $tool"
    done
}

make_venv() { # python3 without python3-venv has the module, but cannot put pip into what it makes
    if .venv/bin/python -m pip --version >/dev/null 2>&1 && in_range .venv/bin/python; then
        return
    fi
    python=$(python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "venv is needed: apt-get install python3-venv"
    echo "setup: .venv with $("$python" --version)"
    "$python" -m venv --clear .venv || fail "$python cannot make a venv: apt-get install python3-venv"
}

get_uv() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$UV" || return 1
    .venv/bin/uv --version >/dev/null
}

with_uv() {
    get_uv && VIRTUAL_ENV=$PWD/.venv .venv/bin/uv pip sync --quiet --require-hashes requirements-dev.txt
}

with_pip() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
}

install() {
    check_tools
    rm -f .venv/.installed
    make_venv
    echo "setup: installing locked dependencies"
    if ! with_uv; then
        echo "setup: uv does not work here, pip takes over (about a minute)"
        with_pip
    fi
    touch .venv/.installed
}

compile() {
    VIRTUAL_ENV=$PWD/.venv .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links --quiet "$@"
}

lock() {
    get_uv || fail "locking needs $UV"
    compile requirements.in -o requirements.txt
    compile requirements-dev.in -c requirements.txt -o requirements-dev.txt
}

case ${1:-install} in
install | lock) "${1:-install}" ;;
*) fail "usage: $0 [install|lock]" ;;
esac
