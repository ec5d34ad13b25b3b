//! One YAML document → JSON, with the line of every field.

use std::collections::BTreeMap;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

/// The line that each field stands on, by its path as the API server writes it (`spec.run.submit.args[0]`).
#[derive(Debug, Clone, Default)]
pub struct Lines(BTreeMap<String, u64>);

impl Lines {
    /// The line of a field or, when the document does not have it, of the nearest field around it.
    pub fn of(&self, path: &str) -> Option<u64> {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// The deepest manifest that is read. The deepest field of a pod is twelve levels down; each level costs some tens
/// of kilobytes of stack.
const MAX_DEPTH: usize = 32;

/// Parses one document whose text begins on `first_line` of its file.
///
/// Aliases, depth and size are bounded by the parser's own budget, and keys that stand twice are an error:
/// the second would silently win. The message carries line and column in the file.
pub(super) fn parse(text: &str, first_line: u64) -> Result<(Value, Lines), String> {
    let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_depth: MAX_DEPTH } };
    let node: Node =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| message(&error, first_line))?;
    let mut lines = Lines::default();
    let value = convert(node, String::new(), first_line, &mut lines);
    Ok((value, lines))
}

fn message(error: &serde_saphyr::Error, first_line: u64) -> String {
    let error = error.without_snippet();
    let text = error.to_string();
    let Some(location) = error.location() else { return text };
    // The parser counts lines from the document's own start; people count from the file's.
    let what = text.split(" at line ").next().unwrap_or(&text);
    // That advice is for programmers.
    let what = what.split(", set DuplicateKeyPolicy").next().unwrap_or(what);
    format!("{what}, at line {}, column {}", location.line() + first_line - 1, location.column())
}

fn convert(node: Node, path: String, first_line: u64, lines: &mut Lines) -> Value {
    let value = match node.content {
        Content::Scalar(value) => value,
        Content::Sequence(items) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| convert(item, format!("{path}[{i}]"), first_line, lines))
            .collect(),
        Content::Mapping(entries) => {
            let mut map = Map::new();
            for (key, item) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                map.insert(key, convert(item, path, first_line, lines));
            }
            Value::Object(map)
        }
    };
    lines.0.insert(path, node.line + first_line - 1);
    value
}

/// A YAML node with its line.
struct Node {
    line: u64,
    content: Content,
}

enum Content {
    Scalar(Value),
    Sequence(Vec<Node>),
    Mapping(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), content: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value that JSON has too")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Content, E> {
        Number::from_f64(value)
            .map(|number| Content::Scalar(Value::Number(number)))
            .ok_or_else(|| E::custom("infinity and not-a-number cannot be written in a manifest"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(Value::String(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Content::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = mapping.next_entry()? {
            entries.push(entry);
        }
        Ok(Content::Mapping(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_know_their_line_in_the_file() {
        let (_, lines) = parse("a: 1\nb:\n  c:\n  - x\n  - y\n", 10).unwrap();
        assert_eq!(lines.of("a"), Some(10));
        assert_eq!(lines.of("b.c[1]"), Some(14));
        assert_eq!(
            lines.of("b.missing.deep"),
            lines.of("b"),
            "a missing field is looked for where it belongs"
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_with_its_line() {
        let error = parse("a: 1\na: 2\n", 7).unwrap_err();
        assert!(error.contains("duplicate mapping key") && error.contains("line 8"), "{error}");
    }

    #[test]
    fn traps_are_refused_and_quickly() {
        let layer = |i: i32| format!("a{i}: &a{i} [{}]", vec![format!("*a{}", i - 1); 10].join(","));
        let bomb = format!("a0: &a0 [x,x,x]\n{}", (1..12).map(layer).collect::<Vec<_>>().join("\n"));
        let nested = (0..5000).map(|i| " ".repeat(i) + "a:").collect::<Vec<_>>().join("\n");
        for (name, trap) in
            [("a bomb of aliases", bomb), ("deep flow", "[".repeat(100_000)), ("deep block", nested)]
        {
            assert!(parse(&trap, 1).is_err(), "{name}");
        }
    }

    #[test]
    fn json_is_yaml_too() {
        let (value, _) = parse(r#"{"spec": {"args": ["a\nb", 1, null, true, 1.5]}}"#, 1).unwrap();
        assert_eq!(value, serde_json::json!({"spec": {"args": ["a\nb", 1, null, true, 1.5]}}));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_but_never_panics(text in ".{0,200}") {
            let _ = parse(&text, 1);
        }
    }
}
