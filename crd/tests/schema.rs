//! What Kubernetes asks of a schema, and what ten years of additive changes ask of it.

use lcmap_spark_crd::crd;
use serde_json::Value;

/// The keywords that offline admission understands. Another one must be taught to it first.
const KEYWORDS: [&str; 21] = [
    "additionalProperties",
    "default",
    "description",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// Calls `visit` with every schema of the definition and its path.
fn every_schema(mut visit: impl FnMut(&str, &Value)) {
    let definition = serde_json::to_value(crd()).unwrap_or_default();
    let root = definition.pointer("/spec/versions/0/schema/openAPIV3Schema").cloned().unwrap_or_default();
    let mut rest = vec![(String::new(), root)];
    while let Some((path, schema)) = rest.pop() {
        visit(&path, &schema);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            rest.push((format!("{path}.{name}"), field.clone()));
        }
        for (key, suffix) in [("items", "[]"), ("additionalProperties", "{}")] {
            if let Some(inner) = schema.get(key) {
                rest.push((format!("{path}{suffix}"), inner.clone()));
            }
        }
    }
}

#[test]
fn it_uses_only_what_offline_admission_understands() {
    every_schema(|path, schema| {
        let keywords = schema.as_object().into_iter().flat_map(|schema| schema.keys());
        for keyword in keywords.filter(|keyword| !KEYWORDS.contains(&keyword.as_str())) {
            let is_time =
                keyword == "format" && schema["format"] == "date-time" && path.starts_with(".status.");
            assert!(is_time, "{path}: {keyword}");
        }
    });
}

#[test]
fn everything_that_can_grow_has_a_bound() {
    every_schema(|path, schema| {
        let has = |keyword: &str| schema.get(keyword).is_some();
        match schema["type"].as_str() {
            Some("string") => {
                assert!(has("maxLength") || has("enum") || schema["format"] == "date-time", "{path}");
            }
            Some("array") => assert!(has("maxItems"), "{path}"),
            Some("object") => assert!(!has("additionalProperties") || has("maxProperties"), "{path}"),
            Some("integer") if path.starts_with(".spec.") && !path.starts_with(".spec.pod.") => {
                assert!(has("minimum") && has("maximum"), "{path}");
            }
            Some("integer" | "boolean") => {}
            other => panic!("{path}: {other:?}"),
        }
    });
}

#[test]
fn every_field_is_described() {
    every_schema(|path, schema| {
        let is_field = !path.ends_with(['}', ']']) && !path.is_empty() && !path.starts_with(".metadata");
        assert!(!is_field || schema["description"].as_str().is_some_and(|text| text.len() > 5), "{path}");
    });
}

#[test]
fn every_rule_speaks_in_our_words() {
    every_schema(|path, schema| {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            assert!(
                rule.get("message").is_some() || rule.get("messageExpression").is_some(),
                "{path}: {rule}"
            );
            assert!(!rule["rule"].as_str().unwrap_or_default().contains("oldSelf"), "{path}: {rule}");
        }
    });
}

#[test]
fn no_rule_stands_on_the_values_of_a_map() {
    // The API server prints the path to those as `map[key]`, kube's evaluator as `map.key`.
    every_schema(|path, schema| {
        assert!(!path.contains("{}") || schema.get("x-kubernetes-validations").is_none(), "{path}");
    });
}

#[test]
fn patterns_stand_only_against_characters_that_a_text_cannot_hold() {
    // Of a pattern the API server shows the regular expression; rules say what to write.
    every_schema(|path, schema| {
        let Some(pattern) = schema["pattern"].as_str() else { return };
        let is_argument = path == ".spec.run.submit.args[]";
        assert_eq!(pattern, if is_argument { r"^[^\x00\r]*$" } else { r"^[^\x00]*$" }, "{path}");
    });
}

#[test]
fn regular_expressions_mean_the_same_to_go_and_rust() {
    // Rust's \s, \d, \w and \b are Unicode's, Go's are ASCII's; Rust's dot and Go's differ on line breaks by flags alone.
    every_schema(|path, schema| {
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        let rules = rules.filter_map(|rule| rule["rule"].as_str()).filter(|rule| rule.contains("matches"));
        for text in rules {
            for class in ["\\s", "\\S", "\\d", "\\w", "\\b", "(?", "[[:"] {
                assert!(!text.contains(class), "{path}: {text}");
            }
        }
    });
}

#[test]
fn the_columns_are_those_that_people_look_for() {
    let columns = crd().spec.versions[0].additional_printer_columns.clone().unwrap_or_default();
    let narrow: Vec<&str> = columns
        .iter()
        .filter(|column| column.priority.is_none())
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(narrow, ["Mode", "Run", "Phase", "Reason", "Executors", "Attempt", "Started", "Took", "Age"]);
}
