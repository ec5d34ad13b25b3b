#!/usr/bin/env bash
# What a node needs and Go does not build, from Debian's packages: containerd, runc, the CNI plugins, nft for
# kube-proxy, and busybox for an image. They are unpacked into target/bed/kubernetes/packages, not installed: a
# machine with a container engine of its own keeps it.
set -euo pipefail
cd "$(dirname "$0")"
. ../steps.sh

folder=$beds/kubernetes/packages
packages=(containerd runc libseccomp2 containernetworking-plugins busybox-static
    nftables libnftables1 libnftnl11 libmnl0 libxtables12 libjansson4 libgmp10 libedit2 libbsd0 libmd0)

download() { apt-get download -q "${packages[@]}"; }

stamp=$(echo "${packages[@]}" && cat /etc/os-release)
mkdir -p "$beds/kubernetes"
exec 9>"$beds/kubernetes/packages.lock"
flock 9 # two tests may ask at once
is_made "$folder" "$stamp" && exit
began=$SECONDS
step fetching "${packages[*]}"
rm -rf "$folder"
mkdir -p "$folder/archives"
cd "$folder/archives"
log=$folder/apt.log
{ download || { as_root apt-get update -q && download; }; } >"$log" 2>&1 || {
    cat "$log" >&2
    missing packages "apt-get could not download them: see above"
}
for archive in *.deb; do dpkg-deb --extract "$archive" ..; done
rm -r "$folder/archives"
echo "$stamp" >"$folder/.stamp"
step fetched "in $((SECONDS - began)) s"
