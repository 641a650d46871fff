#!/usr/bin/env bash
# The Iceberg REST Compatibility Kit against our server: see README.md. Ends with `N passed, N failed` and exits with 1 when a test failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"

fail() {
  printf 'FAILED  %s\n0 passed, 1 failed\n' "$1"
  exit 1
}

command -v mvn >/dev/null || fail 'Maven is needed: install maven and a JDK of version 17'
work=$(mktemp -d "${TMPDIR:-/tmp}/alopex-rck-XXXXXX")
server=
trap 'if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi; rm -rf "$work"' EXIT

node "$root/connectors/cli/main.ts" server --http 127.0.0.1:0 --data-dir "$work/data" --catalog-location /tmp >"$work/ready" &
server=$!
for _ in $(seq 300); do
  grep -q '^ready' "$work/ready" && break
  kill -0 "$server" 2>/dev/null || fail 'the server did not start'
  sleep 0.2
done
url=$(sed -n 's/^ready http=\([^ ]*\).*/\1/p' "$work/ready")
[ -n "$url" ] || fail 'the server did not start'

mvn -q -B -f "$here/pom.xml" -Dcatalog.uri="$url/catalog" -DbuildDirectory="$work/target" test || fail 'Maven could not run the kit'
node "$here/totals.ts" "$work/target/surefire-reports"
