//! Which of the operator's replicas acts: the one that holds a Lease.
//!
//! [`election`] decides and is pure; [`elector`] does what it says, through [`store`]; [`leadership`] is what the rest
//! of the operator asks. An own module, since the crates at hand judge a lease by another machine's clock, sleep through
//! a release, or go on for longer than they may.

mod election;
mod elector;
mod error;
mod leadership;
mod moment;
mod record;
mod store;

pub(crate) use elector::Elector;
pub(crate) use error::{LeaseError, LeaseName};
pub(crate) use leadership::Leadership;
