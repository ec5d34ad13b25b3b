//! The columns of `kubectl get sparkjobs`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceColumnDefinition;

/// Name, type and path of each column.
const COLUMNS: [(&str, &str, &str); 9] = [
    ("Mode", "string", ".spec.mode"),
    ("Run", "string", ".status.run"),
    ("Phase", "string", ".status.phase"),
    ("Reason", "string", ".status.reason"),
    ("Executors", "integer", ".status.mesos.executors.running"),
    ("Attempt", "integer", ".status.attempt"),
    ("Started", "date", ".status.startTime"),
    ("Took", "string", ".status.duration"),
    ("Age", "date", ".metadata.creationTimestamp"),
];

/// The further columns of `-o wide`.
const WIDE: [(&str, &str, &str); 2] =
    [("Progress", "integer", ".status.progress.percent"), ("URL", "string", ".status.url")];

/// All columns, as the definition writes them.
pub(super) fn columns() -> Vec<CustomResourceColumnDefinition> {
    let narrow = COLUMNS.into_iter().map(|column| (column, None));
    let wide = WIDE.into_iter().map(|column| (column, Some(1)));
    narrow
        .chain(wide)
        .map(|((name, type_, json_path), priority)| CustomResourceColumnDefinition {
            name: name.into(),
            type_: type_.into(),
            json_path: json_path.into(),
            priority,
            ..CustomResourceColumnDefinition::default()
        })
        .collect()
}
