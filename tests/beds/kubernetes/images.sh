#!/usr/bin/env bash
# images.sh: the images that every node has: bed.test/pause:1, which keeps a pod's namespaces, and bed.test/busybox:1.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bed=${LCMAP_KUBERNETES_BED:-$here/../../../target/bed/kubernetes}
images=$bed/images
mkdir -p "$images"
exec 9>"$bed/images.lock"
flock 9
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

if [[ ! $images/pause.tar -nt $here/mkimage ]]; then
  # Kubernetes' own, whose source comes with the module.
  source=$(cd "$here/tools/kubernetes" && go list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
  mkdir "$work/pause"
  cc -Os -static -s -DVERSION=bed -o "$work/pause/pause" "$source"
  "$here/mkimage" bed.test/pause:1 "$work/pause" "$images/pause.tar" --entrypoint /pause
  echo "bed: made image bed.test/pause:1"
fi
if [[ ! $images/busybox.tar -nt $here/mkimage ]]; then
  root=$work/busybox
  mkdir -p "$root"/{bin,etc,root,tmp,var/run} && chmod 1777 "$root/tmp"
  cp "$bed/packages/bin/busybox" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  "$here/mkimage" bed.test/busybox:1 "$root" "$images/busybox.tar"
  echo "bed: made image bed.test/busybox:1"
fi
