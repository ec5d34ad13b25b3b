#!/usr/bin/env bash
# packages.sh: what a node needs and Go does not build, from the distribution's packages: containerd, runc, the CNI plugins,
# nft for kube-proxy, busybox for an image. They are unpacked into target/bed/kubernetes/packages, never installed: a machine
# with a container engine of its own keeps it. Fetched again only when the list or the distribution changed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bed=${LCMAP_KUBERNETES_BED:-$here/../../../target/bed/kubernetes}
packages=(containerd runc libseccomp2 containernetworking-plugins busybox-static
  nftables libnftables1 libnftnl11 libmnl0 libxtables12 libjansson4 libgmp10 libedit2 libbsd0 libmd0)

mkdir -p "$bed"
exec 9>"$bed/packages.lock"
flock 9
stamp=$(printf '%s\n' "${packages[@]}" && cat /etc/os-release)
[[ $(cat "$bed/packages/.stamp" 2>/dev/null) == "$stamp" ]] && exit
began=$SECONDS
echo "bed: fetching ${packages[*]}"
rm -rf "$bed/packages" && mkdir -p "$bed/packages/archives" && cd "$bed/packages/archives"
if ! apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}"; then
  echo "bed: apt names above what it could not get; is the mirror reachable, are its lists there (apt-get update)?" >&2
  exit 1
fi
for archive in *.deb; do dpkg-deb --extract "$archive" ..; done
cd .. && rm -r archives
printf '%s\n' "$stamp" >.stamp
echo "bed: fetched ${#packages[@]} packages in $((SECONDS - began)) s"
