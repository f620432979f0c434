#!/bin/bash
# Everything compiles with clang without a warning.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export TOP=$PWD
# shellcheck source=/dev/null
. packaging/lib/say.sh
# shellcheck source=/dev/null
. packaging/lib/host.sh
install_packages packaging/packages/nightly.txt
cmake -S . --preset clang
ninja -C build/clang
