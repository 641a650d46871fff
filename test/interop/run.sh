#!/usr/bin/env bash
# Other engines read AlopexDB's cold tables: see README.md. Ends with `N passed, N failed` and exits with 1 when a check failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.cache/interop/venv
export PATH="$root/node_modules/.bin:$PATH"

fail() {
  printf 'FAILED  %s\n0 passed, 1 failed\n' "$1"
  exit 1
}

# Installs Debian packages where that is possible.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "installing $*"
  (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@") >&2
}

has_python() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'
}

make_venv() {
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv" >&2
}

install_readers() {
  has_python || apt_install python3 python3-venv && has_python ||
    fail 'Python 3.10 or later is needed: install python3 and python3-venv'
  make_venv || (apt_install python3-venv && make_venv) ||
    fail 'a Python environment cannot be made: install python3-venv (or pip) for this python3'
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$here/requirements.txt" >&2 ||
    fail "the readers cannot be installed with pip: $here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
}

# An environment that holds just these versions is used again.
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt" || ! "$venv/bin/python" -c '' 2>/dev/null; then
  install_readers
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/alopex-interop-XXXXXX")
trap 'rm -rf "$work"' EXIT

# A time zone that is far from UTC: what is written must not depend on it.
TZ=Asia/Kathmandu node "$here/write.ts" "$work" || fail 'the tables could not be written'
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$here/check.py" "$work" || {
  status=$?
  [ "$status" = 1 ] && exit 1
  fail "check.py ended with status $status"
}
