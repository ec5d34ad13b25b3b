//! values.yaml, its schema and the table in docs/helm.md say the same.

use std::fs;

use serde_json::Value;

use super::{chart, check_generated};

const PAGE: &str = "docs/helm.md";
const BEGIN: &str = "<!-- values: UPDATE_GENERATED=1 make chart -->\n";
const END: &str = "<!-- end of values -->\n";

/// One value of values.yaml: its path, its default as it stands there, and the comment above.
#[derive(Debug)]
struct Documented {
    path: String,
    default: String,
    comment: String,
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Reads every key, with the comment lines right above it.
fn documented(text: &str) -> Vec<Documented> {
    let (mut all, mut parents, mut comment) = (vec![], Vec::<(usize, String)>::new(), vec![]);
    for line in text.lines() {
        let content = line.trim();
        if let Some(words) = content.strip_prefix('#') {
            comment.push(words.trim());
        } else if let Some((key, default)) = content.split_once(':') {
            parents.retain(|(indent, _)| *indent < indentation(line));
            parents.push((indentation(line), key.to_owned()));
            let path: Vec<&str> = parents.iter().map(|(_, key)| key.as_str()).collect();
            let (path, default) = (path.join("."), default.trim().to_owned());
            all.push(Documented { path, default, comment: std::mem::take(&mut comment).join(" ") });
        } else {
            comment.clear();
        }
    }
    all
}

fn table(values: &[Documented]) -> String {
    let told = values.iter().filter(|value| !value.comment.is_empty() && !is_heading(value));
    let row = |value: &Documented| {
        let default =
            if value.default.is_empty() { "see values.yaml".into() } else { format!("`{}`", value.default) };
        format!("| `{}` | {default} | {} |\n", value.path, value.comment)
    };
    format!("| value | default | meaning |\n|---|---|---|\n{}", told.map(row).collect::<String>())
}

/// `jobs:`, say, whose comment is about all that follows.
fn is_heading(value: &Documented) -> bool {
    value.default.is_empty() && value.path != "resources"
}

fn values() -> Vec<Documented> {
    documented(&fs::read_to_string(format!("{}/values.yaml", chart())).unwrap())
}

#[test]
fn every_value_has_a_comment() {
    let bare: Vec<String> = values()
        .into_iter()
        .filter(|value| {
            value.comment.is_empty() && !is_heading(value) && !value.path.starts_with("resources.")
        })
        .map(|value| value.path)
        .collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn the_table_of_the_documentation_is_up_to_date() {
    let page = fs::read_to_string(super::repository(PAGE)).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    check_generated(PAGE, &format!("{head}{BEGIN}{}{END}{tail}", table(&values())));
}

/// The paths of a schema's properties, down to what it leaves open.
fn described(schema: &Value, path: &str, all: &mut Vec<String>) {
    let Some(properties) = schema["properties"].as_object() else {
        return all.push(path.to_owned());
    };
    for (name, schema) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        described(schema, &path, all);
    }
}

#[test]
fn the_schema_knows_no_value_that_values_yaml_does_not_tell_of() {
    let schema = fs::read_to_string(format!("{}/values.schema.json", chart())).unwrap();
    let mut paths = vec![];
    described(&serde_json::from_str(&schema).unwrap(), "", &mut paths);
    let told: Vec<String> = values().into_iter().map(|value| value.path).collect();
    paths.retain(|path| !told.contains(path));
    // Helm's own, and a part of every container's resources.
    assert_eq!(paths, ["global", "resources.claims"]);
}
