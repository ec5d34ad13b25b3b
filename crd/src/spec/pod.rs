//! A pod template, kept as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema;

/// A pod template, merged under what lcmap-spark sets itself.
///
/// It is kept as JSON: a typed pod would drop what this version does not know. Lists merge by their strategic-merge
/// keys, so that a container named `driver` adds to ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodTemplate {
    /// Labels and annotations of the driver pod; `lcmap.usgs.gov/` is reserved. Nothing else in here is used, as in every
    /// template of Kubernetes.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "schema::pod_metadata")]
    pub metadata: Map<String, Value>,
    /// Anything of a Kubernetes PodSpec, beside what has its own field in this specification. The container `driver` is
    /// ours to add to; init containers and volumes named `lcmap-*` are reserved, but for the `resources` of the init
    /// containers `lcmap-agent` and `lcmap-inspect`, which are the driver's unless set.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "schema::pod_spec")]
    pub spec: Map<String, Value>,
}
