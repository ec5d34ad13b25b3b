#!/usr/bin/env python3
"""Packages the chart as `helm package` does, but the same bytes each time: that dates its files with the present."""

import argparse
import gzip
import io
import pathlib
import re
import tarfile

CHART = pathlib.Path(__file__).resolve().parent / "lcmap-spark"


def version() -> str:
    return re.search(r"^version: (.*)$", (CHART / "Chart.yaml").read_text(), re.MULTILINE)[1]


def entries(archive: tarfile.TarFile) -> None:
    # Helm reads Chart.yaml from wherever it stands; its own packages begin with it.
    files = sorted((path for path in CHART.rglob("*") if path.is_file()), key=lambda path: (path.name != "Chart.yaml", path))
    for path in files:
        content = path.read_bytes()
        entry = tarfile.TarInfo(f"{CHART.name}/{path.relative_to(CHART)}")
        entry.size, entry.mode = len(content), 0o644
        archive.addfile(entry, io.BytesIO(content))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=pathlib.Path, help="where the package is written")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    package = given.folder / f"{CHART.name}-{version()}.tgz"
    with open(package, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive:
            entries(archive)
    print(package)


if __name__ == "__main__":
    main()
