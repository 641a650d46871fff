#!/usr/bin/env bash
# The suite of object stores against MinIO, fake-gcs-server and Azurite, as they are and behind a proxy that makes faults. Ends with `N passed, N failed`.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"

fail() {
  printf 'FAILED  %s\n0 passed, 1 failed\n' "$1"
  exit 1
}

# They are built once and kept outside of the tree, for MinIO takes minutes.
servers=${XDG_CACHE_HOME:-$HOME/.cache}/alopex-interop/servers
install_server() {
  local name=$1 module=$2 version=$3
  if [ ! -x "$servers/$name-$version/$name" ]; then
    command -v go >/dev/null || fail "Go 1.24 or later is needed to build $name: install it"
    echo "building $name $version"
    mkdir -p "$servers"
    GOBIN=$servers/$name-$version GOFLAGS=-buildvcs=false go install -ldflags='-s -w' "$module@$version" >&2 ||
      fail "$name cannot be built with go install $module@$version"
  fi
  ln -sf "$servers/$name-$version/$name" "$servers/$name"
}
install_server minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c
install_server fake-gcs-server github.com/fsouza/fake-gcs-server v1.56.1

work=$(mktemp -d "${TMPDIR:-/tmp}/alopex-stores-XXXXXX")
trap 'rm -rf "$work"' EXIT

# A test that did not run counts as failed.
status=0
(cd "$root" && ALOPEX_SERVERS=$servers vitest run --config test/interop/stores/vitest.config.ts \
  --reporter=default --reporter=json --outputFile.json="$work/stores.json") || status=$?
node "$root/.ci/test-counts.mjs" "$work/stores.json" >"$work/counts" || fail "the suites ended with status $status"
read -r ok bad <"$work/counts"
echo "$ok passed, $bad failed"
[ "$bad" = 0 ] && exit "$status"
exit 1
