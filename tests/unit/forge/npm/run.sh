#!/bin/sh
# run.sh CALLS CLIENT: the first program's calls, and what the fake of GitHub answers to the second in the end-to-end tests,
# against GitHub's description. Exit 77, which CTest reports as skipped, where Node.js
# or the packages are missing; "npm ci" in this folder gets them.
set -eu
calls=$1
client=$2
cd "$(dirname "$0")"

if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
for package in @octokit/openapi ajv; do
    if [ ! -f "node_modules/$package/package.json" ]; then
        echo "skipped: the package $package is not installed; run: npm ci --prefix $PWD"
        exit 77
    fi
done
"$calls" | node check_github.mjs

recordings=$(mktemp -d)
trap 'rm -rf "$recordings"' EXIT
LINKSPAN_FORGE_CLIENT=$client LINKSPAN_FORGE_KINDS=github_enterprise LINKSPAN_FORGE_RECORDINGS=$recordings PYTHONDONTWRITEBYTECODE=1 \
    python3 ../../../e2e/test_forge_clients.py
cat "$recordings"/*.jsonl | node check_github.mjs
