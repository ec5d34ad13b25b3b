#!/usr/bin/env bash
# build.sh [PROGRAM...]: builds programs of the Kubernetes bed, or all, from the Go module proxy into
# target/bed/kubernetes/bin.
# One is built again only when its module, its flags or the Go toolchain changed. Versions are pinned in
# tools/*/go.mod.
set -euo pipefail
cd "$(dirname "$0")"
. ../steps.sh

bin=$beds/kubernetes/bin
known="etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl kwok helm glua"

version() { # MODULE: as the go.mod files pin it
    awk -v module="$1" '$1 == "require" { $1 = $2; $2 = $3 } $1 == module { print $2; exit }' tools/*/go.mod
}

kubernetes_flags() { # what `kubectl version` tells
    local release minor package
    release=$(version k8s.io/kubernetes)
    minor=${release#v1.}
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        printf " -X $package.%s" "gitVersion=$release" gitMajor=1 "gitMinor=${minor%%.*}" gitTreeState=clean \
            buildDate=1970-01-01T00:00:00Z
    done
}

describe() { # PROGRAM: its module's folder, its package and the linker's flags
    flags=""
    case $1 in
    etcd) folder=etcd package=go.etcd.io/etcd/server/v3 ;;
    kube*) folder=kubernetes package=k8s.io/kubernetes/cmd/$1 flags=$(kubernetes_flags) ;;
    kwok) folder=kwok package=sigs.k8s.io/kwok/cmd/kwok
        flags="-X sigs.k8s.io/kwok/pkg/consts.Version=$(version sigs.k8s.io/kwok)" ;;
    helm) folder=helm package=helm.sh/helm/v4/cmd/helm
        flags="-X helm.sh/helm/v4/internal/version.version=$(version helm.sh/helm/v4)" ;;
    glua) folder=lua package=github.com/yuin/gopher-lua/cmd/glua ;; # the Lua that Argo CD has
    *) missing "$1" "the bed knows $known" ;;
    esac
}

is_built() { # PROGRAM STAMP
    [ -x "$bin/$1" ] && [ "$(cat "$bin/.$1.stamp" 2>/dev/null)" = "$2" ]
}

build() { # PROGRAM
    local folder package flags stamp began=$SECONDS
    describe "$1"
    stamp=$(cat "tools/$folder"/go.{mod,sum} <(go env GOVERSION) <(echo "$flags") | sha256sum)
    is_built "$1" "$stamp" && return
    exec 9>"$bin/.$1.lock"
    flock 9 # two tests may ask at once
    is_built "$1" "$stamp" && return
    step building "$1, from $package"
    # Debugging information takes a tenth of the time, and -s drops it.
    (cd "tools/$folder" && CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false \
        -gcflags=all=-dwarf=false -ldflags "-s -w $flags" -o "$bin/$1" "$package") ||
        missing "$1" "go could not build $package: see above; modules come from $(go env GOPROXY)"
    echo "$stamp" >"$bin/.$1.stamp"
    step built "$1, in $((SECONDS - began)) s"
}

command -v go >/dev/null || missing Go "install Go 1.26 or later"
mkdir -p "$bin"
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $known
for program in "$@"; do build "$program"; done
