//! Protobuf's wire format, for messages whose schema is not needed: what Java made is passed on as it is, a field added or
//! taken out at most.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

use bytes::BufMut;

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number.
    pub number: u32,
    /// What it holds, without key and length: the text of a string, the bytes of a message.
    pub value: Value<'a>,
    /// All of it, as it stands in the message.
    pub raw: &'a [u8],
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// An integer, an enum or a boolean.
    Varint(u64),
    /// A string, bytes or a message.
    Bytes(&'a [u8]),
    /// A double, a float, or another number of fixed size.
    Fixed(&'a [u8]),
}

/// The fields of a message in their order; ends early where the bytes are no protobuf.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        let (field, later) = next_field(rest)?;
        rest = later;
        Some(field)
    })
}

/// The last field of this number that holds bytes: in protobuf the last one counts.
pub fn bytes(message: &[u8], number: u32) -> Option<&[u8]> {
    repeated(message, number).last()
}

/// Every field of this number that holds bytes.
pub fn repeated(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(message).filter(move |field| field.number == number).filter_map(|field| match field.value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    })
}

/// The last integer of this number.
pub fn varint(message: &[u8], number: u32) -> Option<u64> {
    let is_it = |field: &Field<'_>| field.number == number;
    fields(message)
        .filter(is_it)
        .filter_map(|field| if let Value::Varint(n) = field.value { Some(n) } else { None })
        .last()
}

/// The last double of this number.
pub fn double(message: &[u8], number: u32) -> Option<f64> {
    let held = fields(message).filter(|field| field.number == number);
    let fixed =
        held.filter_map(|field| if let Value::Fixed(fixed) = field.value { Some(fixed) } else { None });
    Some(f64::from_le_bytes(fixed.last()?.try_into().ok()?))
}

/// The text of a field; empty when there is none.
pub fn text(message: &[u8], number: u32) -> String {
    String::from_utf8_lossy(bytes(message, number).unwrap_or_default()).into_owned()
}

/// The message without the fields of this number.
#[must_use]
pub fn without(message: &[u8], number: u32) -> Vec<u8> {
    fields(message).filter(|field| field.number != number).flat_map(|field| field.raw).copied().collect()
}

/// Appends a field that holds bytes: a string, or a whole message.
pub fn put_bytes(message: &mut Vec<u8>, number: u32, value: &[u8]) {
    put_varint(message, u64::from(number) << 3 | 2);
    put_varint(message, value.len() as u64);
    message.put_slice(value);
}

/// Appends an integer.
pub fn put_number(message: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(message, u64::from(number) << 3);
    put_varint(message, value);
}

/// Appends a double.
pub fn put_double(message: &mut Vec<u8>, number: u32, value: f64) {
    put_varint(message, u64::from(number) << 3 | 1);
    message.put_slice(&value.to_le_bytes());
}

fn put_varint(message: &mut Vec<u8>, value: u64) {
    prost::encoding::encode_varint(value, message);
}

fn next_field(message: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let mut rest = message;
    let key = next_varint(&mut rest)?;
    let number = u32::try_from(key >> 3).ok().filter(|number| *number != 0)?;
    let value = match key & 7 {
        0 => Value::Varint(next_varint(&mut rest)?),
        1 => Value::Fixed(take(&mut rest, 8)?),
        2 => {
            let length = usize::try_from(next_varint(&mut rest)?).ok()?;
            Value::Bytes(take(&mut rest, length)?)
        }
        5 => Value::Fixed(take(&mut rest, 4)?),
        _ => return None, // groups: Mesos has none
    };
    let raw = &message[..message.len() - rest.len()];
    Some((Field { number, value, raw }, rest))
}

fn next_varint(rest: &mut &[u8]) -> Option<u64> {
    prost::encoding::decode_varint(rest).ok()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, later) = rest.split_at_checked(length)?;
    *rest = later;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_in_is_found_again(number in 1u32..(1 << 29), integer in any::<u64>(), held in vec(any::<u8>(), 0..40)) {
            let mut message = vec![];
            put_number(&mut message, number, integer);
            put_bytes(&mut message, number, &held);
            prop_assert_eq!(varint(&message, number), Some(integer));
            prop_assert_eq!(bytes(&message, number), Some(&held[..]));
            put_double(&mut message, number, 0.5);
            prop_assert_eq!(double(&message, number), Some(0.5));
            prop_assert!(without(&message, number).is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic_and_what_is_read_is_what_stands_there(message in vec(any::<u8>(), 0..60)) {
            let read: Vec<u8> = fields(&message).flat_map(|field| field.raw).copied().collect();
            prop_assert!(message.starts_with(&read));
        }
    }

    #[test]
    fn the_last_of_several_counts() {
        let mut message = vec![];
        put_bytes(&mut message, 3, b"first");
        put_bytes(&mut message, 3, b"last");
        assert_eq!(bytes(&message, 3), Some(&b"last"[..]));
        assert_eq!(repeated(&message, 3).count(), 2);
    }
}
