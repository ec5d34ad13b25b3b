//! The types of a template's values.
//!
//! Source: how Go decodes JSON into `k8s.io/api/core/v1.Pod`: null leaves a field as it is, a number with a fraction is no
//! integer, and a field that is not known is none of an error before strict decoding.

use serde_json::{Map, Value};

use super::shape::{Shape, fields};
use super::{PodVerdict, quantities};
use crate::admission::definition::join;
use crate::admission::prepare::nearest;
use crate::admission::structure::{in_words, type_of};
use crate::admission::violation::{Violation, ViolationKind, excerpt};

/// Checks a pod's specification.
pub(super) fn check(spec: &Map<String, Value>, path: &str, verdict: &mut PodVerdict) {
    Checker { verdict }.object("PodSpec", spec, path);
}

struct Checker<'a> {
    verdict: &'a mut PodVerdict,
}

impl Checker<'_> {
    fn object(&mut self, kind: &str, object: &Map<String, Value>, path: &str) {
        let Some(fields) = fields(kind) else { return };
        for (name, value) in object {
            let path = join(path, name);
            if let Some(shape) = fields.get(name.as_str()) {
                self.value(shape, value, &path);
                continue;
            }
            let meant = nearest(fields.keys().map(AsRef::as_ref), name);
            let remedy = meant.map(|meant| format!("did you mean {meant}?"));
            let problem =
                "Kubernetes 1.33 has no such field here, and a server that does not know it refuses it";
            let violation = Violation::new(path, ViolationKind::Unknown, problem);
            self.verdict.doubtful.push(violation.with_remedy(remedy));
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value, path: &str) {
        match (shape, value) {
            (_, Value::Null)
            | (Shape::Any, _)
            | (Shape::Boolean, Value::Bool(_))
            | (Shape::Text | Shape::IntOrText, Value::String(_)) => {}
            (Shape::Int32 | Shape::IntOrText, Value::Number(_)) => self.integer(i32::MAX.into(), value, path),
            (Shape::Int64, Value::Number(_)) => self.integer(i64::MAX, value, path),
            (Shape::Word(words), Value::String(word)) => self.word(words, word, path),
            (Shape::Time, Value::String(time)) => {
                if time.parse::<jiff::Timestamp>().is_err() {
                    self.unreadable(path, format!("{} is no time", excerpt(value)), None);
                }
            }
            (Shape::Quantity, Value::String(_) | Value::Number(_)) => {
                quantities::check(value, path, self.verdict);
            }
            (Shape::List(item), Value::Array(items)) => {
                for (i, value) in items.iter().enumerate() {
                    self.value(item, value, &format!("{path}[{i}]"));
                }
            }
            (Shape::Map(inner), Value::Object(map)) => {
                for (name, value) in map {
                    self.value(inner, value, &join(path, name));
                }
            }
            (Shape::Object(kind), Value::Object(object)) => self.object(kind, object, path),
            _ => self.ill_typed(shape, value, path),
        }
    }

    /// JSON has no other numbers than 64-bit floating-point ones: `1.0` comes out of an API server as `1`.
    fn integer(&mut self, most: i64, value: &Value, path: &str) {
        #[allow(clippy::cast_precision_loss)] // by which nothing near the bounds changes sides
        let most = most as f64;
        let number = value.as_f64().unwrap_or(f64::NAN);
        if number.fract() != 0.0 {
            self.unreadable(path, format!("must be a whole number, and is {}", excerpt(value)), None);
        } else if number > most || number < -most - 1.0 {
            self.unreadable(
                path,
                format!("{} is beyond {most}, the largest that fits", excerpt(value)),
                None,
            );
        }
    }

    fn word(&mut self, words: &[&str], word: &str, path: &str) {
        // An empty one is none, and then there is a default.
        if word.is_empty() || words.contains(&word) {
            return;
        }
        let problem = format!("is {word:?}, and must be one of {}", words.join(", "));
        let meant = nearest(words.iter().copied(), word).map(|meant| format!("did you mean {meant}?"));
        let violation = Violation::new(path, ViolationKind::Unsupported, problem);
        self.verdict.refused.push(violation.with_remedy(meant));
    }

    fn ill_typed(&mut self, shape: &Shape, value: &Value, path: &str) {
        let found = match value {
            Value::Array(_) | Value::Object(_) => in_words(type_of(value)).to_owned(),
            scalar => excerpt(scalar),
        };
        let wanted = match shape {
            Shape::Boolean => "true or false",
            Shape::Int32 | Shape::Int64 => "a whole number",
            Shape::Text | Shape::Word(_) | Shape::Time => "text",
            Shape::Quantity => "a quantity, such as 2, 500m or 4Gi",
            Shape::IntOrText => "a whole number or text",
            Shape::List(_) => "a list",
            Shape::Map(_) | Shape::Object(_) | Shape::Any => "an object",
        };
        self.unreadable(path, format!("must be {wanted}, and is {found}"), retype(shape, value));
    }

    fn unreadable(&mut self, path: &str, problem: String, remedy: Option<&str>) {
        let violation = Violation::new(path, ViolationKind::Type, problem);
        self.verdict.unreadable.push(violation.with_remedy(remedy.map(str::to_owned)));
    }
}

/// What to write in place of a value of another type. The text that it was written as is not known here.
fn retype(shape: &Shape, value: &Value) -> Option<&'static str> {
    match (shape, value) {
        (Shape::Text | Shape::Word(_), Value::Number(_) | Value::Bool(_)) => Some("write it in quotes"),
        (Shape::Int32 | Shape::Int64, Value::String(text)) if text.parse::<i64>().is_ok() => {
            Some("write it without quotes")
        }
        (Shape::Boolean, Value::String(text)) if text.parse::<bool>().is_ok() => {
            Some("write it without quotes")
        }
        (Shape::List(_), Value::Object(_)) => Some("write a dash before it: it is one item of a list"),
        (Shape::List(_), _) => Some("write it as a list, in [ ]"),
        _ => None,
    }
}
