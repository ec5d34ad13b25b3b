//! The `CustomResourceDefinition`, as it is installed.

use std::fmt;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::columns::columns;
use super::rules::job_name_rule;
use crate::SparkJob;

/// The `CustomResourceDefinition` of `SparkJob`, as it is installed.
///
/// Not `SparkJob::crd()` of kube's trait, which knows neither the columns nor what is done to the schema here.
pub fn crd() -> CustomResourceDefinition {
    let mut definition = SparkJob::crd();
    for version in &mut definition.spec.versions {
        version.additional_printer_columns = Some(columns());
        let schema = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
        if let Some(schema) = schema {
            name_the_job(schema);
            for_each(schema, &mut plain);
        }
    }
    definition
}

/// [`crd`] as YAML.
pub fn crd_yaml() -> Result<String, fmt::Error> {
    let mut text = String::from(
        "# Generated from crd/src: UPDATE_GENERATED=1 cargo test -p lcmap-spark-crd --test generated\n",
    );
    serde_saphyr::to_fmt_writer(&mut text, &crd()).map_err(|_| fmt::Error)?;
    Ok(text)
}

/// Bounds the job's own name, from which other names are made.
///
/// A rule may point at `metadata.name` only where the schema declares it.
fn name_the_job(root: &mut JSONSchemaProps) {
    let name =
        JSONSchemaProps { type_: Some("string".into()), max_length: Some(253), ..JSONSchemaProps::default() };
    let metadata = JSONSchemaProps {
        type_: Some("object".into()),
        properties: Some([("name".into(), name)].into()),
        ..JSONSchemaProps::default()
    };
    root.properties.get_or_insert_default().insert("metadata".into(), metadata);
    root.x_kubernetes_validations = Some(vec![job_name_rule()]);
}

/// Takes from one schema what Rust's types put there and Kubernetes does better without.
///
/// * `nullable`: without it the API server prunes a null, so that `image:` with nothing after it means "not set".
/// * line breaks in descriptions: those of our source mean nothing to `kubectl explain`.
/// * integer formats: the bounds say more, and Kubernetes knows none of the unsigned ones.
fn plain(schema: &mut JSONSchemaProps) {
    schema.description = schema.description.take().map(|text| text.replace('\n', " "));
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
