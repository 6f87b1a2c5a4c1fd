#!/bin/sh
# sdk: installs the pinned client libraries into the build folder and runs test_sdk.py. Says so when it cannot.
set -u
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "ok gateway through the vendors' libraries # SKIP node or npm is not installed"
    exit 0
fi
dir=$BUILD/sdk
mkdir -p "$dir" || exit 1
if ! cmp -s tests/gateway/package.json "$dir/package.json" || ! [ -d "$dir/node_modules/openai" ]; then
    cp tests/gateway/package.json "$dir/" || exit 1
    if ! (cd "$dir" && npm install --no-audit --no-fund --no-package-lock --silent); then
        rm -f "$dir/package.json"
        echo "ok gateway through the vendors' libraries # SKIP npm could not install them"
        exit 0
    fi
fi
cp tests/gateway/sdk.mjs "$dir/" && SDK=$dir exec /usr/bin/python3 tests/gateway/run.py sdk
