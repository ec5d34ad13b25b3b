//! Frameworks that are labelled as ours, and whose job or attempt is gone.

use lcmap_mesos::operator::Framework;
use lcmap_spark_crd::names::{LABEL_CLUSTER, LABEL_JOB, LABEL_UID};

use crate::controller::watched::JobKey;

/// A framework of this cluster, by its labels and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labelled {
    /// The job that it was made for.
    pub(super) job: JobKey,
    /// That job's UID.
    pub(super) uid: String,
    /// The ordinal of the attempt.
    pub(super) attempt: i32,
}

/// Whether a framework is some cluster's.
pub(super) fn is_labelled(framework: &Framework) -> bool {
    framework.labels.iter().any(|(key, _)| key == LABEL_CLUSTER)
}

/// Reads the labels of a framework of this cluster. Others, and people at their laptops, have frameworks on the same Mesos.
pub(super) fn labelled(framework: &Framework, cluster: &str) -> Option<Labelled> {
    let label =
        |name: &str| framework.labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if cluster.is_empty() || label(LABEL_CLUSTER) != Some(cluster) {
        return None;
    }
    let (namespace, name) = label(LABEL_JOB)?.split_once('/')?;
    let uid = label(LABEL_UID).filter(|uid| !uid.is_empty())?;
    let rest = framework.id.strip_prefix(uid)?.strip_prefix('-')?;
    let attempt = rest.split('-').next()?.parse().ok()?;
    let job = JobKey { namespace: namespace.to_owned(), name: name.to_owned() };
    Some(Labelled { job, uid: uid.to_owned(), attempt })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn framework(id: &str, labels: &[(&str, &str)]) -> Framework {
        let labels: Vec<_> = labels.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let info = json!({"id": {"value": id}, "name": "pi", "user": "lcmap", "labels": {"labels": labels}});
        serde_json::from_value(json!({"framework_info": info})).unwrap()
    }

    #[test]
    fn only_what_this_cluster_labelled_is_ours_to_sweep() {
        let ours = [(LABEL_CLUSTER, "c"), (LABEL_JOB, "ns/pi"), (LABEL_UID, "u-1")];
        let job = JobKey { namespace: "ns".into(), name: "pi".into() };
        let expected = |attempt| Some(Labelled { job: job.clone(), uid: "u-1".into(), attempt });
        for (id, labels, cluster, found) in [
            ("u-1-3", &ours[..], "c", expected(3)),
            ("u-1-3-2", &ours[..], "c", expected(3)),
            ("u-1-3", &ours[..], "another", None),
            ("u-1-3", &ours[..], "", None),
            ("u-1-3", &ours[1..], "c", None),
            ("other-3", &ours[..], "c", None),
            ("u-1-x", &ours[..], "c", None),
        ] {
            assert_eq!(labelled(&framework(id, labels), cluster), found, "{id} {cluster}");
        }
    }
}
