//! A job → its driver pod, and a driver pod → what its driver does.

mod build;
mod children;
mod containers;
mod driver_pod;
mod merge;
mod places;
mod read;
mod refusal;
mod resources;
mod sources;
mod template;
#[cfg(test)]
mod tests;
mod ui;
mod volumes;
mod waiting;

pub use build::{Unfit, pod};
pub use children::{claim, service, token_secret};
pub use driver_pod::{Container, ContainerState, DriverPod, PodCondition, Terminated};
pub use read::{Incident, read, stopping};
pub use refusal::{Refusal, Refused};
pub use template::{Misfit, TemplateFaults, template_faults};
pub use ui::{address, is_at, ui};
