//! Names: the API group, the labels and annotations of our objects, and the names of a job's children.

/// The API group of `SparkJob`.
pub const GROUP: &str = "lcmap.usgs.gov";

/// The one version of the API.
pub const VERSION: &str = "v1alpha1";

/// `apiVersion` as a manifest writes it.
pub const API_VERSION: &str = "lcmap.usgs.gov/v1alpha1";

/// `kind` as a manifest writes it.
pub const KIND: &str = "SparkJob";

/// What every label and annotation of lcmap-spark begins with. Reserved: a pod template may not use it.
pub const PREFIX: &str = "lcmap.usgs.gov/";

/// Label of a job's children: the job's name.
pub const LABEL_JOB: &str = "lcmap.usgs.gov/job";

/// Label of a driver pod: the ordinal of its attempt, from 1.
pub const LABEL_ATTEMPT: &str = "lcmap.usgs.gov/attempt";

/// Label of a driver pod: the job's mode.
pub const LABEL_MODE: &str = "lcmap.usgs.gov/mode";

/// Label of a framework on Mesos: the cluster that its job is in, so that no operator takes another's for its own.
pub const LABEL_CLUSTER: &str = "lcmap.usgs.gov/cluster";

/// Label of a framework on Mesos: the job's UID.
pub const LABEL_UID: &str = "lcmap.usgs.gov/uid";

/// Label of a driver pod: what it runs, as `status.run` says it.
pub const LABEL_RUN: &str = "lcmap.usgs.gov/run";

/// Annotation of a driver pod: its launch plan, read by the agent through the downward API.
pub const ANNOTATION_PLAN: &str = "lcmap.usgs.gov/plan";

/// Annotation of a driver pod: the revision of the spec that it was made from, as `<generation>-<hash>`.
pub const ANNOTATION_REVISION: &str = "lcmap.usgs.gov/revision";

/// Annotation of a job, set by a person: any value other than the last one acted on runs the job again.
/// The value that is there when the job is created counts as done.
pub const ANNOTATION_RERUN: &str = "lcmap.usgs.gov/rerun";

/// Annotation of a job, set by a person: the id of a framework that lcmap-spark shall no longer wait for,
/// because its Mesos is gone for good.
pub const ANNOTATION_ABANDON_FRAMEWORK: &str = "lcmap.usgs.gov/abandon-framework";

/// Finalizer of a job that may have a framework on Mesos.
pub const FINALIZER: &str = "lcmap.usgs.gov/mesos-framework";

/// The field manager of everything that the operator applies.
pub const FIELD_MANAGER: &str = "lcmap-spark";

/// The container of a driver pod that runs Spark. Reserved in pod templates.
pub const DRIVER_CONTAINER: &str = "driver";

/// What the names of our own init containers and volumes begin with. Reserved in pod templates.
pub const RESERVED_PREFIX: &str = "lcmap-";

/// The longest name of a job, in characters.
///
/// The longest name derived from it, `<job>-driver-<attempt>` with nine digits, then fits the 63 characters of
/// a label value and of a Service's name (RFC 1035).
pub const MAX_JOB_NAME: usize = 46;

/// The name of an attempt's driver pod. Creating it is the lock that keeps an attempt single.
pub fn driver_pod(job: &str, attempt: i32) -> String {
    format!("{job}-driver-{attempt}")
}

/// The id of an attempt's first framework on Mesos. Further ones of the same driver get `-2`, `-3` … behind it; none is ever
/// used twice.
pub fn framework_id(uid: &str, attempt: i32) -> String {
    format!("{uid}-{attempt}")
}

/// The name of a notebook's Service.
pub fn notebook_service(job: &str) -> String {
    format!("{job}-notebook")
}

/// The name of the Secret with a notebook's token, where the job names none of its own.
///
/// A part of the job's UID is in it: a job that was deleted and is made again at once would otherwise find the Secret
/// of its predecessor, which is about to go.
pub fn notebook_token_secret(job: &str, uid: &str) -> String {
    let part: String = uid.chars().take(8).collect();
    format!("{job}-token-{part}")
}

/// The name of the claim with a notebook's files, where the job names none of its own.
pub fn notebook_claim(job: &str) -> String {
    format!("{job}-notebook")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_childs_name_fits_a_label_value() {
        let job = "j".repeat(MAX_JOB_NAME);
        for name in [
            driver_pod(&job, 999_999_999),
            notebook_service(&job),
            notebook_token_secret(&job, "01234567-89ab-cdef"),
            notebook_claim(&job),
        ] {
            assert!(name.len() <= 63, "{name} has {} characters", name.len());
        }
    }

    #[test]
    fn reserved_names_carry_the_prefix() {
        for name in [
            LABEL_JOB,
            LABEL_ATTEMPT,
            LABEL_RUN,
            ANNOTATION_PLAN,
            ANNOTATION_REVISION,
            ANNOTATION_RERUN,
            ANNOTATION_ABANDON_FRAMEWORK,
            FINALIZER,
        ] {
            assert!(name.starts_with(PREFIX), "{name}");
        }
        assert_eq!(API_VERSION, format!("{GROUP}/{VERSION}"));
    }
}
