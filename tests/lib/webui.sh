#!/bin/bash
# The web interface's own tests, one result line each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../webui"
NODE_OPTIONS=--test-reporter=tap npm test --silent | awk -f ../tests/lib/tap.awk
