#!/usr/bin/env bash
# build.sh PROGRAM...: builds the bed's programs from the Go module proxy into target/bed/kubernetes/bin.
# A program is built again only when its module, its flags or the Go toolchain changed (stamp files beside it).
# Versions are pinned in tools/*/go.mod; Go's own caches are used as they are.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bed=${LCMAP_KUBERNETES_BED:-$here/../../../target/bed/kubernetes}
bin=$bed/bin
mkdir -p "$bin"

version() { awk -v module="$2" '$1 == "require" && $2 == module { print $3 } $1 == module { print $2 }' \
  "$here/tools/$1/go.mod" | head -1; }

kubernetes_flags() {
  local release=$1 flags="" minor
  minor=${release#v1.} && minor=${minor%%.*}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$release -X $package.gitMajor=1 -X $package.gitMinor=$minor"
    flags+=" -X $package.gitTreeState=clean -X $package.buildDate=1970-01-01T00:00:00Z"
  done
  echo "$flags"
}

# describe PROGRAM → module folder, package, linker flags
describe() {
  case $1 in
  kube-apiserver | kube-controller-manager | kube-scheduler | kube-proxy | kubelet | kubectl)
    folder=kubernetes package=k8s.io/kubernetes/cmd/$1 flags=$(kubernetes_flags "$(version kubernetes k8s.io/kubernetes)") ;;
  etcd) folder=etcd package=go.etcd.io/etcd/server/v3 flags="" ;;
  kwok) folder=kwok package=sigs.k8s.io/kwok/cmd/kwok
    flags="-X sigs.k8s.io/kwok/pkg/consts.Version=$(version kwok sigs.k8s.io/kwok)" ;;
  helm) folder=helm package=helm.sh/helm/v4/cmd/helm
    flags="-X helm.sh/helm/v4/internal/version.version=$(version helm helm.sh/helm/v4)" ;;
  *) echo "build.sh: no program called $1; known: etcd kube-apiserver kube-controller-manager kube-scheduler" \
    "kube-proxy kubelet kubectl kwok helm" >&2 && exit 2 ;;
  esac
}

current() { [[ -x $bin/$program && $(cat "$bin/.$program.stamp" 2>/dev/null) == "$stamp" ]]; }

build() {
  local program=$1 folder package flags stamp
  describe "$program"
  stamp=$(cat "$here/tools/$folder"/go.{mod,sum} <(go env GOVERSION) <(echo "$flags") | sha256sum)
  current && return
  exec 9>"$bin/.$program.lock"
  flock 9 # two test binaries may ask at once
  current && return
  local began=$SECONDS
  echo "bed: building $program ($package)"
  if ! (cd "$here/tools/$folder" && CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false \
    -ldflags "-s -w $flags" -o "$bin/$program" "$package"); then
    echo "bed: could not build $program from $package; is the Go module proxy ($(go env GOPROXY)) reachable?" >&2
    missing+=("$program")
    return
  fi
  echo "$stamp" >"$bin/.$program.stamp"
  echo "bed: built $program in $((SECONDS - began)) s"
}

missing=()
for program in "$@"; do build "$program"; done
if ((${#missing[@]})); then
  echo "bed: not available: ${missing[*]}" >&2
  exit 1
fi
