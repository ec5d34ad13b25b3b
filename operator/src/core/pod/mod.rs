//! A job → its driver pod, and a driver pod → what its driver does.

mod build;
mod children;
mod containers;
mod merge;
mod places;
mod read;
mod resources;
mod seen;
mod sources;
mod template;
#[cfg(test)]
mod tests;
mod ui;
mod volumes;
mod waiting;

pub use build::{Unfit, pod};
pub use children::{claim, service, token_secret};
pub use read::{Incident, read, stopping};
pub use seen::{Container, ContainerState, DriverPod, PodCondition, Terminated};
pub use ui::{address, is_at, ui};
