//! Pod templates without a cluster: what an API server would say to the pod.
//!
//! `SparkJob`'s own schema does not look into a template, so that fields of newer servers pass. Here its fields are held
//! against Kubernetes' own schema of a pod; what that does not know is left to the server.

mod quantities;
mod rules;
mod shape;
mod types;
mod words;

use super::violation::Violation;
use crate::spec::PodTemplate;

/// What an API server would say to a pod of this template. Fields are named as in the job: `spec.pod.spec.containers[0]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodVerdict {
    /// What no API server can read: a value of another type, a quantity that is none.
    pub unreadable: Vec<Violation>,
    /// What it reads and then refuses, naming the field itself. A newer one may take it.
    pub refused: Vec<Violation>,
    /// What may be a mistake: fields that this version does not know, less than one byte of memory.
    pub doubtful: Vec<Violation>,
}

/// Judges a template. What must not be in one because lcmap-spark sets it is not looked at.
pub fn judge_pod(template: &PodTemplate) -> PodVerdict {
    let mut verdict = PodVerdict::default();
    types::check(&template.spec, "spec.pod.spec", &mut verdict);
    rules::check(template, &mut verdict);
    verdict
}
