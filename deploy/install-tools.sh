#!/usr/bin/env bash
# Installs what the tests need and the machine lacks. As root it uses apt;
# otherwise it says what to install and fails, so that no suite is left out
# in silence.
set -euo pipefail

declare -A package=(
	[gcc]="gcc libc6-dev" # for the race detector
	[redis-server]=redis-server
	[ffmpeg]=ffmpeg
	[ffprobe]=ffmpeg
	[chromium]=chromium
	[strace]=strace
)

# versions says what the tests run against.
versions() {
	redis-server --version | cut -d ' ' -f 1-3
	ffmpeg -version | sed -n 1p | cut -d ' ' -f 1-3
	chromium --version 2>/dev/null
}

missing=()
for tool in "${!package[@]}"; do
	# shellcheck disable=SC2206 # several packages may bring one tool
	command -v "$tool" >/dev/null || missing+=(${package[$tool]})
done
if [ ${#missing[@]} -eq 0 ]; then
	versions
	exit 0
fi
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "the tests need these packages: ${missing[*]}" >&2
	echo "install them (on Debian and Ubuntu: sudo apt-get install ${missing[*]}) and run make test again" >&2
	exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
# Debian starts these as services; the tests start their own.
for service in redis-server; do
	if command -v systemctl >/dev/null && systemctl is-active --quiet "$service" 2>/dev/null; then
		systemctl stop "$service" || true
	fi
done
versions
