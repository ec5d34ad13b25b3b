//! The reference of `SparkJob` for readers, generated from the schema and the types themselves.

mod fields;
mod words;

use std::fmt::Write;

use crate::owned::{NOTEBOOK_OPTIONS, Owned, Owner, PROPERTIES, SHELL_OPTIONS, variables};
use crate::{crd, names};

const INTRODUCTION: &str = "\
# SparkJob

<!-- Generated from crd/src. `UPDATE_GENERATED=1 cargo test -p lcmap-spark-crd --test generated` writes it anew. -->

One manifest says what a Spark job is; one field, `mode`, says where its executors run. `lcmap-spark run -f` runs it on \
this machine, `kubectl apply -f` in a cluster.

```yaml
apiVersion: lcmap.usgs.gov/v1alpha1
kind: SparkJob
metadata:
  name: pi
spec:
  run:
    submit:
      application: local:///home/lcmap/jobs/pi.py
```

**Edit** says what a change of the field does to a job that exists. *live*: it holds at once, and the driver is not \
touched. *next attempt*: it holds when the driver is started the next time. *restart*: a living job is stopped \
gracefully and runs anew, a finished one runs again.

**memory** is a whole number and a unit, always binary: Spark's `k m g t` in either case and with an optional `b`, or \
`Ki Mi Gi Ti`; `1024m`, `1g` and `1Gi` are the same. A bare number is refused. **duration** is hours, minutes, seconds \
and milliseconds, such as `90s` or `1h30m`; a day is `24h`. **quantity** is a Kubernetes quantity, such as `10Gi`.

A name has at most 46 characters of `a-z`, `0-9` and `-`, begins with a letter and does not end with `-`, so that the \
names that are made from it fit Kubernetes' own bound.
";

/// The whole reference, as Markdown.
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    let definition = crd();
    let schema = definition.spec.versions.first().and_then(|version| version.schema.as_ref());
    if let Some(schema) = schema.and_then(|schema| schema.open_api_v3_schema.as_ref()) {
        fields::specification(schema, &mut text);
        words::specification(&mut text);
        for (title, field, table) in [
            ("Spark properties that a field owns", "spec.conf", PROPERTIES),
            ("Environment variables that a field owns", "spec.env", &variables()),
            ("Options of shells that a field owns", "args", SHELL_OPTIONS),
            ("Options of notebooks that a field owns", "args", NOTEBOOK_OPTIONS),
        ] {
            owned(
                title,
                &format!("`{field}` refuses them, and names what to write instead."),
                table,
                &mut text,
            );
        }
        annotations(&mut text);
        fields::status(schema, &mut text);
        words::status(&mut text);
    }
    text
}

fn owned(title: &str, sentence: &str, table: &[Owned], text: &mut String) {
    section(text, 2, title, sentence);
    rows(text, &["Name", "Instead"]);
    for Owned { name, owner } in table {
        match owner {
            Owner::Field(field) => {
                row(text, &[&code(name), &code(&format!("spec.{field}")).replace(" and ", "` and `")]);
            }
            Owner::LcmapSpark(reason) => row(text, &[&code(name), &format!("nothing: {reason}")]),
        }
    }
}

fn annotations(text: &mut String) {
    section(text, 2, "Annotations", "What a person may write beside the specification.");
    rows(text, &["Annotation", "Meaning"]);
    row(
        text,
        &[
            &code(names::ANNOTATION_RERUN),
            "Any new value runs the job again, unchanged. The value that is there at creation counts as done.",
        ],
    );
    row(
        text,
        &[
            &code(names::ANNOTATION_ABANDON_FRAMEWORK),
            "The id of a framework that shall no longer be waited for, because its Mesos is gone for good.",
        ],
    );
}

fn section(text: &mut String, level: usize, title: &str, sentence: &str) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{} {title}\n", "#".repeat(level));
    if !sentence.is_empty() {
        let _ = write!(text, "\n{sentence}\n");
    }
}

/// The head of a table.
fn rows(text: &mut String, titles: &[&str]) {
    text.push('\n');
    row(text, titles);
    row(text, &vec!["---"; titles.len()]);
}

fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
