//! The schema: types, words, bounds, what must be there.
//!
//! Source: `kube-openapi`'s `validate.SchemaValidator`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSON, JSONSchemaProps};
use serde_json::{Map, Value};

use super::definition::join;
use super::violation::{Violation, ViolationKind, excerpt};
use super::{Written, words};
use crate::schema::walk::{field, items};
use crate::schema::{NO_NUL_OR_RETURN, NO_RETURN};

/// Checks a manifest against the schema.
pub(super) fn check(
    schema: &JSONSchemaProps,
    manifest: &Value,
    written: Written<'_>,
    violations: &mut Vec<Violation>,
) {
    Checker { written, violations }.value(schema, manifest, "");
}

struct Checker<'a> {
    written: Written<'a>,
    violations: &'a mut Vec<Violation>,
}

impl Checker<'_> {
    fn refuse(&mut self, path: &str, kind: ViolationKind, problem: impl Into<String>) {
        self.violations.push(Violation::new(path, kind, problem));
    }

    fn value(&mut self, schema: &JSONSchemaProps, value: &Value, path: &str) {
        if let Some(wanted) = schema.type_.as_deref()
            && wanted != type_of(value)
        {
            let text = (self.written)(path).unwrap_or_else(|| excerpt(value));
            let found = match value {
                Value::Null | Value::Array(_) | Value::Object(_) => in_words(type_of(value)),
                _ => &text,
            };
            let problem = format!("must be {}, and is {found}", in_words(wanted));
            let violation = Violation::new(path, ViolationKind::Type, problem);
            self.violations.push(violation.with_remedy(retype(schema, value, &text, path)));
            return;
        }
        if let Some(allowed) = &schema.enum_
            && !allowed.iter().any(|JSON(allowed)| allowed == value)
        {
            let problem = format!("is {}, and must be one of {}", excerpt(value), one_of(allowed));
            self.refuse(path, ViolationKind::Unsupported, problem);
        }
        match value {
            Value::String(text) => self.text(schema, text, path),
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or(f64::NAN), path),
            Value::Array(list) => self.list(schema, list, path),
            Value::Object(fields) => self.object(schema, fields, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn text(&mut self, schema: &JSONSchemaProps, text: &str, path: &str) {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(most) = schema.max_length.filter(|most| length > *most) {
            let problem = format!("has {length} characters, and may have {most} at most");
            self.refuse(path, ViolationKind::TooLong, problem);
        } else if schema.min_length.is_some_and(|least| length < least) {
            self.describe(schema, path, "must not be empty".into());
        } else if schema.pattern.is_some() && text.contains('\0') {
            // Every pattern of ours forbids it; other texts have rules.
            self.refuse(path, ViolationKind::Invalid, "cannot hold the character NUL");
        } else if schema.pattern.as_deref() == Some(NO_NUL_OR_RETURN) && text.contains('\r') {
            self.refuse(path, ViolationKind::Invalid, NO_RETURN);
        }
    }

    fn number(&mut self, schema: &JSONSchemaProps, number: f64, path: &str) {
        if let Some(most) = schema.maximum.filter(|most| number > *most) {
            self.refuse(path, ViolationKind::Invalid, format!("is {number}, and may be {most} at most"));
        }
        if let Some(least) = schema.minimum.filter(|least| number < *least) {
            self.refuse(path, ViolationKind::Invalid, format!("is {number}, and must be {least} at least"));
        }
    }

    fn list(&mut self, schema: &JSONSchemaProps, list: &[Value], path: &str) {
        if let Some(schema) = items(schema) {
            for (index, item) in list.iter().enumerate() {
                self.value(schema, item, &format!("{path}[{index}]"));
            }
        }
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        if let Some(most) = schema.max_items.filter(|most| length > *most) {
            self.refuse(
                path,
                ViolationKind::TooMany,
                format!("has {length} items, and may have {most} at most"),
            );
        }
        if schema.min_items.is_some_and(|least| length < least) {
            self.refuse(path, ViolationKind::Invalid, "must not be empty");
        }
    }

    fn object(&mut self, schema: &JSONSchemaProps, fields: &Map<String, Value>, path: &str) {
        let count = i64::try_from(fields.len()).unwrap_or(i64::MAX);
        if let Some(most) = schema.max_properties.filter(|most| count > *most) {
            self.refuse(
                path,
                ViolationKind::TooMany,
                format!("has {count} entries, and may have {most} at most"),
            );
        }
        for (name, value) in fields {
            if let Some(schema) = field(schema, name) {
                self.value(schema, value, &join(path, name));
            }
        }
        for name in schema.required.iter().flatten().filter(|name| !fields.contains_key(*name)) {
            let remedy = field(schema, name).and_then(describe);
            let violation = Violation::new(join(path, name), ViolationKind::Required, "is required");
            self.violations.push(violation.with_remedy(remedy));
        }
    }

    /// Refuses a value whose schema says best what to write.
    fn describe(&mut self, schema: &JSONSchemaProps, path: &str, problem: String) {
        self.violations
            .push(Violation::new(path, ViolationKind::Invalid, problem).with_remedy(describe(schema)));
    }
}

/// The first sentence of a description, to follow a semicolon.
fn describe(schema: &JSONSchemaProps) -> Option<String> {
    let text = schema.description.as_deref()?;
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
    let mut letters = sentence.chars();
    let (first, second) = (letters.next()?, letters.clone().next()?);
    // `URI` stays as it is.
    let first = if second.is_lowercase() { first.to_ascii_lowercase() } else { first };
    Some(first.to_string() + letters.as_str())
}

/// The words that are possible.
fn one_of(allowed: &[JSON]) -> String {
    allowed.iter().filter_map(|JSON(word)| word.as_str()).collect::<Vec<_>>().join(", ")
}

/// The JSON type of a value, as schemas name it.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A schema's type for readers of YAML.
pub(super) fn in_words(wanted: &str) -> &str {
    match wanted {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "string" => "text",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

/// What to write in place of a value of another type, whose text is this.
fn retype(schema: &JSONSchemaProps, value: &Value, text: &str, path: &str) -> Option<String> {
    let is_scalar = value.is_number() || value.is_boolean();
    match (schema.type_.as_deref()?, value) {
        ("string", _) if schema.enum_.is_some() => {
            schema.enum_.as_deref().map(|all| format!("write one of {}", one_of(all)))
        }
        ("string", Value::Number(_)) if schema.title.is_some() => {
            Some(with_unit(schema.title.as_deref()?, text))
        }
        ("string", _) if is_scalar => Some(format!("write it in quotes: \"{text}\"")),
        ("integer", Value::String(text)) if text.parse::<i64>().is_ok() => {
            Some(format!("write it without quotes: {text}"))
        }
        ("boolean", Value::String(text)) if text.parse::<bool>().is_ok() => {
            Some(format!("write it without quotes: {text}"))
        }
        ("array", Value::String(line)) if is_of_texts(schema) => {
            Some(words::as_list(line, words::separator(path)))
        }
        ("array", _) if is_scalar && is_of_texts(schema) => Some(format!("write it as a list: [\"{text}\"]")),
        _ => None,
    }
}

/// A number that lacks its unit.
fn with_unit(title: &str, text: &str) -> String {
    let unit = match title {
        "duration" => "s",
        "memory" => "m",
        _ => "Gi",
    };
    // What is no plain number, such as 0x1F or 1e3, is none with a unit either.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    format!("write its unit, too, such as {}{unit}", if is_plain { text } else { "4" })
}

fn is_of_texts(schema: &JSONSchemaProps) -> bool {
    items(schema).is_some_and(|item| item.type_.as_deref() == Some("string"))
}
