#!/bin/bash
# All shell scripts are clean under shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
git ls-files -z | while IFS= read -r -d '' file; do
	[ -f "$file" ] || continue
	case $file in
	*.sh) printf '%s\0' "$file" ;;
	*) head -c 32 "$file" | head -n 1 | grep -aqE '^#!/bin/(ba)?sh' && printf '%s\0' "$file" ;;
	esac || true
done | xargs -0 shellcheck -x --severity=warning
