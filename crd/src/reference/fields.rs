//! The fields, one table an object.

use std::collections::BTreeSet;
use std::fmt::Write;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSON, JSONSchemaProps};
use serde_json::Value;

use super::{code, row, rows, section};
use crate::edit::EditClass;
use crate::schema::walk::{field, items, values};

/// The tables of `spec` and all objects in it.
pub(super) fn specification(root: &JSONSchemaProps, text: &mut String) {
    if let Some(schema) = field(root, "spec") {
        object(schema, "spec", &["Field", "Type", "Default", "Bounds", "Edit", "Meaning"], text);
    }
}

/// The tables of `status` and all objects in it.
pub(super) fn status(root: &JSONSchemaProps, text: &mut String) {
    if let Some(schema) = field(root, "status") {
        object(schema, "status", &["Field", "Type", "Meaning"], text);
    }
}

fn object(schema: &JSONSchemaProps, path: &str, titles: &[&str], text: &mut String) {
    let level = if path.contains('.') { 3 } else { 2 };
    section(text, level, &code(path), &Sentences::of(schema).meaning);
    rows(text, titles);
    let fields = || schema.properties.iter().flatten();
    for (name, field) in fields() {
        let required = schema.required.iter().flatten().any(|required| required == name);
        let cells = cells(field, path, name, required);
        let wanted: Vec<&str> =
            cells.iter().filter(|(title, _)| titles.contains(title)).map(|(_, cell)| &**cell).collect();
        row(text, &wanted);
    }
    rules(schema, text);
    for (name, field) in fields() {
        let (inner, suffix) = items(field).map_or((field, ""), |items| (items, "[]"));
        if inner.properties.is_some() {
            object(inner, &format!("{path}.{name}{suffix}"), titles, text);
        }
    }
}

/// The cells of one field's row.
fn cells(field: &JSONSchemaProps, path: &str, name: &str, required: bool) -> [(&'static str, String); 6] {
    let Sentences { meaning, default } = Sentences::of(field);
    let default = match (required, default, &field.default) {
        (true, ..) => "required".into(),
        (false, Some(default), _) => default,
        (false, None, Some(JSON(Value::String(text)))) => code(text),
        (false, None, Some(JSON(value))) => code(&value.to_string()),
        (false, None, None) => String::new(),
    };
    [
        ("Field", code(name)),
        ("Type", type_of(field)),
        ("Default", default),
        ("Bounds", bounds(field)),
        ("Edit", class(field, &format!("{path}.{name}"))),
        ("Meaning", meaning),
    ]
}

/// The edit class of a field; of an object, that of all fields in it, if they have one in common.
fn class(schema: &JSONSchemaProps, path: &str) -> String {
    fn collect(schema: &JSONSchemaProps, path: &str, classes: &mut BTreeSet<EditClass>) {
        let Some(fields) = &items(schema).unwrap_or(schema).properties else {
            classes.insert(EditClass::of(path));
            return;
        };
        for (name, field) in fields {
            collect(field, &format!("{path}.{name}"), classes);
        }
    }
    let mut classes = BTreeSet::new();
    collect(schema, path.trim_start_matches("spec."), &mut classes);
    match (classes.pop_first(), classes.is_empty()) {
        (Some(class), true) => class.as_str().into(),
        _ => "see there".into(),
    }
}

/// A description in its parts.
struct Sentences {
    meaning: String,
    default: Option<String>,
}

impl Sentences {
    /// Takes the sentence on the default, and the one on the edit class, out of a description.
    fn of(schema: &JSONSchemaProps) -> Self {
        let text = schema.description.as_deref().unwrap_or_default();
        let text = text.split("Edit class: ").next().unwrap_or_default().trim();
        let Some((before, after)) = text.split_once("Default: ") else {
            return Self { meaning: text.to_owned(), default: None };
        };
        let (default, rest) = after.split_once(". ").unwrap_or((after.trim_end_matches('.'), ""));
        let meaning = format!("{} {rest}", before.trim()).trim().to_owned();
        Self { meaning, default: Some(default.to_owned()) }
    }
}

fn type_of(schema: &JSONSchemaProps) -> String {
    if let Some(items) = items(schema) {
        return format!("list of {}s", type_of(items));
    }
    if let Some(values) = values(schema) {
        return format!("map to {}", type_of(values));
    }
    match schema.type_.as_deref() {
        Some("string") if schema.enum_.is_some() => "word".into(),
        Some("string") if schema.format.as_deref() == Some("date-time") => "time".into(),
        Some("string") => schema.title.clone().unwrap_or_else(|| "text".into()),
        Some("array") => "list".into(),
        Some("integer") => "number".into(),
        Some("boolean") => "true or false".into(),
        _ => "object".into(),
    }
}

fn bounds(schema: &JSONSchemaProps) -> String {
    let words = schema.enum_.as_ref().map(|words| {
        let words: Vec<String> = words.iter().filter_map(|JSON(word)| word.as_str()).map(code).collect();
        words.join(", ")
    });
    let range = schema.minimum.zip(schema.maximum).map(|(least, most)| format!("{least} to {most}"));
    // What has a title has its form explained at the top.
    let length = schema.max_length.filter(|_| schema.title.is_none());
    let length = length.map(|most| format!("at most {most} characters"));
    let count = schema.max_items.or(schema.max_properties).map(|most| format!("at most {most}"));
    let each = items(schema).or(values(schema)).map(bounds).filter(|bounds| !bounds.is_empty());
    let each = each.map(|bounds| format!("each {bounds}"));
    [words, range, length, count, each].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the rules of an object say beside its fields. Those on owned properties have a table of their own.
fn rules(schema: &JSONSchemaProps, text: &mut String) {
    let rules = schema.x_kubernetes_validations.iter().flatten();
    let mut rules = rules.filter(|rule| rule.reason.as_deref() != Some("FieldValueForbidden")).peekable();
    if rules.peek().is_some() {
        text.push('\n');
    }
    for rule in rules {
        let field = rule.field_path.as_deref().map(|path| format!("`{}`: ", path.trim_start_matches('.')));
        let message = rule.message.as_deref().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "* {}{message}.", field.unwrap_or_default());
    }
}
