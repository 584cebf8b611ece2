#!/bin/sh
# run.sh CALLS: the program's calls against GitHub's description. Exit 77, which CTest reports as skipped, where Node.js
# or the packages are missing; "npm ci" in this folder gets them.
set -eu
calls=$1
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
