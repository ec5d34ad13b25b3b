//! ZooKeeper's wire format: big-endian numbers, and strings and buffers behind their length.
//!
//! Source: `zookeeper-jute/src/main/resources/zookeeper.jute` of ZooKeeper 3.6.

/// Reads what was sent; every reader gives none at a torn message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn int(&mut self) -> Option<i32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i32::from_be_bytes(*number))
    }

    pub(super) fn long(&mut self) -> Option<i64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i64::from_be_bytes(*number))
    }

    /// A buffer; a missing one (length -1) is empty.
    pub(super) fn buffer(&mut self) -> Option<&'a [u8]> {
        let length = self.int()?;
        let (buffer, rest) = self.0.split_at_checked(usize::try_from(length).unwrap_or(0))?;
        self.0 = rest;
        Some(buffer)
    }

    pub(super) fn strings(&mut self) -> Option<Vec<String>> {
        let count = self.int()?;
        (0..count).map(|_| self.buffer().map(|text| String::from_utf8_lossy(text).into_owned())).collect()
    }
}

/// Puts a message together.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn int(mut self, number: i32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, number: i64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(super) fn flag(mut self, set: Flag) -> Self {
        self.0.push(set as u8);
        self
    }

    pub(super) fn buffer(self, bytes: &[u8]) -> Self {
        // What is written here are paths, a password and 16 zeros.
        let mut longer = self.int(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        longer.0.extend_from_slice(bytes);
        longer
    }
}

/// A boolean of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    No = 0,
    Yes = 1,
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..60)) {
            let _ = Reader(&bytes).strings();
            let mut reader = Reader(&bytes);
            while reader.buffer().is_some_and(|buffer| !buffer.is_empty()) {}
            let _ = (reader.int(), reader.long());
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let message = Writer::default().int(-3).long(7).flag(Flag::Yes).buffer(b"ab").0;
        assert_eq!(message, [255, 255, 255, 253, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 0, 2, b'a', b'b']);
        let mut reader = Reader(&message);
        assert_eq!((reader.int(), reader.long()), (Some(-3), Some(7)));
    }
}
