#!/usr/bin/env python3
"""Writes the wheel of lcmap-spark: the command, the agent and libmesos.so, as `pip install lcmap-spark` takes them.

Two wheels of the same programs are equal byte by byte. Their files are dated by SOURCE_DATE_EPOCH, else 1980."""

# Why not maturin: it builds what it packs, by one profile. These three have a profile each, libmesos.so is linked by
# zig, and the tests pack programs that are built already. A wheel of programs needs no more than what follows.

import argparse
import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# All three go where an environment keeps its programs, because the command looks for the others beside itself. Other
# places for libmesos.so were tried: pip leaves an empty folder in share and libexec, `pip install --target` drops what
# is for lib, and in /usr/local/lib there may be Mesos' own.
PROGRAMS = ("lcmap-agent", "lcmap-spark", "libmesos.so")

# What manylinux_2_17 promises of a system (https://peps.python.org/pep-0599/, https://peps.python.org/pep-0600/).
OLDEST_GLIBC = (2, 17)
LIBRARIES = {"libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libgcc_s.so.1"}
LIBRARIES |= {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "aarch64"}


def cargo(key: str) -> str:
    """A key of the workspace's package. Python reads TOML only since 3.11."""
    return re.search(rf'^{key} = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def python_version(version: str) -> str:
    """Cargo's version as Python writes it: 1.2.0-rc.1 is 1.2.0rc1."""
    written = re.fullmatch(r"(\d+\.\d+\.\d+)(?:-(a|b|rc)[a-z]*\.(\d+))?", version)
    if not written:
        sys.exit(f"Cargo.toml: version {version}: Python has no such version; write 1.2.3, or 1.2.3-rc.1")
    return "".join(part for part in written.groups() if part)


def machine(program: pathlib.Path) -> str:
    """The machine that a program is for, once it is sure to run on every system that the wheel is for."""
    command = ["readelf", "--wide", "--file-header", "--dynamic", "--version-info", program]
    elf = subprocess.run(command, text=True, capture_output=True, env={**os.environ, "LC_ALL": "C"}).stdout
    name = re.search(r"Machine: +(.*)", elf)
    if not name or name[1] not in MACHINES:
        sys.exit(f"{program}: is no program for {' or '.join(MACHINES.values())}")
    strange = set(re.findall(r"\(NEEDED\) .*\[(.*)\]", elf)) - LIBRARIES
    if strange:
        sys.exit(f"{program}: needs {', '.join(sorted(strange))}, which not every Linux has: link it statically")
    glibc = max((tuple(map(int, it.split("."))) for it in re.findall(r"Name: GLIBC_([\d.]+)", elf)), default=OLDEST_GLIBC)
    if glibc > OLDEST_GLIBC:
        version, oldest = (".".join(map(str, it)) for it in (glibc, OLDEST_GLIBC))
        sys.exit(f"{program}: needs glibc {version}, newer than {oldest}: `make build` makes programs that do not")
    return MACHINES[name[1]]


def tag(programs: pathlib.Path) -> str:
    """The systems that the wheel is for."""
    machines = {machine(programs / program) for program in PROGRAMS}
    if len(machines) > 1:
        sys.exit(f"{programs}: its programs are for different machines: {', '.join(sorted(machines))}")
    return f"py3-none-manylinux_{OLDEST_GLIBC[0]}_{OLDEST_GLIBC[1]}_{machines.pop()}"


def metadata(version: str) -> bytes:
    """METADATA, with the README as the description. On PyPI a link needs its site."""
    repository = cargo("repository")
    head = (ROOT / "python/METADATA").read_text().format(version=version, repository=repository)
    pages = f"{repository}/blob/v{cargo('version')}/"
    readme = re.sub(r"\]\((?!https?:|#)", f"]({pages}", (ROOT / "README.md").read_text())
    return f"{head}\n{readme}".encode()


def wheel_file(tagged: str) -> bytes:
    """WHEEL: how to unpack it."""
    return f"Wheel-Version: 1.0\nGenerator: lcmap-spark\nRoot-Is-Purelib: false\nTag: {tagged}\n".encode()


def record(files: "dict[str, bytes]", name: str) -> bytes:
    """RECORD: every file with its digest, and itself without."""

    def line(path: str, content: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return f"{path},sha256={digest},{len(content)}\n"

    return "".join([line(*file) for file in files.items()] + [f"{name},,\n"]).encode()


def write(wheel: pathlib.Path, files: "dict[str, bytes]") -> None:
    """Writes the archive beside its place first, so that nobody finds half of it."""
    earliest = 315532800  # 1980, where the time of zip begins
    made = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", earliest)), earliest))[:6]
    unfinished = wheel.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, made)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever this is
            entry.external_attr = (0o100755 if ".data/scripts/" in path else 0o100644) << 16
            archive.writestr(entry, content)
    unfinished.replace(wheel)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("programs", type=pathlib.Path, help=f"the folder with {', '.join(PROGRAMS)}")
    arguments.add_argument("folder", type=pathlib.Path, help="where the wheel is written")
    given = arguments.parse_args()
    missing = [program for program in PROGRAMS if not (given.programs / program).is_file()]
    if missing:
        sys.exit(f"{given.programs}: there is no {' and no '.join(missing)}; `make build` makes them in target/bin")

    version, tagged = python_version(cargo("version")), tag(given.programs)
    name = f"lcmap_spark-{version}"
    files = {f"{name}.data/scripts/{program}": (given.programs / program).read_bytes() for program in PROGRAMS}
    files[f"{name}.dist-info/METADATA"] = metadata(version)
    files[f"{name}.dist-info/WHEEL"] = wheel_file(tagged)
    files[f"{name}.dist-info/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{name}.dist-info/RECORD"] = record(files, f"{name}.dist-info/RECORD")

    given.folder.mkdir(parents=True, exist_ok=True)
    wheel = given.folder / f"{name}-{tagged}.whl"
    write(wheel, files)
    print(wheel)


if __name__ == "__main__":
    main()
