# Runs tests, prints one line each, counts. A test is a command; exit status
# 77 means skipped. A test that prints lines "ok NAME 1.2 s", "FAILED NAME 1.2 s" or
# "skipped NAME 0 s WHY" is counted by those, else as one.
# shellcheck shell=bash

PASSED=0
FAILED=0
SKIPPED=0
FAILED_NAMES=()
BESIDE=()
RESULT_LINE='^(ok|FAILED|skipped) [^ ]+ [0-9.]+ s'
TEST_LOGS=$TOP/build/log/tests

# wanted NAME: does the command line ask for it?
wanted() {
	local pattern
	[ "${#PATTERNS[@]}" -gt 0 ] || return 0
	for pattern in "${PATTERNS[@]}"; do
		[[ $1 == *"$pattern"* ]] && return 0
	done
	return 1
}

tell() {
	printf '%-7s %s  %s\n' "$1" "$2" "$3"
}

count() {
	case $1 in
	ok) PASSED=$((PASSED + 1)) ;;
	FAILED)
		FAILED=$((FAILED + 1))
		FAILED_NAMES+=("$2")
		;;
	skipped) SKIPPED=$((SKIPPED + 1)) ;;
	esac
	tell "$@"
}

# count_lines NAME LOG: takes over the result lines of a test that has several; says how many.
count_lines() {
	local name=$1 log=$2 word case_name rest lines=0 bad=0
	while read -r word case_name rest; do
		count "$word" "$name/$case_name" "$rest"
		lines=$((lines + 1))
		[ "$word" != FAILED ] || bad=$((bad + 1))
	done < <(grep -E "$RESULT_LINE" "$log")
	CASES=$lines
	BAD_CASES=$bad
}

# test_log NAME
test_log() {
	printf '%s/%s.log' "$TEST_LOGS" "${1//\//_}"
}

# execute_test NAME TIMEOUT COMMAND...: leaves its output, and beside it status and seconds.
execute_test() {
	local name=$1 limit=$2 log start status=0
	shift 2
	log=$(test_log "$name")
	mkdir -p "$TEST_LOGS"
	start=$EPOCHREALTIME
	timeout --kill-after=30 "$limit" "$@" >"$log" 2>&1 </dev/null || status=$?
	awk -v status="$status" -v a="$start" -v b="$EPOCHREALTIME" \
		'BEGIN { printf "%d %.1f\n", status, b - a }' >"$log.end"
}

# report_test NAME TIMEOUT: counts what execute_test left.
report_test() {
	local name=$1 limit=$2 log status seconds
	log=$(test_log "$name")
	read -r status seconds <"$log.end"
	seconds="$seconds s"
	count_lines "$name" "$log"
	if [ "$status" = 77 ] && [ "$CASES" = 0 ]; then
		count skipped "$name" "$(tail -n 1 "$log")"
	elif [ "$status" != 0 ] && [ "$BAD_CASES" = 0 ]; then
		[ "$status" != 124 ] || seconds="$seconds, stopped after $limit s"
		count FAILED "$name" "$seconds"
	elif [ "$CASES" = 0 ]; then
		count ok "$name" "$seconds"
	fi
	if [ "$status" != 0 ] && [ "$status" != 77 ]; then
		tail -n 60 "$log" | sed 's/^/    | /'
	fi
	return 0
}

# run_test NAME TIMEOUT COMMAND...
run_test() {
	wanted "$1" || return 0
	rm -f "$(test_log "$1").end"
	execute_test "$@"
	report_test "$1" "$2"
}

# beside NAME TIMEOUT COMMAND...: like run_test, but two of these run at a time. Only for tests that
# measure no time and no loss.
beside() {
	wanted "$1" || return 0
	[ "${#BESIDE[@]}" -lt 2 ] || join_one
	rm -f "$(test_log "$1").end"
	execute_test "$@" &
	BESIDE+=("$1 $2")
}

# join_one: reports the first that ends of those that run beside each other.
join_one() {
	local entry index
	while :; do
		for index in "${!BESIDE[@]}"; do
			entry=${BESIDE[index]}
			[ -s "$(test_log "${entry% *}").end" ] || continue
			report_test "${entry% *}" "${entry##* }"
			unset "BESIDE[index]"
			return 0
		done
		sleep 0.2
	done
}

# join_all: waits for all of them.
join_all() {
	while [ "${#BESIDE[@]}" -gt 0 ]; do
		join_one
	done
}

# run_ctest FOLDER PREFIX: unit tests and fuzz corpora, two at a time; ctest's lines become ours.
run_ctest() {
	local folder=$1 prefix=$2 log=$TEST_LOGS/ctest-$2.log names=() name
	mapfile -t names < <(ctest --test-dir "$folder" -N | sed -n 's/^ *Test *#[0-9]*: //p')
	mkdir -p "$TEST_LOGS"
	local selected=()
	for name in "${names[@]}"; do
		wanted "$prefix/$name" && selected+=("$name")
	done
	[ "${#selected[@]}" -gt 0 ] || return 0
	ctest --test-dir "$folder" -j 2 --output-on-failure \
		-R "^($(IFS='|' && printf '%s' "${selected[*]}"))\$" >"$log" 2>&1 </dev/null || true
	while read -r word name seconds; do
		count "$word" "$prefix/$name" "$seconds s"
	done < <(awk '/ Test +#[0-9]+: / {
			for (i = 1; i <= NF; i++) if ($i ~ /^#[0-9]+:$/) name = $(i + 1)
			word = /\*\*\*Skipped/ ? "skipped" : / Passed / ? "ok" : "FAILED"
			print word, name, $(NF - 1) }' "$log")
	if grep -q '\*\*\*' "$log"; then
		sed 's/^/    | /' "$log" | grep -vE ' Passed | Start ' | tail -n 100
	fi
}

# The closing line, alone; the exit status says whether all is well.
close_run() {
	if [ "$FAILED" -gt 0 ]; then
		printf 'failed: %s\n' "${FAILED_NAMES[*]}"
	fi
	printf '%d passed, %d failed%s\n' "$PASSED" "$FAILED" "$([ "$SKIPPED" = 0 ] || printf ', %d skipped' "$SKIPPED")"
	[ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
}
