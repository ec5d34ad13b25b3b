//! Fields of a pod that take one of a few words. The schema that Kubernetes publishes names none of them.
//!
//! Source: `k8s.io/api/core/v1/types.go` and `pkg/apis/core/validation` (1.35).

/// The fields, by the kind of object that has them.
const WORDS: [(&str, &str, &[&str]); 24] = [
    ("AppArmorProfile", "type", PROFILES),
    ("Container", "imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
    ("Container", "terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
    ("ContainerPort", "protocol", &["TCP", "UDP", "SCTP"]),
    ("ContainerResizePolicy", "restartPolicy", &["NotRequired", "RestartContainer"]),
    ("HTTPGetAction", "scheme", &["HTTP", "HTTPS"]),
    (
        "HostPathVolumeSource",
        "type",
        &["DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"],
    ),
    ("LabelSelectorRequirement", "operator", &["In", "NotIn", "Exists", "DoesNotExist"]),
    ("NodeSelectorRequirement", "operator", &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]),
    ("PodOS", "name", &["linux", "windows"]),
    ("PodSecurityContext", "fsGroupChangePolicy", &["OnRootMismatch", "Always"]),
    ("PodSecurityContext", "seLinuxChangePolicy", &["MountOption", "Recursive"]),
    ("PodSecurityContext", "supplementalGroupsPolicy", &["Merge", "Strict"]),
    ("PodSpec", "dnsPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    ("PodSpec", "preemptionPolicy", &["PreemptLowerPriority", "Never"]),
    ("SeccompProfile", "type", PROFILES),
    ("SecurityContext", "procMount", &["Default", "Unmasked"]),
    ("Toleration", "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    ("Toleration", "operator", &["Equal", "Exists", "Gt", "Lt"]),
    ("TopologySpreadConstraint", "nodeAffinityPolicy", &["Honor", "Ignore"]),
    ("TopologySpreadConstraint", "nodeTaintsPolicy", &["Honor", "Ignore"]),
    ("TopologySpreadConstraint", "whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"]),
    ("VolumeMount", "mountPropagation", &["None", "HostToContainer", "Bidirectional"]),
    ("VolumeMount", "recursiveReadOnly", &["Disabled", "IfPossible", "Enabled"]),
];

const PROFILES: &[&str] = &["RuntimeDefault", "Localhost", "Unconfined"];

/// The words that a field takes, if it is one of these.
pub(super) fn of(kind: &str, field: &str) -> Option<&'static [&'static str]> {
    WORDS.iter().find(|(of, name, _)| (*of, *name) == (kind, field)).map(|(_, _, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::pod::shape;

    #[test]
    fn each_of_them_is_a_field_of_a_pod() {
        for (kind, field, _) in WORDS {
            assert!(shape::fields(kind).is_some_and(|fields| fields.contains_key(field)), "{kind}.{field}");
        }
    }
}
