//! What makes a manifest a `SparkJob` at all.

use serde_json::{Value, json};

use super::violation::{Violation, ViolationKind, excerpt};
use crate::names::{API_VERSION, GROUP, KIND, VERSION};

/// The longest prefix that the API server keeps of `generateName`, before its own five characters.
const LONGEST_PREFIX: usize = 58;

/// What a document is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// A SparkJob, be it with a slip in `apiVersion` or `kind`, of which [`super::admit`] tells.
    SparkJob,
    /// An object that is somebody else's.
    Other,
    /// No object of Kubernetes: it has no `kind`.
    NoObject,
}

/// What a document is meant to be. A slip of the pen must not make a job pass for somebody else's object.
pub fn meant(document: &Value) -> Meant {
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let (group, _) = version.split_once('/').unwrap_or((version, ""));
    let is_ours = is_near(group, GROUP, 3) || version == VERSION;
    // `SparkJob` of a group without a dot is none of an operator's; with one, it is left to that operator.
    let is_one =
        kind == KIND || is_near(kind, KIND, 2) && (is_ours || !group.contains('.') || is_near(kind, KIND, 0));
    if is_ours || is_one {
        Meant::SparkJob
    } else if kind.is_empty() {
        Meant::NoObject
    } else {
        Meant::Other
    }
}

/// Whether a word is another one but for so many slips, or for the case of its letters, dashes and underscores.
fn is_near(word: &str, other: &str, slips: usize) -> bool {
    let plain = |word: &str| word.to_lowercase().replace(['-', '_', ' '], "");
    strsim::damerau_levenshtein(&plain(word), &plain(other)) <= slips
}

/// The field by which a document names what it is, in another case: `Kind`.
fn miscased<'a>(fields: &'a serde_json::Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.keys().map(String::as_str).find(|key| key.eq_ignore_ascii_case(name))
}

/// Checks `apiVersion` and `kind`. Without them the API server looks no further.
pub(super) fn check(manifest: &Value) -> Result<(), Vec<Violation>> {
    let Value::Object(fields) = manifest else {
        let problem = format!("must be an object, and is {}", excerpt(manifest));
        return Err(vec![Violation::new("", ViolationKind::Type, problem)]);
    };
    let wanted = [("apiVersion", API_VERSION), ("kind", KIND)];
    let violations: Vec<Violation> = wanted
        .into_iter()
        .filter_map(|(name, wanted)| match fields.get(name) {
            None | Some(Value::Null) => {
                let remedy = match miscased(fields, name).filter(|other| *other != name) {
                    Some(other) => format!("write {name}: {wanted}, and not {other}"),
                    None => format!("write {wanted}"),
                };
                Some(Violation::new(name, ViolationKind::Required, "is required").with_remedy(Some(remedy)))
            }
            Some(Value::String(found)) if found == wanted => None,
            Some(found) => {
                let problem = format!("is {}, and must be {wanted}", excerpt(found));
                Some(Violation::new(name, ViolationKind::Invalid, problem))
            }
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Does what the API server does to an object before it is judged: takes its status away and completes its name.
pub(super) fn complete(manifest: &mut Value) {
    let Value::Object(fields) = manifest else { return };
    fields.remove("status");
    let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let named = metadata.get("name").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    if let Some(prefix) = metadata.get("generateName").and_then(Value::as_str)
        && !named
        && !prefix.is_empty()
    {
        let prefix: String = prefix.chars().take(LONGEST_PREFIX).collect();
        metadata.insert("name".into(), json!(format!("{prefix}x2x4x")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_told_from_an_object_of_somebody_else() {
        use Meant::{NoObject, Other, SparkJob};
        for (version, kind, expected) in [
            (API_VERSION, KIND, SparkJob),
            ("lcmap.usgs.go/v1alpha1", "Sparkjob", SparkJob),
            ("lcmap.usgs.gov/v1", "Spark-Job", SparkJob),
            ("lcmap.usgs.gov", "SparkJobs", SparkJob),
            ("Lcmap.USGS.gov/v1alpha1", "sparkjob", SparkJob),
            ("lcmp.usgs.gov/v1alpha1", "Job", SparkJob),
            ("v1alpha1", "Job", SparkJob),
            ("v1", "SparkJbo", SparkJob),
            ("batch/v1", "spark_job", SparkJob),
            ("example.org/v1", "SparkJob", SparkJob),
            ("", "SparkJob", SparkJob),
            (API_VERSION, "", SparkJob),
            ("dataproc.cnrm.cloud.google.com/v1", "PySparkJob", Other),
            ("sparkoperator.k8s.io/v1beta2", "SparkApplication", Other),
            ("batch/v1", "Job", Other),
            ("batch/v1", "CronJob", Other),
            ("v1", "ConfigMap", Other),
            ("ray.io/v1", "RayJob", Other),
            ("", "", NoObject),
            ("v1", "", NoObject),
        ] {
            let found = meant(&json!({"apiVersion": version, "kind": kind}));
            assert_eq!(found, expected, "{version} {kind}");
        }
        assert_eq!(meant(&json!([1, 2])), NoObject);
    }

    #[test]
    fn a_field_in_another_case_is_named() {
        let violations = check(&json!({"apiVersion": API_VERSION, "Kind": KIND})).unwrap_err();
        assert_eq!(violations[0].to_string(), "kind: is required; write kind: SparkJob, and not Kind");
    }
}
