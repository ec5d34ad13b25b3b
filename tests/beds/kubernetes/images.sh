#!/usr/bin/env bash
# The images that every node has: bed.test/pause:1, which keeps a pod's namespaces, and bed.test/busybox:1.
set -euo pipefail
cd "$(dirname "$0")"
. ../steps.sh

images=$beds/kubernetes/images
mkdir -p "$images"
exec 9>"$beds/kubernetes/images.lock"
flock 9 # two tests may ask at once
stamp=$(cat images.sh mkimage tools/kubernetes/go.mod "$beds/kubernetes/packages/.stamp" | sha256sum)
is_made "$images" "$stamp" && exit
work=$(mktemp -d "$beds/kubernetes/images.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Kubernetes' own pause, whose source comes with the module.
module=$(cd tools/kubernetes && go list -m -f '{{.Dir}}' k8s.io/kubernetes)
mkdir "$work/pause"
cc -Os -static -s -DVERSION=bed -o "$work/pause/pause" "$module/build/pause/linux/pause.c"
./mkimage bed.test/pause:1 "$work/pause" "$images/pause.tar" --entrypoint /pause
step image bed.test/pause:1

root=$work/busybox
mkdir -p "$root"/{bin,etc,root,tmp,var/run}
chmod 1777 "$root/tmp"
cp "$beds/kubernetes/packages/bin/busybox" "$root/bin/busybox"
"$root/bin/busybox" --list | grep -vx busybox | xargs -I{} ln -s busybox "$root/bin/{}"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
./mkimage bed.test/busybox:1 "$root" "$images/busybox.tar"
step image bed.test/busybox:1

echo "$stamp" >"$images/.stamp"
