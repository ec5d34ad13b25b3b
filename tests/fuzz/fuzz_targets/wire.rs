//! No bytes make the reader of raw protobuf panic, and what it leaves out is what it was asked to.

#![no_main]

use lcmap_mesos::wire;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    let raw: Vec<u8> = wire::fields(message).flat_map(|field| field.raw).copied().collect();
    assert!(message.starts_with(&raw));
    for number in 0..4 {
        let rest = wire::without(message, number);
        assert!(wire::fields(&rest).all(|field| field.number != number));
        let _ = (wire::bytes(message, number), wire::varint(message, number), wire::text(message, number));
    }
    let mut longer = raw;
    wire::put_bytes(&mut longer, 9, message);
    assert_eq!(wire::bytes(&longer, 9), Some(message));
});
