#!/bin/bash
# cppcheck finds nothing in our own code. Suppressed are checks that guess wrong here: uninitvar
# (compilers and sanitizers see it better), autoVariables (a flag on the stack that outlives no
# call), CastIntegerToAddressAtReturn (types of headers that it does not read).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p build/cppcheck
exec cppcheck --quiet --error-exitcode=1 --inline-suppr -j 2 --cppcheck-build-dir=build/cppcheck \
	--enable=warning,portability --std=c11 --library=posix --library=gnu -D_GNU_SOURCE \
	-D__linux__ --suppress=missingInclude --suppress=missingIncludeSystem \
	--suppress=uninitvar --suppress=autoVariables --suppress=CastIntegerToAddressAtReturn \
	--suppress=unknownMacro --suppress=preprocessorErrorDirective -I server server plugins tests/tools
