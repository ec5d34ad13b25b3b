#!/usr/bin/env bash
# The podman bed: podman with its own storage in target/bed/podman, and in it the image localhost/lcmap-spark:bed,
# laid out as the image that started the project: Spark in /opt/spark, Jupyter, Python, home /home/lcmap.
# No registry is asked: the image is made from Debian's packages and the wheels that the Spark bed is made from.
set -euo pipefail
cd "$(dirname "$0")"
. ./steps.sh

podman=$beds/podman
image=localhost/lcmap-spark:bed

debian=bookworm
packages=openjdk-17-jre-headless,python3,procps

command -v podman runc mmdebstrap >/dev/null || apt_install podman runc mmdebstrap

mkdir -p "$podman"
cat >"$podman/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$podman/storage"
runroot = "$podman/run"
EOF
# The limits are set low enough for a root without CAP_SYS_RESOURCE, the runtime is the one that also works on a
# machine with both versions of cgroups mounted, and nothing of it needs systemd. No static_dir and no volume_path:
# podman's own clean-up, which runs without storage.conf, would then not find the container, and `podman run` would
# wait 20 s for it.
cat >"$podman/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "$podman/tmp"
EOF
export CONTAINERS_CONF=$podman/containers.conf CONTAINERS_STORAGE_CONF=$podman/storage.conf

stamp=$(cat podman.sh steps.sh Containerfile spark-requirements.txt "$beds/spark/.stamp" | sha256sum)
if is_made "$podman" "$stamp" && podman image exists "$image"; then
    step image "$image"
    exit
fi

context=$(mktemp -d "$podman/context.XXXXXX")
trap 'rm -rf "$context"' EXIT

base=localhost/debian:$(sha256sum <<<"$debian $packages" | head -c 12)
if ! podman image exists "$base"; then
    step image "Debian $debian with ${packages//,/, } (two minutes)"
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' "Codename: $debian" |
        mmdebstrap --quiet --variant=minbase --include="$packages" --dpkgopt='path-exclude=/usr/share/locale/*' \
            "$debian" "$context/debian.tar" -
    podman import --quiet "$context/debian.tar" "$base" >/dev/null
    rm "$context/debian.tar"
fi

step image "Spark and Jupyter"
# Wheels for the image's Python, whichever Python the Spark bed has.
"$beds/spark/bin/pip" install --quiet --disable-pip-version-check --target "$context/python" \
    --python-version 3.11 --only-binary :all: $(grep -vE '^(#|pyspark)' spark-requirements.txt)
cp -r "$("$beds/spark/bin/python" -c 'import pyspark, os; print(os.path.dirname(pyspark.__file__))')" "$context/python/pyspark"
sed -i '1s|^#!.*|#!/usr/bin/python3|' "$context"/python/bin/*
mkdir -p "$context/java/bin"
printf '#!/bin/sh\nexec /usr/bin/java %s "$@"\n' "$jvm_options" >"$context/java/bin/java"
chmod +x "$context/java/bin/java"
cp Containerfile "$context"
podman build --quiet --build-arg "BASE=$base" --tag "$image" "$context" >/dev/null
echo "$stamp" >"$podman/.stamp"
step image "$image"
