# A pair of appliances on this machine: edge and core as two supervisors on loopback addresses,
# set up through the same API as the browser's wizard.
# shellcheck shell=bash

PAIR=$TOP/build/run
declare -A SIDE_ADDRESS=([edge]=127.0.0.2 [core]=127.0.0.3)
declare -A SIDE_PID=()
LINK_PORT=7001
WEB_PORT=7443

# One run at a time works on build/run; the lock ends with the process.
lock_pair() {
	mkdir -p "$TOP/build"
	exec 9>"$TOP/build/run.lock"
	flock -n 9 || die "another packaging/run of this checkout is serving; stop it first"
}

# api SIDE METHOD PATH [JSON]: the API over the administration socket, as root.
api() {
	local side=$1 method=$2 path=$3 body=${4:-} answer code
	local args=(--silent --show-error --max-time 30 --unix-socket "$PAIR/$side/run/admin.sock"
		--request "$method" --write-out '\n%{http_code}')
	[ -z "$body" ] || args+=(--header 'Content-Type: application/json' --data-binary @-)
	answer=$(printf '%s' "$body" | curl "${args[@]}" "http://localhost$path") ||
		die "$side does not answer on its administration socket"
	code=${answer##*$'\n'}
	answer=${answer%$'\n'*}
	case $code in
	2??) printf '%s' "$answer" ;;
	*) die "$side refused $method $path ($code): $answer" ;;
	esac
}

start_side() {
	local side=$1
	mkdir -p "$PAIR/$side"
	"$TOP/build/bin/turnpiked" --state "$PAIR/$side" --web "${SIDE_ADDRESS[$side]}:$WEB_PORT" \
		9>&- </dev/null >>"$PAIR/$side.log" 2>&1 &
	SIDE_PID[$side]=$!
}

# wait_side SIDE: until its administration socket answers.
wait_side() {
	local side=$1 tries
	for tries in $(seq 1 150); do
		kill -0 "${SIDE_PID[$side]}" 2>/dev/null || break
		if curl --silent --max-time 2 --unix-socket "$PAIR/$side/run/admin.sock" \
			--output /dev/null http://localhost/api/v1/session; then
			return 0
		fi
		sleep 0.1
	done
	tail -n 20 "$PAIR/$side.log" >&2
	die "$side did not start after $tries tries (its log is ${PAIR#"$TOP"/}/$side.log)"
}

start_pair() {
	start_side edge
	start_side core
	wait_side edge
	wait_side core
}

stop_pair() {
	local side
	for side in "${!SIDE_PID[@]}"; do
		kill -TERM "${SIDE_PID[$side]}" 2>/dev/null || true
	done
	for side in "${!SIDE_PID[@]}"; do
		wait "${SIDE_PID[$side]}" 2>/dev/null || true
		unset "SIDE_PID[$side]"
	done
}

random_secret() {
	head -c 18 /dev/urandom | base64 | tr '+/' '-_'
}

# Passwords of the link and of the two test phones; kept so that a second run can call again.
write_secrets() {
	(
		umask 077
		jq -n --arg link "$(random_secret)" --arg outside "$(random_secret)" \
			--arg inside "$(random_secret)" '{$link, $outside, $inside}' >"$PAIR/secrets.json.new"
	)
}

secret() {
	jq -r --arg name "$1" '.[$name]' "$PAIR/${2:-secrets.json}"
}

# The wizard's steps for both sides. The edge goes first without a peer, because each side's
# temporary CA exists only after its own setup; the edge's half of the zone follows by a commit.
setup_pair() {
	local edge_ca core_ca
	write_secrets
	setup_side edge null
	edge_ca=$(api edge GET /api/v1/identity | jq -r .ca)
	setup_side core "$(core_peer "$edge_ca")"
	core_ca=$(api core GET /api/v1/identity | jq -r .ca)
	printf '%s\n' "$edge_ca" >"$PAIR/edge-ca.pem"
	printf '%s\n' "$core_ca" >"$PAIR/core-ca.pem"
	put_link_edge "$core_ca"
	put_phone edge outside.internal outside core inside.internal
	put_phone core inside.internal inside edge outside.internal
	commit_side edge
	commit_side core
	mv "$PAIR/secrets.json.new" "$PAIR/secrets.json"
}

setup_side() {
	local side=$1 peer=$2
	api "$side" POST /api/v1/setup/complete "$(jq -n --arg role "$side" \
		--arg host "$side.pair.internal" --arg address "${SIDE_ADDRESS[$side]}" \
		--argjson peer "$peer" '{$role, "host-name": $host, $peer,
			networks: [{name: "lan", $address}]}')" >/dev/null
}

core_peer() {
	jq -n --arg ca "$1" --arg address "${SIDE_ADDRESS[edge]}" --argjson port "$LINK_PORT" \
		--arg password "$(secret link secrets.json.new)" '{name: "edge", $address, $port,
			"verify-name": "edge.pair.internal", user: "core", $password, "peer-ca": $ca}'
}

# put SIDE PATH JSON into the candidate.
put() {
	api "$1" PUT "/restconf/ds/candidate/$2" "$3" >/dev/null
}

put_link_edge() {
	put edge turnpike-tls:tls/trusted-ca=core-ca "$(jq -n --arg certificate "$1" \
		'{"turnpike-tls:trusted-ca": [{name: "core-ca", $certificate}]}')"
	put edge turnpike-zone:zones/zone=core "$(jq -n --argjson port "$LINK_PORT" \
		--arg password "$(secret link secrets.json.new)" '{"turnpike-zone:zone": [{
			name: "core", type: "traversal-server", "listen-port": $port, network: "lan",
			"verify-name": "core.pair.internal", user: "core", $password}]}')"
}

# put_phone SIDE DOMAIN ACCOUNT FAR-ZONE FAR-DOMAIN: registrar, one account, and the way to
# the other side's domain.
put_phone() {
	local side=$1 domain=$2 account=$3 zone=$4 far=$5
	put "$side" turnpike-sip:sip/registrar "$(jq -n --arg domain "$domain" --arg account "$account" \
		--arg password "$(secret "$account" secrets.json.new)" '{"turnpike-sip:registrar": {
			domain: [$domain], realm: $domain, account: [{name: $account, $password}]}}')"
	put "$side" turnpike-search:search/rule=far "$(jq -n --arg pattern "@$far" --arg zone "$zone" '{
		"turnpike-search:rule": [{name: "far", priority: 10, match: "suffix", $pattern,
			behavior: "leave", "on-match": "stop", target: "zone", "target-zone": $zone}]}')"
	put "$side" turnpike-search:search/rule=local "$(jq -n --arg pattern "@$domain" '{
		"turnpike-search:rule": [{name: "local", priority: 20, match: "suffix", $pattern,
			behavior: "leave", "on-match": "stop", target: "registrations"}]}')"
}

commit_side() {
	api "$1" POST /api/v1/config/commit '{"comment":"set up by packaging/run","confirm-within-s":0}' \
		>/dev/null
}

# Until both halves of the link say that they are up.
wait_link() {
	local tries zones
	for tries in $(seq 1 150); do
		zones=$(api edge GET /api/v1/zones; api core GET /api/v1/zones)
		if [ "$(jq -s '[.[].zones[] | select(.type | startswith("traversal")) |
			select(.state == "up" and ."hop-up")] | length' <<<"$zones")" = 2 ]; then
			return 0
		fi
		sleep 0.2
	done
	jq -r '.zones[] | "zone \(.name): \(.state) \(.reason)"' <<<"$zones" >&2
	die "the traversal link did not come up after $tries looks"
}
