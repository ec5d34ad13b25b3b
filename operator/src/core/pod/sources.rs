//! The Secrets and ConfigMaps that a job names, and where it names them.

use std::collections::{BTreeMap, BTreeSet};

use lcmap_spark_crd::spec::{Mesos, RunRef};
use lcmap_spark_crd::{Mode, SparkJobSpec};

/// What kind of object values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Secret,
    ConfigMap,
}

/// One object that a job's driver reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The keys that are read. None: all that there are.
    pub(super) keys: Option<BTreeSet<String>>,
    /// The fields that name it.
    pub(super) fields: Vec<String>,
}

/// Every object that a job's driver reads, by kind and name. The notebook's token is not among them: the operator
/// makes it where the job names none.
pub(super) fn of(spec: &SparkJobSpec) -> BTreeMap<(Kind, String), Source> {
    let mut sources = BTreeMap::new();
    for (i, source) in spec.conf_from.iter().enumerate() {
        if let Some(name) = &source.secret_name {
            name_it(&mut sources, (Kind::Secret, name), None, format!("spec.confFrom[{i}].secretName"));
        }
        if let Some(name) = &source.config_map_name {
            name_it(&mut sources, (Kind::ConfigMap, name), None, format!("spec.confFrom[{i}].configMapName"));
        }
    }
    for (i, variable) in spec.env.iter().enumerate() {
        let Some(source) = &variable.value_from else { continue };
        if let Some(it) = &source.secret_key_ref {
            let field = format!("spec.env[{i}].valueFrom.secretKeyRef");
            name_it(&mut sources, (Kind::Secret, &it.name), Some(&it.key), field);
        }
        if let Some(it) = &source.config_map_key_ref {
            let field = format!("spec.env[{i}].valueFrom.configMapKeyRef");
            name_it(&mut sources, (Kind::ConfigMap, &it.name), Some(&it.key), field);
        }
    }
    if spec.mode == Mode::Distributed {
        mesos(&mut sources, &spec.mesos);
    }
    sources
}

/// In the other mode nothing needs them: a job whose mode is switched must not wait for what it does not use.
fn mesos(sources: &mut BTreeMap<(Kind, String), Source>, mesos: &Mesos) {
    let field = |name: &str| format!("spec.mesos.{name}");
    if let Some(name) = &mesos.credentials_secret_name {
        for key in ["principal", "secret"] {
            name_it(sources, (Kind::Secret, name), Some(key), field("credentialsSecretName"));
        }
    }
    if let Some(name) = mesos.certificates.as_ref().and_then(|certificates| certificates.secret_name.as_ref())
    {
        name_it(sources, (Kind::Secret, name), None, field("certificates.secretName"));
    }
}

fn name_it(
    sources: &mut BTreeMap<(Kind, String), Source>,
    (kind, name): (Kind, &str),
    key: Option<&str>,
    field: String,
) {
    let new = || Source { keys: Some(BTreeSet::new()), fields: Vec::new() };
    let source = sources.entry((kind, name.to_owned())).or_insert_with(new);
    match (&mut source.keys, key) {
        (Some(keys), Some(key)) => {
            keys.insert(key.to_owned());
        }
        (keys, None) => *keys = None,
        (None, Some(_)) => {}
    }
    if !source.fields.contains(&field) {
        source.fields.push(field);
    }
}

/// The fields that name an object, for a message.
pub(super) fn fields_naming(spec: &SparkJobSpec, kind: Kind, name: &str) -> Vec<String> {
    let mut fields = of(spec).remove(&(kind, name.to_owned())).map(|it| it.fields).unwrap_or_default();
    if let (Kind::Secret, Ok(RunRef::Notebook(notebook))) = (kind, spec.run.kind())
        && notebook.token_secret_name.as_deref() == Some(name)
    {
        fields.push("spec.run.notebook.tokenSecretName".to_owned());
    }
    fields
}
