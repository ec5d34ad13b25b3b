//! The fields of a pod and their types: Kubernetes' own schema without its descriptions, some tens of kilobytes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use k8s_openapi::api::core::v1::PodSpec;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::words;

/// The type of a field.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// True or false.
    Boolean,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// Text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A time as RFC 3339 writes it.
    Time,
    /// A quantity.
    Quantity,
    /// A whole number or text.
    IntOrText,
    /// A list of these.
    List(Box<Shape>),
    /// A map with values of these.
    Map(Box<Shape>),
    /// An object of this kind.
    Object(Box<str>),
}

/// The fields of one kind of object.
pub(super) type Fields = BTreeMap<Box<str>, Shape>;

/// The fields of a kind of object in a pod, such as `Container`.
pub(super) fn fields(kind: &str) -> Option<&'static Fields> {
    static POD: LazyLock<BTreeMap<Box<str>, Fields>> = LazyLock::new(pod);
    POD.get(kind)
}

fn pod() -> BTreeMap<Box<str>, Fields> {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<PodSpec>().to_value();
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    let mut kinds: BTreeMap<_, _> =
        definitions.map(|(name, schema)| (kind(name).into(), fields_of(kind(name), schema))).collect();
    kinds.insert("PodSpec".into(), fields_of("PodSpec", &schema));
    kinds
}

/// `Container` of `io.k8s.api.core.v1.Container`.
fn kind(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

fn fields_of(kind: &str, schema: &Value) -> Fields {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let of = |name: &str, schema: &Value| match words::of(kind, name) {
        Some(words) => Shape::Word(words),
        None => shape(schema),
    };
    properties.map(|(name, schema)| (name.as_str().into(), of(name, schema))).collect()
}

fn shape(schema: &Value) -> Shape {
    if let Some(reference) = schema["$ref"].as_str() {
        return match kind(reference) {
            "Quantity" => Shape::Quantity,
            "IntOrString" => Shape::IntOrText,
            "Time" => Shape::Time,
            object => Shape::Object(object.into()),
        };
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("boolean"), _) => Shape::Boolean,
        (Some("integer"), Some("int32")) => Shape::Int32,
        (Some("integer"), _) => Shape::Int64,
        (Some("string"), _) => Shape::Text,
        (Some("array"), _) => Shape::List(Box::new(shape(&schema["items"]))),
        (Some("object"), _) if schema["additionalProperties"].is_object() => {
            Shape::Map(Box::new(shape(&schema["additionalProperties"])))
        }
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_is_told_from_the_others() {
        for (kind, field, expected) in [
            ("PodSpec", "hostNetwork", "Boolean"),
            ("PodSpec", "priority", "Int32"),
            ("PodSpec", "activeDeadlineSeconds", "Int64"),
            ("PodSpec", "nodeName", "Text"),
            ("PodSpec", "nodeSelector", "Map(Text)"),
            ("PodSpec", "containers", "List(Object(\"Container\"))"),
            ("PodSpec", "affinity", "Object(\"Affinity\")"),
            ("PodSpec", "overhead", "Map(Quantity)"),
            ("ResourceRequirements", "limits", "Map(Quantity)"),
            ("EmptyDirVolumeSource", "sizeLimit", "Quantity"),
            ("HTTPGetAction", "port", "IntOrText"),
            ("ObjectMeta", "creationTimestamp", "Time"),
            ("ObjectMeta", "managedFields", "List(Object(\"ManagedFieldsEntry\"))"),
        ] {
            assert_eq!(format!("{:?}", fields(kind).unwrap()[field]), expected, "{kind}.{field}");
        }
        let words = &fields("Container").unwrap()["imagePullPolicy"];
        assert!(matches!(words, Shape::Word(words) if words.contains(&"Always")), "{words:?}");
    }

    #[test]
    fn every_object_that_a_field_refers_to_is_known() {
        fn objects(shape: &Shape) -> Option<&str> {
            match shape {
                Shape::Object(kind) => Some(kind),
                Shape::List(inner) | Shape::Map(inner) => objects(inner),
                _ => None,
            }
        }
        let mut rest = vec!["PodSpec"];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(kind) = rest.pop() {
            let fields = fields(kind).unwrap_or_else(|| panic!("{kind} is not known"));
            rest.extend(fields.values().filter_map(objects).filter(|kind| seen.insert(*kind)));
        }
        assert!(seen.len() > 80, "{seen:?}");
    }
}
