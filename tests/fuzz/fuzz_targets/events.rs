//! No bytes make the reader of event streams panic, and a stream has the same records however it is torn.

#![no_main]

use lcmap_mesos::fuzzing::events;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = events(bytes, bytes.len().max(1));
    for piece in [1, 2, 7] {
        assert_eq!(events(bytes, piece), whole);
    }
});
