//! The `CustomResourceDefinition`, as it is installed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::columns::columns;
use super::rules::job_name_rule;
use crate::SparkJob;

/// The `CustomResourceDefinition` of `SparkJob`.
pub fn crd() -> CustomResourceDefinition {
    let mut definition = SparkJob::crd();
    for version in &mut definition.spec.versions {
        version.additional_printer_columns = Some(columns());
        let schema = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
        if let Some(schema) = schema {
            schema.x_kubernetes_validations = Some(vec![job_name_rule()]);
            for_each(schema, &mut plain);
        }
    }
    definition
}

/// Takes from one schema what Rust's types put there and Kubernetes does better without.
///
/// * `nullable`: without it the API server prunes a null, so that `image:` with nothing after it means "not set".
/// * integer formats: the bounds say more, and Kubernetes knows none of the unsigned ones.
fn plain(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if let Some(values) = &mut schema.enum_ {
        values.retain(|value| !value.0.is_null());
    }
    if matches!(schema.type_.as_deref(), Some("integer" | "number")) {
        schema.format = None;
    }
}

/// Applies `change` to a schema and to all schemas in it.
fn for_each(schema: &mut JSONSchemaProps, change: &mut impl FnMut(&mut JSONSchemaProps)) {
    change(schema);
    for property in schema.properties.iter_mut().flat_map(|properties| properties.values_mut()) {
        for_each(property, change);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        for_each(items, change);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        for_each(values, change);
    }
}
