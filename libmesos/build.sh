#!/usr/bin/env bash
# Builds libmesos.so for images as old as CentOS 7: no symbol newer than GLIBC_2.17, checked, and prints where it is.
# zig links against any glibc; it and its cargo subcommand come from PyPI.
# usage: libmesos/build.sh
set -euo pipefail
cd "$(dirname "$0")/.."
readonly oldest=2.17 target=x86_64-unknown-linux-gnu
folder=$(realpath -m "${CARGO_TARGET_DIR:-target}") # build scripts look for zig from folders of their own
tools=$folder/tools/zigbuild
if [ ! -x "$tools/bin/cargo-zigbuild" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet cargo-zigbuild ziglang
fi
PATH="$tools/bin:$PATH" RUSTFLAGS="${LCMAP_RUSTFLAGS:-}" ${LCMAP_CARGO:-cargo} zigbuild --quiet --locked --profile libmesos --package lcmap-libmesos --target "$target.$oldest"
library=$folder/$target/libmesos/libmesos.so
newest=$(objdump -T "$library" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
if [ "$(printf '%s\n' "GLIBC_$oldest" "$newest" | sort -V | tail -1)" != "GLIBC_$oldest" ]; then
    echo "libmesos.so needs $newest, newer than GLIBC_$oldest" >&2
    exit 1
fi
exports=$(objdump -T "$library" | grep -c ' Java_org_apache_mesos_\| JNI_OnLoad')
echo "$library: $(stat -c %s "$library") bytes, needs $newest, $exports symbols for the JVM" >&2
echo "$library"
