//! The last bytes of a stream.

/// How many bytes are kept: a Python exception that carries two long stacks of the JVM has about 40,000.
pub(super) const KEPT: usize = 128 * 1024;

/// The last [`KEPT`] bytes of what was pushed. Takes twice that much memory at most.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    /// Adds what came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(KEPT)..];
        if self.bytes.len() + new.len() > 2 * KEPT {
            // Moved once for each KEPT bytes that come, not at each push.
            self.bytes.drain(..self.bytes.len() - (KEPT - new.len()));
        }
        self.bytes.extend_from_slice(new);
    }

    /// What is kept.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.drain(..self.bytes.len().saturating_sub(KEPT));
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_last_bytes_are_kept_whatever_the_pieces_they_come_in(
            lengths in prop::collection::vec(0..3 * KEPT, 0..8),
        ) {
            let mut tail = Tail::default();
            let mut all = Vec::new();
            for (number, length) in lengths.into_iter().enumerate() {
                let piece: Vec<u8> = (0..length).map(|index| u8::try_from((index + number) % 251).unwrap()).collect();
                tail.push(&piece);
                all.extend(piece);
                prop_assert!(tail.bytes.len() <= 2 * KEPT);
            }
            let expected = &all[all.len().saturating_sub(KEPT)..];
            prop_assert!(tail.into_bytes() == expected);
        }
    }
}
