#!/bin/sh
# run.sh PLATFORM CLIENT [CALLS]: what the client in the end-to-end tests asks, and what the fake of the platform answers,
# against the platform's description; for GitHub also the calls that the program CALLS prints. Exit 77, which CTest reports as
# skipped, where Node.js or a package is missing; scripts/npm-install gets them.
set -eu
platform=$1
client=$2
calls=${3:-}
cd "$(dirname "$0")"

if ! command -v node >/dev/null; then
    echo "skipped: node is not installed"
    exit 77
fi
case $platform in
    github_enterprise) packages="@octokit/openapi ajv @octokit/graphql-schema graphql" ;;
    gitlab) packages="typescript @gitbeaker/core" ;;
    gitea) packages="typescript gitea-js" ;;
    forgejo) packages="typescript forgejo-js" ;;
    bitbucket_*) packages="typescript @coderabbitai/bitbucket" ;;
    azure_devops) packages="typescript azure-devops-node-api" ;;
esac
for package in $packages; do
    if [ ! -f "node_modules/$package/package.json" ]; then
        echo "skipped: the package $package is not installed; run: npm ci --prefix $PWD"
        exit 77
    fi
done
[ -z "$calls" ] || "$calls" | node check_github.mjs

recordings=$(mktemp -d)
trap 'rm -rf "$recordings"' EXIT
LINKSPAN_FORGE_CLIENT=$client LINKSPAN_FORGE_KINDS=$platform LINKSPAN_FORGE_RECORDINGS=$recordings PYTHONDONTWRITEBYTECODE=1 \
    python3 ../../../e2e/test_forge_clients.py
cat "$recordings"/*.jsonl >"$recordings/all"
if [ "$platform" = github_enterprise ]; then
    node check_github.mjs <"$recordings/all"
    node check_graphql.mjs <"$recordings/all"
else
    node check_types.mjs "$platform" <"$recordings/all"
fi
