//! The job's own pod template, checked: what in it would break the job is refused by name.

use lcmap_spark_crd::Reason;
use lcmap_spark_crd::names::{DRIVER_CONTAINER, RESERVED_PREFIX};
use lcmap_spark_crd::spec::PodTemplate;
use serde_json::{Value, json};

use super::Unfit;
use super::places::ROOT;

/// Fields of the container `driver` that decide what runs, each with the field that decides it instead.
const DECIDED_ELSEWHERE: [(&str, &str); 10] = [
    ("args", "spec.run"),
    ("command", "spec.run"),
    ("image", "spec.image"),
    ("imagePullPolicy", "spec.imagePullPolicy"),
    ("restartPolicy", "spec.restart"),
    ("stdin", "spec.run, whose kind decides it"),
    ("stdinOnce", "spec.run, whose kind decides it"),
    ("terminationMessagePath", "nothing: the agent reports the result there"),
    ("terminationMessagePolicy", "nothing: the agent reports the result there"),
    ("tty", "spec.run, whose kind decides it"),
];

/// The template as a pod, once nothing in it is in the way.
pub(super) fn checked(template: &PodTemplate) -> Result<Value, Unfit> {
    let spec = Value::Object(template.spec.clone());
    for list in ["containers", "initContainers", "volumes", "imagePullSecrets"] {
        let path = format!("spec.pod.spec.{list}");
        let items = list_of(&spec, list, &path)?;
        let mut names = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let name = name_of(item, &format!("{path}[{i}]"))?;
            reserved(list, name, &format!("{path}[{i}].name"))?;
            if names.contains(&name) {
                let message = format!("{path}[{i}].name: {name:?} is there twice; names must differ");
                return Err(Unfit::new(
                    if name == DRIVER_CONTAINER { Reason::ReservedName } else { Reason::PodTemplateInvalid },
                    message,
                ));
            }
            names.push(name);
            if list == "containers" && name == DRIVER_CONTAINER {
                check_driver(item, &format!("{path}[{i}]"))?;
            }
        }
    }
    let metadata = json!({
        "labels": template.metadata.get("labels").cloned().unwrap_or(json!({})),
        "annotations": template.metadata.get("annotations").cloned().unwrap_or(json!({})),
    });
    Ok(json!({"metadata": metadata, "spec": spec}))
}

/// The container `driver` of a checked template, or null.
pub(super) fn driver(template: &Value) -> &Value {
    let containers = template["spec"]["containers"].as_array().map_or(&[][..], Vec::as_slice);
    containers.iter().find(|container| container["name"] == DRIVER_CONTAINER).unwrap_or(&Value::Null)
}

fn check_driver(container: &Value, path: &str) -> Result<(), Unfit> {
    for (field, instead) in DECIDED_ELSEWHERE {
        if !container[field].is_null() {
            let message = format!("{path}.{field} is lcmap-spark's to set; leave it out and use {instead}");
            return Err(Unfit::new(Reason::PodTemplateInvalid, message));
        }
    }
    for list in ["env", "envFrom", "ports", "volumeDevices"] {
        list_of(container, list, &format!("{path}.{list}"))?;
    }
    let mounts = list_of(container, "volumeMounts", &format!("{path}.volumeMounts"))?;
    for (i, mount) in mounts.iter().enumerate() {
        let at = mount["mountPath"].as_str().unwrap_or_default();
        if at == ROOT || at.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/')) {
            let message = format!(
                "{path}.volumeMounts[{i}].mountPath: {ROOT} is the agent's own folder; mount it elsewhere"
            );
            return Err(Unfit::new(Reason::ReservedName, message));
        }
    }
    Ok(())
}

fn reserved(list: &str, name: &str, path: &str) -> Result<(), Unfit> {
    let taken = match list {
        "imagePullSecrets" => false,
        "initContainers" => name.starts_with(RESERVED_PREFIX) || name == DRIVER_CONTAINER,
        _ => name.starts_with(RESERVED_PREFIX),
    };
    let message = || format!("{path}: {name:?} is a name of lcmap-spark's own; choose another");
    if taken { Err(Unfit::new(Reason::ReservedName, message())) } else { Ok(()) }
}

fn list_of<'a>(parent: &'a Value, name: &str, path: &str) -> Result<&'a [Value], Unfit> {
    match &parent[name] {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(Unfit::new(Reason::PodTemplateInvalid, format!("{path} must be a list"))),
    }
}

fn name_of<'a>(item: &'a Value, path: &str) -> Result<&'a str, Unfit> {
    item["name"].as_str().ok_or_else(|| {
        Unfit::new(Reason::PodTemplateInvalid, format!("{path} must be an object with a name"))
    })
}
