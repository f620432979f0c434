#!/bin/bash
# Everything compiles with clang without a warning.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=/dev/null
TOP=$PWD && . packaging/lib/say.sh && . packaging/lib/host.sh
install_packages packaging/packages/nightly.txt
cmake -S . --preset clang
ninja -C build/clang
