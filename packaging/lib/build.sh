# Builds the programs and the web interface.
# shellcheck shell=bash

get_civetweb() {
	"$TOP/packaging/civetweb/get"
}

# Hash over names and contents of everything the web interface is built from.
webui_inputs() {
	(
		cd "$TOP/webui" || exit
		find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 | sort -z |
			xargs -0 sha256sum
		cat "$TOP/packaging/node/package-lock.json"
	) | sha256sum | cut -d' ' -f1
}

build_webui() {
	local inputs
	inputs=$(webui_inputs)
	if [ -d "$TOP/webui/dist" ] && [ "$(cat "$TOP/build/webui.stamp" 2>/dev/null)" = "$inputs" ]; then
		return 0
	fi
	logged "fetching what the web interface is made of" "$TOP/build/log/webui-ci.log" \
		npm ci --prefix "$TOP/webui" --no-audit --no-fund
	logged "building the web interface" "$TOP/build/log/webui-build.log" \
		npm run build --prefix "$TOP/webui"
	printf '%s\n' "$inputs" >"$TOP/build/webui.stamp"
}

# configure_build PRESET
configure_build() {
	logged "configuring ($1)" "$TOP/build/log/configure-$1.log" cmake -S "$TOP" --preset "$1"
}

# Every program that belongs in FOLDER/bin, as ninja knows it.
list_programs() {
	ninja -C "$1" -t targets all | sed -n 's|^\(bin/[^:]*\): C_EXECUTABLE.*|\1|p'
}

# build_programs PRESET FOLDER
build_programs() {
	local programs
	configure_build "$1"
	mapfile -t programs < <(list_programs "$2")
	logged "building the programs ($1)" "$TOP/build/log/build-$1.log" \
		ninja -C "$2" "${programs[@]}"
}
