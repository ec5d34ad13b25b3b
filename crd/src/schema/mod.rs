//! The `OpenAPI` schema of `SparkJob`: what the derived types cannot say by themselves.

mod columns;
mod definition;
mod rules;
mod texts;
pub(crate) mod walk;

pub use definition::{crd, crd_yaml};
pub(crate) use rules::{conf, constraints, pod_metadata, pod_spec, spec, task_labels};
pub(crate) use texts::*;

/// Takes the description from a type's schema. Of an optional word, kube would keep that and drop the field's own.
pub(crate) fn undescribed(schema: &mut schemars::Schema) {
    schema.remove("description");
}
