//! The operator, held to a real API server: everything that a job may come to, as `kubectl` shows it.
//!
//! The tests play scheduler and kubelet, so that every state of a pod can be shown.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a harness fails its test so")]
#![expect(clippy::needless_pass_by_value, reason = "json!(…) is written where it is used")]

mod bed;
mod broken;
mod contenders;
mod crashes;
mod deadlines;
mod driver;
mod edits;
mod endings;
mod identity;
mod job;
mod leaders;
mod life;
mod mesos;
mod notebooks;
mod outages;
mod probes;
mod refusals;
mod requests;
mod restarts;
mod rights;
mod scopes;
mod space;
mod suspension;
mod waiting;
