#!/bin/bash
# The checker behind "hop_encrypted" says false when the hop is clear, or not there, and true when
# it is not: the same capture program and the same verdict as in packaging/run.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PAIR=$(mktemp -d)
NS=tphw$$
cleanup() {
	ip netns del "$NS" 2>/dev/null || true
	rm -rf "$PAIR"
}
trap cleanup EXIT
# shellcheck source=/dev/null
. "$TOP/packaging/lib/say.sh"
# shellcheck source=/dev/null
. "$TOP/packaging/lib/calls.sh"

ip netns add "$NS"
ip -n "$NS" link set lo up

# What two phones would report of 200 packets each way.
cat >"$PAIR/calls.json" <<-END
	{"calls": 40, "failed": 0, "setup_ms": {"p50": 1, "p95": 2}, "media": [
	 {"from": "inside", "sent": 200, "received": 200, "lost": 0},
	 {"from": "outside", "sent": 200, "received": 200, "lost": 0}]}
END

# hop_with COUNT TEXT: the verdict after that many datagrams holding the text went to port 36000.
hop_with() {
	ip netns exec "$NS" "$TOP/build/asan/bin/tp-hopwatch" --interface lo --port 36000 --port 36001 \
		--mark "$MEDIA_MARK" >"$PAIR/hop.json" &
	local watch=$!
	sleep 0.5
	ip netns exec "$NS" python3 - "$1" "$2" <<-'END'
		import socket, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for n in range(int(sys.argv[1])):
		    s.sendto(bytes(24) + sys.argv[2].encode() + bytes(100), ("127.0.0.1", 36000))
		    if n % 50 == 0:
		        time.sleep(0.01)
	END
	sleep 0.2
	kill -TERM "$watch"
	wait "$watch"
	verdict | jq -r .hop_encrypted
}

expect() {
	local name=$1 wanted=$2 got
	got=$(hop_with "$3" "$4")
	if [ "$got" = "$wanted" ]; then
		echo "ok $name 1 s"
	else
		cat "$PAIR/hop.json"
		echo "FAILED $name 1 s got $got"
		BAD=yes
	fi
}

BAD=no
expect clear_media_is_seen false 450 "$MEDIA_MARK"
expect missing_datagrams_are_seen false 399 unreadable
expect unreadable_hop_is_encrypted true 450 unreadable
[ "$BAD" = no ]
