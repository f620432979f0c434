# Turns Node's TAP into the result lines that tests/run counts. Files that hold subtests are
# left out: their subtests count.
/^ *(not )?ok [0-9]+ - / {
	word = /^ *not ok/ ? "FAILED" : /# SKIP/ ? "skipped" : "ok"
	name = $0
	sub(/^ *(not )?ok [0-9]+ - /, "", name)
	sub(/ # SKIP.*/, "", name)
	gsub(/[^A-Za-z0-9.\/-]+/, "-", name)
	depth = match($0, /[^ ]/)
}
/^ *duration_ms: / && name != "" {
	if (!(depth < deepest)) {
		printf "%s %s %.1f s\n", word, name, $2 / 1000
	}
	deepest = depth < deepest ? 0 : depth
	name = ""
}
{ print "#" $0 }
