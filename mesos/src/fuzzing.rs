//! What fuzz targets reach: the readers of what comes off the network. Built with `--cfg fuzzing` alone.

use bytes::BytesMut;
use prost::Message;

use crate::{
    http::{Body, Head},
    leader,
    message::RawEvent,
    recordio::Decoder,
};

/// An answer's head, as debug text, and what is read of its body, when it arrives in pieces of this size.
pub fn answer(bytes: &[u8], piece: usize) -> Option<(String, Vec<u8>)> {
    let mut buffer = BytesMut::new();
    let mut head = None;
    let mut read = Vec::new();
    for piece in bytes.chunks(piece) {
        buffer.extend_from_slice(piece);
        if head.is_none() {
            let Some(parsed) = Head::parse(&mut buffer).ok()? else { continue };
            head = Some((format!("{parsed:?}"), Body::new(parsed.framing)));
        }
        if let Some((_, body)) = &mut head {
            while let Some(part) = body.take(&mut buffer).ok()? {
                read.extend_from_slice(&part);
            }
        }
    }
    head.map(|(head, _)| (head, read))
}

/// The records of an event stream up to what is none, when it arrives in pieces of this size. Each is decoded as an event.
pub fn events(bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::default();
    let mut records = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next_record() {
                Ok(Some(record)) => {
                    let _ = RawEvent::decode(record.clone());
                    records.push(record.to_vec());
                }
                Ok(None) => break,
                // The subscription is given up.
                Err(_) => return records,
            }
        }
    }
    records
}

/// What a `ZooKeeper` server sends: the children of a node, and what the leader wrote into its own.
pub fn zookeeper(bytes: &[u8]) {
    leader::read(bytes);
}
