//! No bytes make the reader of a master's answers panic, and an answer reads the same however it is torn.

#![no_main]

use lcmap_mesos::fuzzing::answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = answer(bytes, bytes.len().max(1));
    for piece in [1, 2, 7] {
        let torn = answer(bytes, piece);
        assert!(whole.is_none() || torn == whole, "{whole:?} {torn:?}");
    }
});
