#!/usr/bin/env bash
# build.sh STAGE IMAGE: builds a stage of the Dockerfile by podman, with the storage of the tests' podman. No registry of
# images is asked: the base is made from Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/beds/steps.sh

export CONTAINERS_CONF=$beds/podman/containers.conf CONTAINERS_STORAGE_CONF=$beds/podman/storage.conf
base=localhost/debian:bookworm
if ! podman image exists "$base"; then
    step image "$base, from Debian's packages"
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Codename: bookworm' |
        mmdebstrap --quiet --variant=minbase bookworm - - | podman import --quiet - "$base" >/dev/null
fi
options=()
# A site whose proxy has a certificate of its own says so by this variable.
if [ -n "${SSL_CERT_FILE:-}" ]; then
    options=(--volume "$SSL_CERT_FILE:/run/site.crt:ro" --build-arg PIP_CERT=/run/site.crt)
fi
step image "$2"
podman build --quiet --network=host --layers --file image/Dockerfile --ignorefile image/Dockerfile.dockerignore \
    --target "$1" --build-arg "BASE=$base" "${options[@]}" --tag "$2" .
