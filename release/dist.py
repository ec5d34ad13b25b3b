#!/usr/bin/env python3
"""Writes what a release publishes into one folder, from programs that are built and the operator's image:

  lcmap_spark-VERSION-….whl                      for pip
  lcmap-spark-VERSION-linux-MACHINE.tar.gz       the programs alone
  lcmap-spark-operator-VERSION.oci.tar           the operator's image, for podman, skopeo, crane or ctr
  lcmap-spark-VERSION.tgz                        the Helm chart
  lcmap-spark-VERSION.yaml                       the operator, for `kubectl apply --server-side -f`
  PROGRAM.cdx.json                               its dependencies (CycloneDX), as the program itself lists them
  CHANGES.md                                     what is new
  SHA256SUMS                                     the digest of each

The same sources give the same bytes."""

import argparse
import gzip
import hashlib
import io
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("lcmap-agent", "lcmap-spark", "libmesos.so")
TEXTS = ("LICENSE", "README.md", "CHANGELOG.md")
# The resources of the kustomize base, in its order.
BUNDLE = ("charts/kustomize/namespace.yaml", "crd/sparkjobs.yaml", "charts/kustomize/operator.yaml")


def version() -> str:
    """That of the workspace. Python reads TOML only since 3.11."""
    return re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def run(*command: "str | pathlib.Path") -> str:
    try:
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    except FileNotFoundError:
        sys.exit(f"{command[0]} was not found: install it, or call `make dist`, which does")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{command[0]} failed with exit code {error.returncode}: see above")


def archive_of_programs(programs: pathlib.Path, archive: pathlib.Path) -> None:
    """The programs and the texts below one folder, without time and owner."""
    folder = archive.name.removesuffix(".tar.gz")
    files = [(programs / name, 0o755) for name in PROGRAMS] + [(ROOT / name, 0o644) for name in TEXTS]
    with open(archive, "wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, mode in files:
                content = path.read_bytes()
                entry = tarfile.TarInfo(f"{folder}/{path.name}")
                entry.size, entry.mode = len(content), mode
                tar.addfile(entry, io.BytesIO(content))


def changes(of: str) -> str:
    """The section of the changelog about a version, or about what is not released yet."""
    text = (ROOT / "CHANGELOG.md").read_text()
    sections = dict(re.findall(r"^## \[(.*?)\].*?\n(.*?)(?=^## \[|\Z)", text, re.MULTILINE | re.DOTALL))
    if of not in sections and "Unreleased" not in sections:
        sys.exit(f"CHANGELOG.md: there is no section [{of}] and none [Unreleased]")
    return sections.get(of, sections.get("Unreleased", "")).strip() + "\n"


def dependencies(program: pathlib.Path) -> str:
    """A CycloneDX document of what `cargo auditable` has written into a program."""
    return run("auditable2cdx", program)


def sums(folder: pathlib.Path) -> str:
    """As `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path, help=f"the folder with {', '.join(PROGRAMS)}")
    arguments.add_argument("image", type=pathlib.Path, help="the operator's image, as operator/image.py writes it")
    arguments.add_argument("folder", type=pathlib.Path, help="where all is written; what is in it is removed")
    arguments.add_argument("--without-dependencies", action="store_true", help="for programs that do not list them")
    given = arguments.parse_args()

    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    run(ROOT / "python/wheel.py", given.programs, given.folder)
    machine = re.search(r"manylinux_\d+_\d+_(.*)\.whl", next(given.folder.glob("*.whl")).name)[1]
    archive_of_programs(given.programs, given.folder / f"lcmap-spark-{version()}-linux-{machine}.tar.gz")
    shutil.copyfile(given.image, given.folder / f"lcmap-spark-operator-{version()}.oci.tar")
    run(ROOT / "charts/package.py", given.folder)
    (given.folder / f"lcmap-spark-{version()}.yaml").write_text("---\n".join((ROOT / path).read_text() for path in BUNDLE))
    for program in () if given.without_dependencies else PROGRAMS:
        (given.folder / f"{program}.cdx.json").write_text(dependencies(given.programs / program))
    (given.folder / "CHANGES.md").write_text(changes(version()))
    (given.folder / "SHA256SUMS").write_text(sums(given.folder))
    for path in sorted(given.folder.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path.name}")


if __name__ == "__main__":
    main()
