//! Where configuration and environment come from.

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// One Secret or ConfigMap with Spark properties.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new("has(self.secretName) != has(self.configMapName)")
    .message("write exactly one of secretName and configMapName"),
]))]
pub struct ConfSource {
    /// A Secret in the job's namespace; each key is a Spark property. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub secret_name: Option<String>,
    /// A ConfigMap in the job's namespace; each key is a Spark property. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub config_map_name: Option<String>,
}

/// One environment variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new("!has(self.value) || !has(self.valueFrom)")
    .message("write value or valueFrom, not both"),
]))]
pub struct EnvVar {
    /// The variable's name, as a shell writes it. Variables that a field of this specification owns are refused.
    /// Edit class: restart.
    #[schemars(schema_with = "schema::env_name")]
    pub name: String,
    /// The value itself, as it is: nothing in it is expanded. Default: empty.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32767), regex(pattern = schema::NO_NUL))]
    pub value: Option<String>,
    /// Where the value comes from. It is read by the driver's agent and is never part of the launch plan.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
    /// Whether executors get the variable, too (`spark.executorEnv.*`). Default: true for a plain value and false
    /// for one from a Secret or ConfigMap, since Mesos shows it to everybody who may look at the task.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executors: Option<bool>,
}

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new("has(self.secretKeyRef) != has(self.configMapKeyRef)")
    .message("write exactly one of secretKeyRef and configMapKeyRef"),
]))]
pub struct EnvSource {
    /// One key of a Secret in the job's namespace. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<KeyRef>,
    /// One key of a ConfigMap in the job's namespace. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<KeyRef>,
}

/// One key of a Secret or ConfigMap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyRef {
    /// The object's name. Edit class: restart.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// The key in it. Edit class: restart.
    #[schemars(schema_with = "schema::object_key")]
    pub key: String,
}

impl EnvVar {
    /// Whether executors get the variable.
    pub fn reaches_executors(&self) -> bool {
        self.executors.unwrap_or(self.value_from.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executors_see_plain_values_and_secrets_only_when_asked() {
        let plain = EnvVar { name: "A".into(), ..EnvVar::default() };
        let secret = EnvVar { value_from: Some(EnvSource::default()), ..plain.clone() };
        assert!(plain.reaches_executors());
        assert!(!secret.reaches_executors());
        assert!(!EnvVar { executors: Some(false), ..plain }.reaches_executors());
        assert!(EnvVar { executors: Some(true), ..secret }.reaches_executors());
    }
}
