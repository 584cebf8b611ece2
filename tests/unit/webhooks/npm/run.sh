#!/bin/sh
# run.sh CHECK: feeds requests that other people's libraries signed to ours. Exit 77, which CTest
# reports as skipped, where Node.js or the packages are missing; "npm ci" in this folder gets them.
set -eu
check=$1
cd "$(dirname "$0")"

if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
for package in @octokit/webhooks-methods cloudevents jose standardwebhooks; do
    if [ ! -f "node_modules/$package/package.json" ]; then
        echo "skipped: the package $package is not installed; run: npm ci --prefix $PWD"
        exit 77
    fi
done

samples=$(mktemp)
trap 'rm -f "$samples"' EXIT
node signed_samples.mjs >"$samples"
"$check" "$samples"
