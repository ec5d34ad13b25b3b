//! The definition as admission uses it: parsed and compiled once.

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::cel::{CompiledSchema, compile_schema};
use schemars::generate::SchemaSettings;

/// The definition of `SparkJob`, ready to judge.
pub(super) struct Definition {
    /// The schema, with what every Kubernetes object has: `apiVersion`, `kind` and `metadata`.
    pub(super) schema: JSONSchemaProps,
    /// Its CEL rules. None if they could not be compiled, and then nothing is admitted.
    pub(super) rules: Option<CompiledSchema>,
}

/// The definition, made at the first call.
pub(super) fn get() -> &'static Definition {
    static DEFINITION: LazyLock<Definition> = LazyLock::new(Definition::new);
    &DEFINITION
}

impl Definition {
    fn new() -> Self {
        let mut schema = served_schema().unwrap_or_default();
        let rules = serde_json::to_value(&schema).ok().map(|schema| compile_schema(&schema));
        let text = JSONSchemaProps { type_: Some("string".into()), ..JSONSchemaProps::default() };
        schema.properties.get_or_insert_default().extend([
            ("apiVersion".to_owned(), text.clone()),
            ("kind".to_owned(), text),
            ("metadata".to_owned(), metadata_schema()),
        ]);
        Self { schema, rules }
    }
}

/// The schema of the one version.
fn served_schema() -> Option<JSONSchemaProps> {
    crate::crd().spec.versions.into_iter().next()?.schema?.open_api_v3_schema
}

/// The schema of `metadata`: Kubernetes' own type.
fn metadata_schema() -> JSONSchemaProps {
    let mut generator =
        SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true).into_generator();
    let schema = generator.root_schema_for::<ObjectMeta>();
    let mut schema: JSONSchemaProps = serde_json::from_value(schema.to_value()).unwrap_or_default();
    let properties = schema.properties.get_or_insert_default();
    // Nobody writes managedFields by hand, and the schema does not say what is in them.
    if let Some(managed) = properties.get_mut("managedFields") {
        managed.x_kubernetes_preserve_unknown_fields = Some(true);
    }
    // Go reads what is missing as empty, and empty is refused later.
    if let Some(owners) = properties.get_mut("ownerReferences")
        && let Some(JSONSchemaPropsOrArray::Schema(owner)) = &mut owners.items
    {
        owner.required = None;
    }
    schema
}

/// The path of a field below `path`.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::walk::{field, items};

    #[test]
    fn the_definition_is_complete() {
        let definition = get();
        assert!(definition.rules.is_some());
        assert!(field(&definition.schema, "spec").is_some());
        let metadata = field(&definition.schema, "metadata").unwrap();
        assert!(field(metadata, "ownerReferences").and_then(items).is_some());
    }
}
