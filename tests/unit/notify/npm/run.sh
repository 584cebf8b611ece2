#!/bin/sh
# run.sh PRINT: gives what ours sends to other people's verifiers. Exit 77, which CTest reports as
# skipped, where Node.js or the packages are missing; "npm install" in this folder gets them.
set -eu
print=$1
cd "$(dirname "$0")"
if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
for package in cloudevents standardwebhooks; do
    if [ ! -f "node_modules/$package/package.json" ]; then
        echo "skipped: the package $package is not installed; run: npm install --prefix $PWD"
        exit 77
    fi
done
"$print" | node verify.mjs
