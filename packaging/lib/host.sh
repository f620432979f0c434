# What the machine must have before anything is built: Debian packages and the pinned Node.
# shellcheck shell=bash

need_root() {
	[ "$(id -u)" = 0 ] || die "run this as root (it installs packages and starts services as their own users)"
}

# Prints the names of a package list without comments.
list_packages() {
	sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@"
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs what is missing of the given lists, in one call.
install_packages() {
	local missing=() name
	while read -r name; do
		is_installed "$name" || missing+=("$name")
	done < <(list_packages "$@" | sort -u)
	# Any npm will do for fetching the pinned one; where Node comes from elsewhere, so does npm.
	if [ ! -x "$TOP/build/node/bin/node" ] && ! command -v npm >/dev/null; then
		missing+=(npm)
	fi
	[ "${#missing[@]}" -gt 0 ] || return 0
	export DEBIAN_FRONTEND=noninteractive
	logged "refreshing the package lists" "$TOP/build/log/apt-update.log" apt-get update
	logged "installing ${missing[*]}" "$TOP/build/log/apt-install.log" \
		apt-get install --yes --no-install-recommends "${missing[@]}"
}

# The service that turnpike-pam asks. One that is there is kept: an administrator may have
# changed it, and it says who comes in.
install_pam_service() {
	[ ! -e /etc/pam.d/turnpike ] || return 0
	say "installing /etc/pam.d/turnpike"
	install -m 644 "$TOP/packaging/pam.d/turnpike" /etc/pam.d/turnpike
}

# The Node that builds and tests the web interface: version and checksum stand in
# packaging/node/package-lock.json; the machine's own npm only fetches it.
install_node() {
	local home=$TOP/build/node stamp
	stamp=$(sha256sum "$TOP/packaging/node/package-lock.json" | cut -d' ' -f1)
	if [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ]; then
		rm -rf "$home"
		mkdir -p "$home/bin"
		cp "$TOP/packaging/node/package.json" "$TOP/packaging/node/package-lock.json" "$home/"
		logged "fetching the pinned Node" "$TOP/build/log/node.log" \
			npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund
		link_node "$home"
		printf '%s\n' "$stamp" >"$home/stamp"
	fi
	export PATH="$home/bin:$PATH"
}

link_node() {
	local home=$1 found
	found=$(find "$home/node_modules" -maxdepth 3 -path '*/node-linux-*/bin/node' -type f | head -n 1)
	[ -n "$found" ] || die "the npm registry has no Node for this kind of machine ($(uname -m))"
	ln -s "$found" "$home/bin/node"
	ln -s ../node_modules/npm/bin/npm-cli.js "$home/bin/npm"
	ln -s ../node_modules/npm/bin/npx-cli.js "$home/bin/npx"
}
