#!/usr/bin/env bash
# Makes a root file system with the C library of Debian 11 (glibc 2.31), the oldest whose packages are still served, and a Java 11,
# once, and prints where it is. Nothing of it is installed.
# usage: debian11.sh CACHE_DIR JAVA_HOME
set -euo pipefail
java=$2
mkdir -p "$1"
cache=$(cd "$1" && pwd)
root=$cache/debian11
exec 9>"$cache/.lock"
flock 9
if [ ! -d "$root" ]; then
    work=$(mktemp -d "$cache/.making-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work"/{apt/lists/partial,apt/archives/partial,root/{proc,bed}}
    : >"$work/apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bullseye main" >"$work/apt/sources"
    apt() {
        apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/apt/sources" -o Dir::Etc::SourceParts=/dev/null \
            -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt" "$@" >&2
    }
    apt update
    (cd "$work" && apt download libc6 libgcc-s1 zlib1g)
    for package in "$work"/*.deb; do dpkg -x "$package" "$work/root"; done
    cp -r "$java" "$work/root/java"
    mv "$work/root" "$root"
    echo "mesos bed: a root with glibc 2.31 made (${SECONDS} s)" >&2
fi
echo "$root"
