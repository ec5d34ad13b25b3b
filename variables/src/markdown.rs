//! The table for readers.

use std::fmt::Write;

use crate::{FAMILIES, Inherited, Manifest, Variable};

const INTRODUCTION: &str = "\
# Environment variables

<!-- Generated from variables/src. `UPDATE_GENERATED=1 cargo test -p lcmap-spark-variables` writes it anew. -->

The manifest decides what a job is. A variable of your shell, of an image or of its `spark-env.sh` reaches the job only \
if it tells of the place and not of the job. What `spec.env` sets reaches it, unless a field says the same. Variables \
that are not in these tables are the program's own, and reach it from everywhere.

*kept*: it reaches the job. *dropped*: it does not, and a warning says so. *filtered*: it reaches the job without some \
of its options. *replaced*: lcmap-spark sets it. Whatever `spark-env.sh` makes of a variable that is not kept, or that \
`spec.env` sets, is undone after it.
";

/// The whole table, as Markdown.
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    for family in &FAMILIES {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {}\n\n| Name | Inherited | In `spec.env` | |\n| --- | --- | --- | --- |\n",
            family.title
        );
        for variable in family.variables {
            let Variable { name, note, .. } = variable;
            let _ =
                writeln!(text, "| `{name}` | {} | {} | {note} |", inherited(variable), manifest(variable));
        }
    }
    text
}

fn inherited(variable: &Variable) -> String {
    match variable.inherited {
        Inherited::Kept => "kept".into(),
        Inherited::KeptUnless(property) => format!("kept, unless the job has `{property}`"),
        Inherited::KeptIfUtf8 => "kept if it is UTF-8".into(),
        Inherited::Filtered => "filtered".into(),
        Inherited::Dropped => "dropped".into(),
        Inherited::Internal => "dropped, without a word".into(),
        Inherited::Replaced => "replaced".into(),
        Inherited::ReplacedIfCertified => "replaced, where the job has certificates; else kept".into(),
    }
}

fn manifest(variable: &Variable) -> String {
    match variable.manifest {
        Manifest::Honoured => "honoured".into(),
        Manifest::Field(field) => format!("refused: `spec.{}`", field.replace(" and ", "` and `")),
        Manifest::Refused(reason) => format!("refused: {reason}"),
    }
}
