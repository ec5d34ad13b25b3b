//! What is valid in a manifest, and probably not what its author meant.

use lcmap_spark_crd::SparkJob;
use lcmap_spark_crd::ineffective::ineffective;
use serde_json::Value;

use crate::manifest::{Manifest, template};
use crate::pod_template;
use crate::run::Fault;
use crate::run::prepare::refused;

/// Everything that should be known of a job, with its field and line.
pub(crate) fn of(manifest: &Manifest, job: &SparkJob) -> Vec<Fault> {
    let mut warnings: Vec<Fault> = ineffective(&job.spec.conf)
        .into_iter()
        .map(|(name, message)| Fault::at(format!("spec.conf[{name}]"), message))
        .collect();
    warnings.extend(octals(manifest));
    placeholders(&manifest.value, "", &mut warnings);
    let of_pod = pod_template::judge(manifest).doubtful;
    let of_pod = of_pod.iter().map(|doubt| refused(manifest, doubt));
    warnings.into_iter().map(|warning| warning.on_line_of(manifest)).chain(of_pod).collect()
}

/// Numbers with a zero in front. In a pod's template they are at home: `defaultMode: 0644`.
fn octals(manifest: &Manifest) -> impl Iterator<Item = Fault> {
    let ours = manifest.fields.texts().filter(|(path, _)| !path.starts_with("spec.pod."));
    ours.filter_map(|(path, text)| {
        let digits = text.trim_start_matches(['-', '+']).strip_prefix('0')?;
        let is_octal = !digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7' | b'_'));
        let value = i64::from_str_radix(&digits.replace('_', ""), 8).ok().filter(|_| is_octal)?;
        let message =
            format!("{text} is octal, as kubectl reads it, too: {value}; write it without the zero in front");
        Some(Fault::at(path, message))
    })
}

fn placeholders(value: &Value, path: &str, warnings: &mut Vec<Fault>) {
    match value {
        Value::String(text) => {
            warnings
                .extend(template::placeholder(text).map(|found| Fault::at(path, template::advice(found))));
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                placeholders(item, &format!("{path}[{i}]"), warnings);
            }
        }
        Value::Object(fields) => {
            // The user cannot change what the server wrote.
            let own =
                fields.iter().filter(|(name, _)| !matches!(name.as_str(), "managedFields" | "annotations"));
            for (name, field) in own {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                placeholders(field, &path, warnings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Document, Files, read};
    use crate::run::prepare::admit;

    fn warnings(spec: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let head = "apiVersion: lcmap.usgs.gov/v1alpha1\nkind: SparkJob\nmetadata: {name: pi}\nspec:\n";
        std::fs::write(file.path(), format!("{head}{spec}")).unwrap();
        let documents = read(&Files { given: vec![file.path().to_owned()], allow_none: false });
        let [Document::Job(manifest)] = documents.as_slice() else { panic!("{documents:?}") };
        let job = admit(manifest).unwrap();
        of(manifest, &job).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_warning_names_its_field_and_its_line() {
        let spec = "  run: {submit: {application: a.py, args: [\"{{ ds }}\"]}}\n  conf:\n    spark.a: b\n    \
                    spark.yarn.am.cores: \"1\"\n  driver: {cores: 010}\n  pod: {spec: {volumes: [{name: s, secret: {secretName: s, defaultMode: 0644}}]}}\n";
        assert_eq!(
            warnings(spec),
            [
                "spec.conf[spark.yarn.am.cores]: has no effect: it is of YARN; leave it out (line 8)",
                "spec.driver.cores: 010 is octal, as kubectl reads it, too: 8; write it without the zero in front (line 9)",
                "spec.run.submit.args[0]: {{ ds }} is of a template that was not rendered; render it first, as `helm \
                 template` does (line 5)",
            ]
        );
    }

    #[test]
    fn a_plain_job_has_no_warnings() {
        assert_eq!(warnings("  run: {submit: {application: a.py}}\n  driver: {cores: 10}\n"), [""; 0]);
    }
}
