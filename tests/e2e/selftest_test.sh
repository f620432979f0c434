#!/bin/bash
# packaging/run --self-test says what it promises: one JSON object as the last line, exit status 0;
# and a second run, with nothing to build, is quick.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
OUT=$(mktemp)
trap 'rm -f "$OUT"' EXIT

case_of() {
	local name=$1 start=$SECONDS
	shift
	if "$@"; then
		echo "ok $name $((SECONDS - start)) s"
	else
		tail -n 40 "$OUT"
		echo "FAILED $name $((SECONDS - start)) s"
		BAD=yes
	fi
}

self_test() {
	"$TOP/packaging/run" --self-test >"$OUT" 2>&1
}

fresh_self_test() {
	"$TOP/packaging/run" --self-test --fresh >"$OUT" 2>&1
}

last_line_is_good() {
	tail -n 1 "$OUT" | jq -e '.calls == 40 and .failed == 0 and .hop_encrypted == true
		and .outward.lost == 0 and .inward.lost == 0
		and .outward.sent > 3000 and .inward.sent > 3000
		and .outward.sent == .outward.received
		and .setup_ms.p50 > 0 and .setup_ms.p95 >= .setup_ms.p50'
}

second_run_starts_in_seconds() {
	local start=$SECONDS
	self_test && last_line_is_good && [ $((SECONDS - start)) -lt 30 ]
}

nothing_is_left_running() {
	! pgrep -f "^$TOP/build/bin/turnpike" >"$OUT"
}

BAD=no
case_of fresh_self_test fresh_self_test
case_of verdict_is_complete last_line_is_good
case_of second_run_starts_in_seconds second_run_starts_in_seconds
case_of nothing_is_left_running nothing_is_left_running
[ "$BAD" = no ]
