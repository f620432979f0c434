#!/bin/bash
# clang-tidy with the checks of .clang-tidy over our own C code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export TOP=$PWD
# shellcheck source=/dev/null
. packaging/lib/say.sh
# shellcheck source=/dev/null
. packaging/lib/host.sh
install_packages packaging/packages/nightly.txt
cmake -S . --preset clang >/dev/null
git ls-files -z 'server/*.c' 'plugins/*.c' | xargs -0 -n 8 -P 2 clang-tidy -p build/clang --quiet
