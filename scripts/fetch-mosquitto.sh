#!/usr/bin/env bash
# Puts Debian's mosquitto below target/tools/mosquitto, without root, for tests against a real
# broker. Does nothing when it is there already. Prints the path of a `mosquitto` that runs.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/tools
place=$tools/mosquitto
run=$place/bin/mosquitto

mkdir -p "$tools"
# Tests of several processes may ask at once: one fetches, the others wait and find it done.
exec 9> "$tools/mosquitto.lock"
flock 9
if [ -x "$run" ]; then
    echo "$run"
    exit 0
fi

fail() {
    echo "fetch-mosquitto: $*" >&2
    echo "Install it yourself instead, as root: apt-get update && apt-get install mosquitto" >&2
    exit 1
}
for needed in apt-get dpkg ldd; do
    command -v "$needed" > /dev/null || fail "there is no $needed here: this script is for Debian."
done

stage=$(mktemp -d "$tools/mosquitto.XXXXXX")
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/debs" "$stage/tree" "$stage/apt/lists/partial" "$stage/apt/cache/archives/partial"

# The system's package lists where it has them, else lists of our own.
own_lists=(-o "Dir::State::lists=$stage/apt/lists" -o "Dir::Cache=$stage/apt/cache")
apt=(apt-get -qq -o APT::Sandbox::User=root)
fetch() {
    (cd "$stage/debs" && "${apt[@]}" download "$@" 2>> "$stage/log")
}
if ! fetch mosquitto; then
    apt+=("${own_lists[@]}")
    "${apt[@]}" update 2>> "$stage/log" && fetch mosquitto ||
        fail "Debian's package lists are missing and can't be fetched: $(tail -n 1 "$stage/log")"
fi

unpack() {
    for package in "$stage"/debs/*.deb; do
        dpkg -x "$package" "$stage/tree"
        rm "$package"
    done
}
unpack

# The libraries that this machine lacks, by the packages that mosquitto itself depends on.
libraries() {
    find "$stage/tree" -name '*.so.*' -exec dirname {} \; | sort -u | paste -sd:
}
missing() {
    LD_LIBRARY_PATH=$(libraries) ldd "$stage/tree/usr/sbin/mosquitto" | awk '/not found/ { print $1 }'
}
wanted=(libcjson1 libdlt2 libwrap0)
if [ -n "$(missing)" ]; then
    fetch "${wanted[@]}" || fail "can't fetch ${wanted[*]}: $(tail -n 1 "$stage/log")"
    unpack
fi
# One round more for what those need; a machine without a desktop may lack these.
if [ -n "$(missing)" ]; then
    fetch libnsl2 libtirpc3 libsystemd0 libcap2 libssl3 ||
        fail "can't fetch libraries: $(tail -n 1 "$stage/log")"
    unpack
fi
[ -z "$(missing)" ] || fail "these libraries are still missing: $(missing | paste -sd' ')"

mkdir -p "$stage/tree/bin"
relative=$(libraries | sed "s|$stage/tree|\$here|g")
cat > "$stage/tree/bin/mosquitto" <<SH
#!/bin/sh
here=\$(dirname "\$(dirname "\$(realpath "\$0")")")
export LD_LIBRARY_PATH="$relative"
exec "\$here/usr/sbin/mosquitto" "\$@"
SH
chmod +x "$stage/tree/bin/mosquitto"
# mosquitto has no option that only shows its version: asked for help, it ends with 1.
case $("$stage/tree/bin/mosquitto" -h || true) in
    "mosquitto version"*) ;;
    *) fail "what was fetched does not run." ;;
esac

rm -rf "$place"
mv "$stage/tree" "$place"
echo "$run"
