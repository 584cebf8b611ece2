#!/bin/sh
# run.sh CHECK: asks npm's semver and compares. Exit 77, which CTest reports as skipped, where Node.js
# or the package is missing; "npm install" in this folder gets the package.
set -eu
check=$1
cd "$(dirname "$0")"

if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
wanted=$(node -p 'require("./package.json").dependencies.semver')
found=$(node -p 'require("semver/package.json").version' 2>/dev/null || true)
if [ "$found" != "$wanted" ]; then
    echo "skipped: the package semver $wanted is not installed (found: ${found:-none}); run: npm install --prefix $PWD"
    exit 77
fi

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
node rows.js >"$rows"
"$check" "$rows"
