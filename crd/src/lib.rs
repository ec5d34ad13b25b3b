//! The SparkJob API: types, schema, CEL rules and offline admission. No I/O.

pub mod admission;
mod condition;
mod duration;
mod edit;
pub mod ineffective;
mod memory;
mod mode;
pub mod names;
pub mod owned;
mod phase;
mod quantity;
mod reason;
pub mod reference;
mod revision;
mod schema;
pub mod spec;
pub mod status;

pub use condition::{Condition, ConditionStatus, ConditionType, find_condition, set_condition};
pub use duration::{Duration, DurationError};
pub use edit::EditClass;
pub use memory::{Memory, MemoryError};
pub use mode::Mode;
pub use phase::{Event, Phase};
pub use quantity::quantity;
pub use reason::Reason;
pub use revision::Revision;
pub use schema::{crd, crd_yaml};
pub use spec::{SparkJob, SparkJobSpec};
pub use status::SparkJobStatus;
