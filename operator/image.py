#!/usr/bin/env python3
"""Writes the operator's image as an OCI archive, as the last stage of the Dockerfile beside says, without a container
engine: `podman load`, `skopeo copy oci-archive:…` and `ctr images import` take it."""

import argparse
import json
import pathlib
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
MKIMAGE = HERE.parent / "tests/beds/kubernetes/mkimage"
BUDGET = 25_000_000  # bytes, compressed


def last_stage(dockerfile: str) -> dict[str, str]:
    """The instructions after the last FROM; each may stand there once."""
    lines = dockerfile.splitlines()
    start = max(i for i, line in enumerate(lines) if line.startswith("FROM "))
    stage: dict[str, str] = {}
    for line in lines[start + 1 :]:
        instruction, _, argument = line.partition(" ")
        if instruction and not instruction.startswith("#") and stage.setdefault(instruction, argument) != argument:
            sys.exit(f"operator/Dockerfile: {instruction} stands twice in the last stage")
    return stage


def options(dockerfile: str) -> list[str]:
    """What mkimage is told. An instruction that is not known here is an error, so that the two never differ."""
    stage = last_stage(dockerfile)
    copied = stage.pop("COPY", "")
    if copied != "--from=build /source/target/image/root/ /":
        sys.exit(f"operator/Dockerfile: COPY {copied}: the archive is made of target/image/root")
    words = [f"--user={stage.pop('USER')}"]
    words += [f"--entrypoint={word}" for word in json.loads(stage.pop("ENTRYPOINT"))]
    if stage:
        sys.exit(f"operator/Dockerfile: operator/image.py does not know {', '.join(stage)}")
    return words


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("name", help="with registry and tag")
    arguments.add_argument("root", type=pathlib.Path, help="what `make image-root` made")
    arguments.add_argument("archive", type=pathlib.Path)
    given = arguments.parse_args()
    dockerfile = (HERE / "Dockerfile").read_text()
    subprocess.run([MKIMAGE, given.name, given.root, given.archive, "--gzip", *options(dockerfile)], check=True)
    with tarfile.open(given.archive) as archive:
        size = sum(entry.size for entry in archive if entry.name.startswith("blobs/"))
    print(f"{given.archive}: {given.name}, {size / 1e6:.1f} MB compressed (budget {BUDGET / 1e6:.0f} MB)")


if __name__ == "__main__":
    main()
