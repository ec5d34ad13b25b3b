//! Rules of a pod that an API server can read and refuses. It names these fields; this does so without a server.
//!
//! Source: `pkg/apis/core/validation/validation.go` (1.34).

use serde_json::{Map, Value};

use super::{PodVerdict, quantities};
use crate::admission::definition::join;
use crate::admission::syntax::{is_label, is_label_value, is_qualified_name};
use crate::admission::violation::{Violation, ViolationKind, excerpt};
use crate::names::{DRIVER_CONTAINER, RESERVED_PREFIX};
use crate::quantity;
use crate::spec::PodTemplate;

const LABEL: &str = "must be at most 63 of a-z, 0-9 and -, with a letter or digit at both ends";
const QUALIFIED: &str = "must be [domain/]name, the name at most 63 of A-Z, a-z, 0-9, -, _ and .";
const LABEL_VALUE: &str =
    "must be at most 63 of A-Z, a-z, 0-9, -, _ and ., with a letter or digit at both ends";

/// Checks a template. What has another type than it should is passed over.
pub(super) fn check(template: &PodTemplate, verdict: &mut PodVerdict) {
    let mut checker = Checker { refused: &mut verdict.refused };
    checker.labels(template.metadata.get("labels"), "spec.pod.metadata.labels");
    for name in
        template.metadata.get("annotations").and_then(Value::as_object).into_iter().flat_map(Map::keys)
    {
        if !is_qualified_name(&name.to_lowercase()) {
            checker.refuse(join("spec.pod.metadata.annotations", name), ViolationKind::Invalid, QUALIFIED);
        }
    }
    checker.labels(template.spec.get("nodeSelector"), "spec.pod.spec.nodeSelector");
    let volumes = named(&template.spec, "volumes", "spec.pod.spec");
    let names: Vec<_> = volumes.iter().map(|(name, ..)| *name).collect();
    for (name, _, path) in volumes {
        checker.label(name, &path);
    }
    for list in ["initContainers", "containers"] {
        for (name, container, path) in named(&template.spec, list, "spec.pod.spec") {
            checker.label(name, &path);
            let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
            if image.is_empty() && name != DRIVER_CONTAINER && !name.starts_with(RESERVED_PREFIX) {
                checker.refuse(join(&path, "image"), ViolationKind::Required, "is required");
            }
            checker.container(container, &names, &path);
        }
    }
}

/// The objects of a list that have a name, with it and their paths.
fn named<'a>(
    parent: &'a Map<String, Value>,
    list: &str,
    path: &str,
) -> Vec<(&'a str, &'a Map<String, Value>, String)> {
    let items = parent.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
    let named = items.filter_map(|(i, item)| {
        let item = item.as_object()?;
        Some((item.get("name")?.as_str()?, item, format!("{path}.{list}[{i}]")))
    });
    named.collect()
}

struct Checker<'a> {
    refused: &'a mut Vec<Violation>,
}

impl Checker<'_> {
    fn refuse(&mut self, path: String, kind: ViolationKind, problem: impl Into<String>) {
        self.refused.push(Violation::new(path, kind, problem));
    }

    fn label(&mut self, name: &str, path: &str) {
        if !is_label(name) {
            self.refuse(join(path, "name"), ViolationKind::Invalid, format!("{name:?} {LABEL}"));
        }
    }

    fn labels(&mut self, labels: Option<&Value>, path: &str) {
        for (name, value) in labels.and_then(Value::as_object).into_iter().flatten() {
            if !is_qualified_name(name) {
                self.refuse(join(path, name), ViolationKind::Invalid, format!("the name {QUALIFIED}"));
            }
            if let Some(value) = value.as_str().filter(|value| !is_label_value(value)) {
                self.refuse(join(path, name), ViolationKind::Invalid, format!("{value:?} {LABEL_VALUE}"));
            }
        }
    }

    fn container(&mut self, container: &Map<String, Value>, volumes: &[&str], path: &str) {
        for (name, _, path) in named(container, "env", path) {
            if name.is_empty()
                || name.contains('=')
                || !name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            {
                let problem = format!("{name:?} must be of printable ASCII characters, and without =");
                self.refuse(join(&path, "name"), ViolationKind::Invalid, problem);
            }
        }
        for (name, mount, path) in named(container, "volumeMounts", path) {
            if mount.get("mountPath").and_then(Value::as_str).is_none_or(str::is_empty) {
                self.refuse(join(&path, "mountPath"), ViolationKind::Required, "is required");
            }
            if !volumes.contains(&name) && !name.starts_with(RESERVED_PREFIX) {
                let there = if volumes.is_empty() { "none".to_owned() } else { volumes.join(", ") };
                let problem =
                    format!("{name:?} is none of the volumes in spec.pod.spec.volumes; there is {there}");
                self.refuse(join(&path, "name"), ViolationKind::Invalid, problem);
            }
        }
        for (i, port) in container.get("ports").and_then(Value::as_array).into_iter().flatten().enumerate() {
            if let Some(number) = port["containerPort"].as_i64().filter(|port| !(1..=65535).contains(port)) {
                let path = format!("{path}.ports[{i}].containerPort");
                self.refuse(path, ViolationKind::Invalid, format!("{number} is no port: write 1 to 65535"));
            }
        }
        if let Some(resources) = container.get("resources") {
            self.resources(resources, &join(path, "resources"));
        }
    }

    fn resources(&mut self, resources: &Value, path: &str) {
        for (name, limit) in resources["limits"].as_object().into_iter().flatten() {
            let request = &resources["requests"][name];
            let number = |value: &Value| quantity(&quantities::text(value));
            let Some((least, most)) = number(request).zip(number(limit)).filter(|_| !request.is_null())
            else {
                continue;
            };
            // Two ways to write one number may differ in their last bits.
            if least > most * (1.0 + 1e-9) {
                let problem = format!("is {}, and its limit is {}", excerpt(request), excerpt(limit));
                let violation =
                    Violation::new(format!("{path}.requests.{name}"), ViolationKind::Invalid, problem);
                self.refused.push(violation.with_remedy(Some("lower it, or raise the limit".to_owned())));
            }
        }
    }
}
