#!/bin/sh
# Makes .venv ready: the right Python and the packages of one lock file, every one checked by hash.
#
#   sh bootstrap.sh base                 what the site needs to run
#   sh bootstrap.sh extras               the same with Redis and S3
#   sh bootstrap.sh test                 the site and its tests
#   sh bootstrap.sh dev                  everything
#   sh bootstrap.sh base --development   also writes a .env for development if there is none
#
# make calls it before every command, so when nothing is to be done it must cost next to nothing
# and touch no network. PYTHON=/path/to/python chooses the Python.
set -eu

STAMP=.venv/pennypost.stamp
WANTED='Python 3.12, 3.13 or 3.14'

main() {
    CDPATH='' cd -- "$(dirname -- "$0")"
    [ -f "requirements/${1:-}.txt" ] || die 'Usage: sh bootstrap.sh base|extras|test|dev [--development]'
    is_ready "$1" || make_ready "$1"
    [ "${2:-}" != --development ] || write_env
}

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# -- Is anything to be done? ----------------------------------------------------------------------

# The stamp is one line, written last: the lock installed, its checksum, the venv's Python.
stamp_of() {
    printf '%s %s %s\n' "$1" "$(cksum < "requirements/$1.txt")" "$(venv_version)"
}

venv_version() {
    .venv/bin/python -I -S -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null || :
}

# base is part of every other lock, and dev contains them all, so nothing is ever taken away again.
is_ready() {
    read_stamp
    case "$installed>$1" in
        "$1>$1" | "dev>"* | "test>base" | "extras>base")
            [ -f "requirements/$installed.txt" ] && [ "$(cat "$STAMP")" = "$(stamp_of "$installed")" ] ;;
        *) false ;;
    esac
}

read_stamp() {
    installed='' details=''
    [ ! -f "$STAMP" ] || read -r installed details < "$STAMP" || :
}

# -- Installing -----------------------------------------------------------------------------------

make_ready() {
    wait_for_another_setup
    if is_ready "$1"; then return; fi

    uv=$(working_uv) || uv=''
    venv_is_sound || make_venv
    mark_unfinished
    say "Installing the locked packages ($1)."
    install_with_uv "$1" || install_with_pip "$1" ||
        die 'The packages could not be installed; the lines above say why. The next call starts afresh.'
    refuse_old_django
    stamp_of "$1" > "$STAMP"
}

# While this mark stands the venv is half made: whoever finds it and sees no such process rebuilds.
mark_unfinished() { printf 'unfinished %s\n' "$$" > "$STAMP"; }

# make run and make test may start side by side in a fresh clone: the second lets the first finish.
# Five minutes at most, because after a crash the number may belong to somebody else.
wait_for_another_setup() {
    waited=0
    read_stamp
    while [ "$installed" = unfinished ] && kill -0 "$details" 2> /dev/null && [ "$waited" -lt 300 ]; do
        [ "$waited" -gt 0 ] || say 'Waiting for another set-up of this folder to finish.'
        sleep 1
        waited=$((waited + 1))
        read_stamp
    done
}

working_uv() {
    found=$(command -v uv) && "$found" --version > /dev/null 2>&1 && printf '%s\n' "$found"
}

install_with_uv() {
    installer=$uv
    if [ -z "$installer" ]; then
        venv_pip install --only-binary :all: --require-hashes -r requirements/uv.txt || return 1
        installer=.venv/bin/uv
    fi
    # Compiled now as pip would do it: uncompiled, every start takes more than twice as long.
    "$installer" pip install --quiet --compile-bytecode --python .venv/bin/python \
        --require-hashes -r "requirements/$1.txt"
}

install_with_pip() {
    say 'uv could not do it. Trying with pip, which takes a minute.'
    venv_pip install --require-hashes -r "requirements/$1.txt"
}

# A venv made by uv holds no pip.
venv_pip() {
    .venv/bin/python -m pip --version > /dev/null 2>&1 ||
        .venv/bin/python -m ensurepip > /dev/null || return 1
    .venv/bin/python -m pip -qq --disable-pip-version-check "$@"
}

# A package that caps Django has been seen to replace it by an older one without a word.
refuse_old_django() {
    .venv/bin/python -c 'import sys, django; sys.exit(django.VERSION < (6, 1))' ||
        die 'The lock file brought a Django older than 6.1: some package in it caps Django.'
}

# -- The virtual environment and its Python -------------------------------------------------------

# Unsound: none there, its Python has been removed or is of another age, or left half made.
venv_is_sound() {
    read_stamp
    [ "$installed" != unfinished ] && fits .venv/bin/python venv > /dev/null
}

make_venv() {
    if python=$(find_python); then
        version=$("$python" -V)
    elif [ -n "$uv" ]; then
        python=3.13 version='Python 3.13, which uv fetches'
    else
        die "Pennypost needs $WANTED: install one with its venv module (Debian and Ubuntu: the" \
            'package python3-venv, macOS: brew install python@3.13), or install uv, which fetches one.'
    fi
    say "Making .venv with $version."
    rm -rf .venv
    mkdir .venv
    mark_unfinished
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --no-project --allow-existing --python "$python" .venv
    else
        "$python" -m venv .venv
    fi
}

find_python() {
    # uv makes a virtual environment by itself; otherwise Python must bring pip along, which
    # Debian keeps in a package of its own.
    if [ -n "$uv" ]; then maker=venv; else maker=ensurepip; fi
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" "$maker" && return
        say "PYTHON=$PYTHON is not $WANTED with its venv module. Looking for another."
    fi
    candidates | {
        while IFS= read -r candidate; do
            fits "$candidate" "$maker" && exit
        done
        exit 1
    }
}

candidates() {
    preferred=$(cut -d. -f1,2 .python-version)
    printf 'python%s\n' "$preferred" 3.13 3.14 3.12 3
    # pyenv puts a shim for every version on PATH that fails (127) unless that version is chosen.
    pyenv=$(pyenv root 2> /dev/null) || pyenv=${HOME:-}/.pyenv
    printf '%s\n' "$pyenv/versions/$preferred"*/bin/python "$pyenv"/versions/*/bin/python
}

# fits PYTHON MODULE: prints the real path of that Python if it can be used. Only running it tells.
fits() {
    "$1" -I -c "
import $2, sqlite3, ssl, sys
(3, 12) <= sys.version_info < (3, 15) or sys.exit(1)
print(sys.executable)" < /dev/null 2> /dev/null
}

# -- Settings for development ---------------------------------------------------------------------

# Only make run asks for it: on a server a .env with DEBUG on would be a hole.
write_env() {
    [ ! -e .env ] || return 0
    secret=$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(48))')
    rm -f .env.new
    (
        umask 077
        printf '%s\n' \
            '# For development on this machine; written once, yours to edit. .env.example lists all settings.' \
            'DEBUG=True' \
            "SECRET_KEY=$secret" > .env.new
    )
    mv .env.new .env
}

main "$@"
