"""Debian's libcurl carries the symbol version CURL_OPENSSL_4 where this build of Mesos asks for CURL_OPENSSL_3: rename it."""

import struct
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

OLD, NEW = b"CURL_OPENSSL_3", b"CURL_OPENSSL_4"


def elf_hash(name: bytes) -> int:
    """The System V hash by which the dynamic linker looks versions up."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high
    return value


library = Path(sys.argv[1])
with library.open("rb") as file:
    elf = ELFFile(file)
    dynamic = elf.get_section_by_name(".dynamic")
    strings = next(tag.entry.d_val for tag in dynamic.iter_tags() if tag.entry.d_tag == "DT_STRTAB")
    strings = next(iter(elf.address_offsets(strings)))
blob = bytearray(library.read_bytes())
# An Elf64_Vernaux: hash (4 bytes), flags, other (2 each), then the offset of the name in the string table.
entry = blob.find(struct.pack("<I", elf_hash(OLD)))
name = strings + struct.unpack_from("<I", blob, entry + 8)[0]
assert entry > 0 and blob[name : name + len(OLD)] == OLD, "this library does not ask for CURL_OPENSSL_3"
blob[name : name + len(OLD)] = NEW
struct.pack_into("<I", blob, entry, elf_hash(NEW))
library.write_bytes(blob)
