#!/usr/bin/env bash
# Holds every answer of the API against its own document, with schemathesis. The test starts a
# server over a folder of its own and a Mastodon on this machine, and ends both.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=$PWD/target/schemathesis
[ -x "$venv/bin/schemathesis" ] || {
  python3 -m venv "$venv"
  "$venv/bin/pip" -q install schemathesis==4.32.5
}
export HEDGEROW_TEST_SCHEMATHESIS=$venv/bin/schemathesis
exec cargo test --locked --test it -- web_api::the_api_is_as_its_document_says --exact --nocapture
