//! Mesos over HTTP: scheduler API v1, operator API v1, leader detection, mutual TLS.
//!
//! Knows nothing of Java or Kubernetes. Everything runs on a tokio runtime with I/O and time enabled; a current-thread one
//! is enough.

mod address;
mod credential;
mod error;
mod framework;
mod framework_labels;
mod framework_state;
#[cfg(fuzzing)]
pub mod fuzzing;
mod http;
mod kind;
mod leader;
mod offer_state;
mod plain_file;
mod port_ranges;
mod preflight;
mod probe;
mod question;
mod recordio;
mod release;
mod resolve;
mod transport;

pub mod message;
pub mod operator;
pub mod scheduler;
pub mod tls;
pub mod wire;

pub use address::{AddressError, Ensemble, HostPort, MASTER_PORT, Masters, ZOOKEEPER_PORT};
pub use credential::{Credential, CredentialError, CredentialSource};
pub use error::{Doing, Error, FrameworkError};
pub use framework::FrameworkInfo;
pub use framework_labels::{
    CERTIFICATE_LABEL, Labels, OFFERS_LABEL, REFUSED_LABEL, UNREACHED_LABEL, decode_labels, encode_labels,
    read_labels, write_labels,
};
pub use framework_state::{FrameworkPhase, FrameworkState, SupervisedFramework, read_states};
pub use kind::ErrorKind;
pub use leader::{Detector, ZooKeeperError};
pub use offer_state::{OfferState, Standstill, StandstillCause};
pub use plain_file::{open_plain_file, read_plain_file};
pub use port_ranges::PortRanges;
pub use preflight::{Passing, Reached, preflight};
pub use probe::{Agreed, Probed, probe};
pub use recordio::{Decoder, LONGEST_RECORD, RecordError};
pub use release::{ReleaseError, release};
pub use transport::Master;

/// Whom to speak to, and as whom.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the masters are.
    pub masters: Masters,
    /// How to speak to them.
    pub security: tls::Security,
    /// The principal of each request.
    pub credential: CredentialSource,
}
