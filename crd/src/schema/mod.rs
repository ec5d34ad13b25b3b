//! The `OpenAPI` schema of `SparkJob`: what the derived types cannot say by themselves.

mod columns;
mod definition;
mod rules;

pub use definition::{crd, crd_yaml};
pub(crate) use rules::{
    OBJECT_NAME, conf, constraints, env_name, mesos_master, mesos_role, pod_metadata, pod_spec, spec,
    storage_size, task_labels,
};
