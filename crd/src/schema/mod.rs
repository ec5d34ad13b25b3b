//! The `OpenAPI` schema of `SparkJob`: what the derived types cannot say by themselves.

mod columns;
mod definition;
mod rules;
pub(crate) mod walk;

pub use definition::{crd, crd_yaml};
pub(crate) use rules::{
    OBJECT_NAME, conf, constraints, env_name, mesos_master, mesos_role, pod_metadata, pod_spec, spec,
    storage_size, task_labels,
};

/// Takes the description from a type's schema. Of an optional word, kube would keep that and drop the field's own.
pub(crate) fn undescribed(schema: &mut schemars::Schema) {
    schema.remove("description");
}
