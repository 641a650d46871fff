#!/usr/bin/env bash
# Other engines read AlopexDB's cold tables, and TPC-H in five layouts: see README.md. Ends with `N passed, N failed` and exits with 1 when a check failed.
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

# stage TITLE COMMAND...: a program that ends with the line `N passed, N failed`; the totals of all stages come at the end.
passed=0
failed=0
stage() {
  local title=$1 status=0 totals
  shift
  "$@" | tee "$work/stage.log" | sed -u -E 's/^([0-9]+ passed, [0-9]+ failed)$/'"$title"': \1/' || status=$?
  totals=$(tail -n 1 "$work/stage.log")
  [[ $totals =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || fail "$title ended with status $status"
  [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || fail "$title ended with status $status"
  passed=$((passed + BASH_REMATCH[1]))
  failed=$((failed + BASH_REMATCH[2]))
}

# A time zone that is far from UTC: what is written must not depend on it.
TZ=Asia/Kathmandu node "$here/write.ts" "$work" || fail 'the tables could not be written'
PYTHONDONTWRITEBYTECODE=1 stage 'readers' "$venv/bin/python" "$here/check.py" "$work"
PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore stage 'catalog' "$venv/bin/python" "$here/catalog.py" node "$root/connectors/cli/main.ts" "$work/catalog"
# Data, queries and published answers come from a Python package, as the readers do.
stage 'TPC-H' node "$root/test/tpch/main.ts"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
