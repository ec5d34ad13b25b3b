//! One YAML document → JSON, with the line of every field.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Span, Spanned};

use super::template;

/// What stands where in a file: the line of each field, by its path as the API server writes it
/// (`spec.run.submit.args[0]`), and the text of each number and of each true or false.
#[derive(Debug, Clone, Default)]
pub struct Fields(BTreeMap<String, Field>);

#[derive(Debug, Clone)]
struct Field {
    line: u64,
    /// As it was written, where its value does not say it: `027`, `1.10`, `yes`.
    text: Option<String>,
}

impl Fields {
    /// The line of a field or, when the document does not have it, of the nearest field around it.
    pub fn line(&self, path: &str) -> Option<u64> {
        let plain = plain(path);
        let mut path = plain.as_str();
        loop {
            if let Some(field) = self.0.get(path) {
                return Some(field.line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// The text of a number, or of a true or false, as it was written.
    pub fn text(&self, path: &str) -> Option<String> {
        self.0.get(&plain(path))?.text.clone()
    }

    /// Every number, true and false with its path and text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, field)| Some((path.as_str(), field.text.as_deref()?)))
    }

    /// The fields of one item of a list, by their paths in the item.
    pub(super) fn of_item(&self, path: &str) -> Self {
        let inner = |(whole, field): (&String, &Field)| {
            let rest = whole.strip_prefix(path)?;
            let rest = if rest.is_empty() { rest } else { rest.strip_prefix('.')? };
            Some((rest.to_owned(), field.clone()))
        };
        Self(
            self.0
                .range(path.to_owned()..)
                .map_while(|(whole, field)| whole.starts_with(path).then(|| inner((whole, field))))
                .flatten()
                .collect(),
        )
    }
}

/// `spec.conf[spark.master]`, as rules name an entry of a map, as `spec.conf.spark.master`.
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((key, behind)) = after.split_once(']') else { break };
        let is_index = key.bytes().all(|byte| byte.is_ascii_digit());
        let entry = if is_index { format!("[{key}]") } else { format!(".{key}") };
        plain.extend([before, &entry]);
        rest = behind;
    }
    plain + rest
}

/// The deepest manifest that is read. The deepest field of a pod is twelve levels down; each level costs some tens
/// of kilobytes of stack.
const MAX_DEPTH: usize = 32;

/// Parses one document whose text begins on `first_line` of its file.
///
/// Aliases, depth and size are bounded by the parser's own budget, and keys that stand twice are an error:
/// the second would silently win. The message carries line and column in the file.
pub(super) fn parse(text: &str, first_line: u64) -> Result<(Value, Fields), String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH },
        // kubectl reads YAML 1.1, where 010 is eight.
        legacy_octal_numbers: true,
    };
    let node: Node = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| with_hint(text, message(&error, first_line)))?;
    let mut walk = Walk { text, first_line, fields: Fields::default() };
    let value = walk.convert(node, String::new());
    Ok((value, walk.fields))
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

fn with_hint(text: &str, message: String) -> String {
    match template::placeholder(text) {
        Some(placeholder) => format!("{message}; {}", template::advice(placeholder)),
        None => message,
    }
}

/// From nodes to JSON, keeping what a value does not say.
struct Walk<'a> {
    text: &'a str,
    first_line: u64,
    fields: Fields,
}

impl Walk<'_> {
    fn convert(&mut self, node: Node, path: String) -> Value {
        let text = self.written(&node);
        let value = match node.content {
            Content::Scalar(value) => value,
            Content::Sequence(items) => items
                .into_iter()
                .enumerate()
                .map(|(i, item)| self.convert(item, format!("{path}[{i}]")))
                .collect(),
            Content::Mapping(entries) => {
                let mut map = Map::new();
                for (key, item) in entries {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    map.insert(key, self.convert(item, path));
                }
                Value::Object(map)
            }
        };
        self.fields.0.insert(path, Field { line: node.line + self.first_line - 1, text });
        value
    }

    /// The text of a scalar that its value does not say.
    fn written(&self, node: &Node) -> Option<String> {
        let Content::Scalar(Value::Bool(_) | Value::Number(_)) = node.content else { return None };
        let text = self.text.get(node.span.clone()?)?.trim();
        // An anchor or a tag belongs to the node, and not to what is in it.
        let text = text.rsplit([' ', '\t', '\n']).next().unwrap_or(text);
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// A YAML node with its line, and its bytes in the document.
struct Node {
    line: u64,
    span: Option<Range<usize>>,
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
        Ok(Self {
            line: spanned.referenced.line(),
            span: bytes(spanned.defined.span()),
            content: spanned.value,
        })
    }
}

fn bytes(span: Span) -> Option<Range<usize>> {
    let start = usize::try_from(span.byte_offset()?).ok()?;
    Some(start..start + usize::try_from(span.byte_len()?).ok()?)
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
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_know_their_line_in_the_file() {
        let (_, fields) = parse("a: 1\nb:\n  c:\n  - x\n  - y\n  spark.x: z\n", 10).unwrap();
        for (path, line) in [("a", 10), ("b.c[1]", 14), ("b[spark.x]", 15), ("b.spark.x", 15)] {
            assert_eq!(fields.line(path), Some(line), "{path}");
        }
        assert_eq!(
            fields.line("b.missing.deep"),
            fields.line("b"),
            "a missing field is looked for where it belongs"
        );
    }

    #[test]
    fn numbers_are_read_as_kubectl_reads_them_and_known_as_they_were_written() {
        for (written, value) in [
            ("027", json!(23)),
            ("-010", json!(-8)),
            ("089", json!(89.0)),
            ("0o17", json!(15)),
            ("1.10", json!(1.1)),
            ("y", json!(true)),
            ("No", json!(false)),
            ("0x1F", json!(31)),
            ("1e3", json!(1000.0)),
            ("1_000", json!(1000)),
            (".5", json!(0.5)),
        ] {
            for text in [
                format!("a: {{b: [ü, {written}]}}"),
                format!("a:\n  b:\n  - ü\n  - {written}   # a remark\n"),
                format!("a: {{b: [ü, &c {written} ]}}"),
            ] {
                let (read, fields) = parse(&text, 1).unwrap();
                assert_eq!(read["a"]["b"][1], value, "{text}");
                assert_eq!(fields.text("a.b[1]").as_deref(), Some(written), "{text}");
            }
        }
        let (_, fields) = parse("a: &n 1.10\nb: *n\nc: '1.10'\nd: 2024-03-01\n", 1).unwrap();
        assert_eq!(fields.texts().collect::<Vec<_>>(), [("a", "1.10"), ("b", "1.10")]);
    }

    #[test]
    fn the_fields_of_an_item_are_known_by_their_paths_in_it() {
        let (_, fields) = parse("items:\n- a: 010\n- a: 1\n  b: 2\n", 1).unwrap();
        let item = fields.of_item("items[1]");
        assert_eq!((item.line("a"), item.line("b"), item.line("")), (Some(3), Some(4), Some(3)));
        assert_eq!(fields.of_item("items[0]").text("a").as_deref(), Some("010"));
    }

    #[test]
    fn a_template_that_was_not_rendered_is_called_one() {
        for text in [
            "metadata:\n  name: {{ .Release.Name }}-x\n",
            "{{- if .Values.on }}\na: 1\n{{ end }}\n",
            "{% for x in y %}\na: 1\n",
        ] {
            let error = parse(text, 1).unwrap_err();
            assert!(error.contains("a template that was not rendered"), "{error}");
        }
        assert!(!parse("a: [", 1).unwrap_err().contains("template"));
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
