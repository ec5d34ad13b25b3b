//! The job's own pod template, checked: what in it would break the job is refused by name.

use lcmap_spark_crd::Reason;
use lcmap_spark_crd::admission::{PodVerdict, Violation, ViolationKind, judge_pod};
use lcmap_spark_crd::names::{DRIVER_CONTAINER, RESERVED_PREFIX};
use lcmap_spark_crd::spec::PodTemplate;
use serde_json::{Map, Value, json};

use super::Unfit;
use super::places::{INSPECT, INSTALL, ROOT};

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

/// Init containers of ours whose `resources` a template may set, and nothing else.
const OURS: [&str; 2] = [INSTALL, INSPECT];

/// What is wrong with a template, and what may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateFaults {
    /// Why no pod can be made of it.
    pub unfit: Vec<Misfit>,
    /// What an API server refuses once it is asked, naming the field itself.
    pub refused: Vec<Violation>,
    /// What may be a mistake.
    pub doubtful: Vec<Violation>,
}

/// One thing by which no pod can be made of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What kind of thing it is.
    pub reason: Reason,
    /// The field, and what is wrong with it.
    pub violation: Violation,
}

/// Everything that is wrong with a template.
pub fn template_faults(template: &PodTemplate) -> TemplateFaults {
    let PodVerdict { unreadable, refused, doubtful } = judge_pod(template);
    let mut unfit: Vec<_> = ["containers", "initContainers", "volumes", "imagePullSecrets"]
        .into_iter()
        .flat_map(|list| of_list(list, template.spec.get(list)))
        .collect();
    let invalid = |violation| Misfit { reason: Reason::PodTemplateInvalid, violation };
    unfit.extend(unreadable.into_iter().map(invalid));
    TemplateFaults { unfit, refused, doubtful }
}

/// The template as a pod, once nothing in it is in the way.
pub(super) fn checked(template: &PodTemplate) -> Result<Value, Unfit> {
    let TemplateFaults { unfit, refused, doubtful } = template_faults(template);
    if let Some(first) = unfit.first() {
        // All of it at once: the server would tell of the rest only when this is mended.
        let all = unfit.iter().map(|misfit| &misfit.violation).chain(&refused).chain(&doubtful);
        let message = all.map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(Unfit::new(first.reason, message));
    }
    let metadata = json!({
        "labels": template.metadata.get("labels").cloned().unwrap_or(json!({})),
        "annotations": template.metadata.get("annotations").cloned().unwrap_or(json!({})),
    });
    Ok(json!({"metadata": metadata, "spec": template.spec}))
}

/// The container `driver` of a checked template, or null.
pub(super) fn driver(template: &Value) -> &Value {
    named(&template["spec"]["containers"], |name| name == DRIVER_CONTAINER)
}

/// The init container of this name in a checked template, or null.
pub(super) fn init_container<'a>(template: &'a Value, name: &Value) -> &'a Value {
    named(&template["spec"]["initContainers"], |other| other == name)
}

/// Takes init containers of ours that this pod does not have out of a template: what it says of them is for other jobs.
pub(super) fn drop_init_containers_but(template: &mut Value, there: &[Value]) {
    let Some(items) = template.pointer_mut("/spec/initContainers").and_then(Value::as_array_mut) else {
        return;
    };
    items.retain(|item| {
        let is_ours = item["name"].as_str().is_some_and(|name| OURS.contains(&name));
        !is_ours || there.iter().any(|container| container["name"] == item["name"])
    });
}

fn named(list: &Value, is_it: impl Fn(&Value) -> bool) -> &Value {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().find(|item| is_it(&item["name"])).unwrap_or(&Value::Null)
}

/// What is wrong with the items of a list. Those of another type are told of as such.
fn of_list(list: &str, items: Option<&Value>) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    let mut names = Vec::new();
    for (i, item) in items.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let path = format!("spec.pod.spec.{list}[{i}]");
        let Some(fields) = item.as_object() else { continue };
        let name = match &item["name"] {
            Value::String(name) => name.as_str(),
            Value::Null => {
                misfits.push(misfit(
                    Reason::PodTemplateInvalid,
                    format!("{path}.name"),
                    "is required".into(),
                ));
                continue;
            }
            _ => continue,
        };
        misfits.extend(reserved(list, name, fields, &path));
        if names.contains(&name) {
            let reason =
                if name == DRIVER_CONTAINER { Reason::ReservedName } else { Reason::PodTemplateInvalid };
            let problem = format!("{name:?} is there twice; names must differ");
            misfits.push(misfit(reason, format!("{path}.name"), problem));
        }
        names.push(name);
        if list == "containers" && name == DRIVER_CONTAINER {
            misfits.extend(of_driver(item, &path));
        }
    }
    misfits
}

fn misfit(reason: Reason, field: String, problem: String) -> Misfit {
    Misfit { reason, violation: Violation { field, kind: ViolationKind::Forbidden, problem, remedy: None } }
}

fn of_driver(container: &Value, path: &str) -> Vec<Misfit> {
    let decided = DECIDED_ELSEWHERE.iter().filter(|(field, _)| !container[*field].is_null());
    let mut misfits: Vec<_> = decided
        .map(|(field, instead)| {
            let problem = format!("is lcmap-spark's to set; leave it out and use {instead}");
            misfit(Reason::PodTemplateInvalid, format!("{path}.{field}"), problem)
        })
        .collect();
    for (i, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let at = mount["mountPath"].as_str().unwrap_or_default();
        if at == ROOT || at.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/')) {
            let problem = format!("{ROOT} is the agent's own folder; mount it elsewhere");
            let field = format!("{path}.volumeMounts[{i}].mountPath");
            misfits.push(misfit(Reason::ReservedName, field, problem));
        }
    }
    misfits
}

fn reserved(list: &str, name: &str, fields: &Map<String, Value>, path: &str) -> Vec<Misfit> {
    if list == "initContainers" && OURS.contains(&name) {
        let others = fields.keys().filter(|field| !["name", "resources"].contains(&field.as_str()));
        return others
            .map(|field| {
                let problem = format!("{name} is lcmap-spark's own, and only its resources can be set");
                misfit(Reason::ReservedName, format!("{path}.{field}"), problem)
            })
            .collect();
    }
    let is_taken = match list {
        "imagePullSecrets" => false,
        "initContainers" => name.starts_with(RESERVED_PREFIX) || name == DRIVER_CONTAINER,
        _ => name.starts_with(RESERVED_PREFIX),
    };
    let problem = || format!("{name:?} is a name of lcmap-spark's own; choose another");
    is_taken.then(|| misfit(Reason::ReservedName, format!("{path}.name"), problem())).into_iter().collect()
}
