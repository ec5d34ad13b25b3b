//! No file makes the reading of certificates and keys panic, and whatever PEM is read is written and read back the same.

#![no_main]

use lcmap_spark_agent::certificates::{PrivateKey, pem};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(blocks) = pem::read(file) else { return };
    for block in blocks {
        let _ = PrivateKey::parse(&block);
        let written = pem::write("X", [block.der.as_slice()]);
        let again = pem::read(written.as_bytes()).expect("what was written can be read");
        assert_eq!(again[0].der, block.der);
    }
});
