# Test calls through the pair, watched at both phones and on the hop between the appliances.
# shellcheck shell=bash

# What every media packet of the test phones begins with; must match tests/tools/phone/media.h.
MEDIA_MARK=TURNPIKE-TEST-MEDIA

# phone_spec NAME SIDE ADDRESS
phone_spec() {
	printf 'name=%s,server=%s:5061,transport=tls,tls-name=%s.pair.internal,ca=%s,bind=%s' \
		"$1" "${SIDE_ADDRESS[$2]}" "$2" "$PAIR/$2-ca.pem" "$3"
	printf ',domain=%s.internal,user=%s,password=%s' "$1" "$1" "$(secret "$1")"
}

# make_calls COUNT: that many calls in each direction; two JSON files in build/run.
make_calls() {
	local count=$1 watch status=0
	"$TOP/build/bin/tp-hopwatch" --interface lo --port 36000 --port 36001 --mark "$MEDIA_MARK" \
		9>&- </dev/null >"$PAIR/hop.json" 2>>"$PAIR/calls.log" &
	watch=$!
	sleep 0.3
	"$TOP/build/bin/tp-phone" --phone "$(phone_spec outside edge 127.0.0.4)" \
		--phone "$(phone_spec inside core 127.0.0.5)" \
		--call "outside:inside,count=$count,rate=10,seconds=3" \
		--call "inside:outside,count=$count,rate=10,seconds=3" \
		9>&- </dev/null >"$PAIR/calls.json" 2>>"$PAIR/calls.log" || status=$?
	kill -TERM "$watch"
	wait "$watch" || true
	if [ ! -s "$PAIR/calls.json" ] || [ ! -s "$PAIR/hop.json" ]; then
		tail -n 20 "$PAIR/calls.log" >&2
		die "the test calls could not be made (tp-phone ended with $status)"
	fi
}

# The one-line verdict. Outward is media from the inside phone to the outside phone. The hop is
# encrypted when it carried at least one datagram per media packet and none held its content.
verdict() {
	jq -n -c --slurpfile phones "$PAIR/calls.json" --slurpfile hop "$PAIR/hop.json" '
		def way($from): $phones[0].media[] | select(.from == $from) | {sent, received, lost};
		way("inside") as $outward | way("outside") as $inward |
		{calls: $phones[0].calls, failed: $phones[0].failed, setup_ms: $phones[0].setup_ms,
		 $outward, $inward,
		 hop_encrypted: ($hop[0].datagrams >= $outward.received + $inward.received
			and $outward.received + $inward.received > 0
			and $hop[0].marked == 0 and $hop[0].missed == 0)}'
}

# verdict_good JSON CALLS
verdict_good() {
	jq -e --argjson calls "$2" '.calls == $calls and .failed == 0 and .hop_encrypted
		and .outward.lost == 0 and .inward.lost == 0
		and .outward.received > 0 and .inward.received > 0' <<<"$1" >/dev/null
}

show_verdict() {
	jq -r '"TEST CALLS: \(.calls) made, \(.failed) failed; setup \(.setup_ms.p50) ms (p95 \(.setup_ms.p95) ms)",
		"  outward: \(.outward.sent) packets sent, \(.outward.received) received, \(.outward.lost) lost",
		"  inward:  \(.inward.sent) packets sent, \(.inward.received) received, \(.inward.lost) lost",
		"  between the appliances: \(if .hop_encrypted then "encrypted" else "NOT ENCRYPTED" end)"' <<<"$1"
}

show_failures() {
	local side
	jq -r '.failures[]? | "  \(.)"' "$PAIR/calls.json" >&2
	jq -r '.media[] | select(.lost > 0) | "  of \(.from): \(.lost) lost, \(.lost_at_start) of them at the start"' \
		"$PAIR/calls.json" >&2
	for side in "${!SIDE_PID[@]}"; do
		api "$side" GET /api/v1/status | jq -c --arg side "$side" '{$side, media}' >&2
	done
}
