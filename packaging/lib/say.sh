# What the person in front of the terminal sees. Sourced by packaging/run and tests/run.
# shellcheck shell=bash

say() {
	printf '%s\n' "turnpike: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# Runs a long step with its output in a log file; shows the tail only when it fails.
logged() {
	local title=$1 log=$2
	shift 2
	say "$title"
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 40 "$log" >&2
		die "failed: $title (whole output in ${log#"$TOP"/})"
	fi
}
