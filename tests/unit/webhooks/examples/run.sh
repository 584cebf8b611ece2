#!/bin/sh
# run.sh LINKSPAN: see check.mjs. Exit 77, which CTest reports as skipped, where Node.js or the package is missing; "npm ci" in this
# folder gets it.
set -eu
linkspan=$1
cd "$(dirname "$0")"
if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
if [ ! -f node_modules/@octokit/webhooks-examples/package.json ]; then
    echo "skipped: the package @octokit/webhooks-examples is not installed; run: npm ci --prefix $PWD"
    exit 77
fi
node check.mjs "$linkspan"
