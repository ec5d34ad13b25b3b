//! What is read of an offer.

use bytes::Bytes;
use lcmap_mesos::{PortRanges, wire};

/// Numbers of fields: `mesos.proto` of Mesos 1.11.
mod field {
    /// `Offer.id`, an `OfferID`.
    pub(super) const ID: u32 = 1;
    /// `Offer.slave_id`.
    pub(super) const AGENT: u32 = 3;
    /// `Offer.hostname`.
    pub(super) const HOST: u32 = 4;
    /// `Offer.resources`.
    pub(super) const RESOURCES: u32 = 5;
    /// `Resource.name`.
    pub(super) const NAME: u32 = 1;
    /// `Resource.scalar`, whose value is field 1.
    pub(super) const SCALAR: u32 = 3;
    /// `Resource.ranges`, whose field 1 are the ranges, from field 1 to field 2 each.
    pub(super) const RANGES: u32 = 4;
}

/// What is read of an offer. Spark sums up what comes from several reservations, and so does this.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Offer {
    /// Its `OfferID`.
    pub(crate) id: Bytes,
    /// The agent's `SlaveID`.
    pub(crate) agent: Bytes,
    pub(crate) host: String,
    pub(crate) cores: f64,
    pub(crate) memory_mib: f64,
    pub(crate) ports: PortRanges,
}

impl Offer {
    pub(crate) fn read(offer: &[u8]) -> Self {
        let field = |number| Bytes::copy_from_slice(wire::bytes(offer, number).unwrap_or_default());
        let resources = |name: &'static str| {
            let all = wire::repeated(offer, field::RESOURCES);
            all.filter(move |resource| wire::bytes(resource, field::NAME) == Some(name.as_bytes()))
        };
        let scalar = |resource: &[u8]| wire::double(wire::bytes(resource, field::SCALAR)?, 1);
        let sum = |name| resources(name).filter_map(scalar).sum();
        let ranges = resources("ports").filter_map(|resource| wire::bytes(resource, field::RANGES));
        let range = |range: &[u8]| Some(wire::varint(range, 1)?..=wire::varint(range, 2)?);
        Self {
            id: field(field::ID),
            agent: field(field::AGENT),
            host: wire::text(offer, field::HOST),
            cores: sum("cpus"),
            memory_mib: sum("mem"),
            ports: ranges.flat_map(|ranges| wire::repeated(ranges, 1)).filter_map(range).collect(),
        }
    }

    /// Cores and memory, for people.
    pub(crate) fn amount(&self) -> String {
        amount(self.cores, self.memory_mib)
    }
}

/// Cores and MiB, for people. Mesos counts in thousandths.
pub(crate) fn amount(cores: f64, memory_mib: f64) -> String {
    let rounded = |amount: f64| (amount * 1000.0).round() / 1000.0;
    let cores = rounded(cores);
    let noun = if cores > 0.0 && cores <= 1.0 { "core" } else { "cores" };
    format!("{cores} {noun} and {} MiB", rounded(memory_mib))
}
