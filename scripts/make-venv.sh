#!/bin/sh
# make-venv.sh FOLDER [PYTHON]: a virtual environment with PYTHON, or with the first Python >= 3.11 that is found and runs.
set -eu
folder=$1
shift

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  for name in "$@"; do
    if is_new_enough "$name"; then
      echo "$name"
      return
    fi
  done
  echo "Mailtrip needs Python 3.11 or newer; tried: $*." >&2
  echo "Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or say where it is: make PYTHON=/path/to/python3" >&2
  exit 1
}

# Debian keeps the part of Python that fills virtual environments in a package of its own.
can_make_venv() {
  "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

install_venv_package() {
  package=python3-venv
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "$1 has no venv module: installing $package"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
  fi
  if ! can_make_venv "$1"; then
    echo "$1 can't make virtual environments; install its venv module (Debian, Ubuntu: apt-get install $package)" >&2
    exit 1
  fi
}

[ $# -gt 0 ] || set -- python3.13 python3.12 python3.11 python3
python=$(find_python "$@")
can_make_venv "$python" || install_venv_package "$python"
"$python" -m venv "$folder"
