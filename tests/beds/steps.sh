# Sourced by the beds' scripts: how they say what they do, and how they get Debian packages.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
beds=$target/bed

# For JVMs that live for seconds: one compiler, and the simplest collector.
# shellcheck disable=SC2034 # the scripts use it
jvm_options='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'

step() { printf '  %-12s %s\n' "$1" "$2"; }

missing() { # WHAT HOW: names what could not be got, says how to get it, and ends the script
    printf '  %-12s %s\n               %s\n' missing "$1" "$2" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() { # PACKAGE...
    command -v apt-get >/dev/null || missing "$*" "this is not Debian or Ubuntu: install it with your own package manager"
    as_root true 2>/dev/null || missing "$*" "needs root: sudo apt-get install -y $*"
    step installing "$*"
    local log
    log=$(mktemp)
    {
        as_root apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive as_root apt-get install -q -y --no-install-recommends "$@"
    } >"$log" 2>&1 || {
        cat "$log" >&2
        missing "$*" "apt-get could not install it: see above"
    }
    rm -f "$log"
}

# A bed is made anew when its stamp, a text that names what it was made from, changes.
is_made() { # FOLDER STAMP
    [ "$(cat "$1/.stamp" 2>/dev/null)" = "$2" ]
}
