//! The operator, held to a real API server: everything that a job may come to, as `kubectl` shows it.
//!
//! The tests play scheduler and kubelet, so that every state of a pod can be shown.

mod bed;
mod driver;
mod endings;
mod job;
mod life;
mod requests;
mod restarts;
mod rights;
mod space;
mod waiting;
