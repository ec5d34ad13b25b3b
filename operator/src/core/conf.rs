//! Fields of a job → Spark properties.

use std::collections::BTreeMap;

use lcmap_spark_crd::SparkJobSpec;
use lcmap_spark_crd::spec::Dependencies;

/// The Spark properties of a job: those of the operator, then those of its `conf`, then those that a field owns,
/// which admission keeps out of `conf`.
pub(super) fn properties(
    spec: &SparkJobSpec,
    defaults: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut conf = defaults.clone();
    conf.extend(spec.conf.iter().map(|(name, value)| (name.clone(), value.clone())));
    conf.extend(dependencies(&spec.dependencies));
    if let Some(log) = &spec.event_log {
        conf.insert("spark.eventLog.enabled".into(), "true".into());
        conf.insert("spark.eventLog.dir".into(), log.directory.clone());
    }
    conf
}

/// `spark-submit`'s own options for dependencies do no more than to set these properties
/// (<https://spark.apache.org/docs/3.5.0/configuration.html>), which serve shells and notebooks as well.
fn dependencies(dependencies: &Dependencies) -> impl Iterator<Item = (String, String)> {
    [
        ("spark.jars", &dependencies.jars),
        ("spark.files", &dependencies.files),
        ("spark.submit.pyFiles", &dependencies.py_files),
        ("spark.archives", &dependencies.archives),
        ("spark.jars.packages", &dependencies.packages),
        ("spark.jars.excludes", &dependencies.exclude_packages),
        ("spark.jars.repositories", &dependencies.repositories),
    ]
    .into_iter()
    .filter(|(_, items)| !items.is_empty())
    .map(|(property, items)| (property.to_owned(), items.join(",")))
}
