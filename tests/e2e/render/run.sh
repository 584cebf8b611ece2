#!/bin/sh
# run.sh PRINT_BODIES: the bodies of the samples, as two renderers read them. Exit 77, which CTest reports as skipped, where Node.js or a
# renderer is missing; scripts/npm-install gets them. LINKSPAN_BODIES=FOLDER keeps the bodies, and pages of them to look at.
set -eu
print=$1
cd "$(dirname "$0")"
if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
for package in marked markdown-it github-markdown-css; do
    if [ ! -f "node_modules/$package/package.json" ]; then
        echo "skipped: the package $package is not installed; run: npm install --prefix $PWD"
        exit 77
    fi
done
if [ -n "${LINKSPAN_BODIES:-}" ]; then
    folder=$LINKSPAN_BODIES
    mkdir -p "$folder"
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
"$print" "$folder"
node render.mjs --check "$folder"/*.md
for body in "$folder"/*.md; do node render.mjs "$body" "${body%.md}.html"; done
