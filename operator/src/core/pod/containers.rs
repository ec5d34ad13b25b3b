//! The containers of a driver pod.

use lcmap_spark_crd::names::DRIVER_CONTAINER;
use lcmap_spark_crd::spec::{PodTemplate, RunKind, RunRef};
use lcmap_spark_crd::{SparkJob, SparkJobSpec};
use serde_json::{Value, json};

use super::volumes::Volumes;
use super::{places, ui, volumes};
use crate::core::Settings;

/// What every container of ours may do: nothing but run.
pub(super) fn confined() -> Value {
    json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}})
}

/// The init containers, in their order, without `resources`, which a template may change.
pub(super) fn init(spec: &SparkJobSpec, image: &str, volumes: &Volumes, settings: &Settings) -> Vec<Value> {
    let mut strict = confined();
    strict["readOnlyRootFilesystem"] = json!(true);
    let mut containers = vec![json!({
        "name": places::INSTALL,
        "image": settings.agent_image,
        "imagePullPolicy": settings.agent_image_pull_policy,
        "command": ["/lcmap-agent", "install", places::BIN],
        "securityContext": strict,
        "volumeMounts": [{"name": places::BIN_VOLUME, "mountPath": places::BIN}],
    })];
    if spec.user.is_some() || volumes::wants_certificates(spec) || shares_process_ids(spec) {
        let mut container = inspect(spec, volumes);
        container["image"] = json!(image);
        container["securityContext"] = strict;
        set_pull_policy(&mut container, spec);
        containers.push(container);
    }
    containers
}

/// Whether the driver's agent is not the first of its process ids, by which it would know that it is in a container, whose
/// image it is to look at.
fn shares_process_ids(spec: &SparkJobSpec) -> bool {
    let shared = |pod: &PodTemplate| pod.spec.get("shareProcessNamespace") == Some(&json!(true));
    spec.host_pid || spec.pod.as_ref().is_some_and(shared)
}

/// Looks at the job's image: for private keys, and for what a user of its own needs.
fn inspect(spec: &SparkJobSpec, volumes: &Volumes) -> Value {
    let mut command = vec![
        places::AGENT.to_owned(),
        "inspect".into(),
        "--termination-log".into(),
        places::TERMINATION_LOG.into(),
    ];
    let mut mounts = vec![json!({"name": places::BIN_VOLUME, "mountPath": places::BIN, "readOnly": true})];
    if let Some(user) = spec.user {
        let (uid, gid) = (user.uid.to_string(), user.gid.unwrap_or_default().to_string());
        for (option, value) in
            [("--out", places::IDENTITY), ("--uid", &uid), ("--gid", &gid), ("--home", places::HOME)]
        {
            command.extend([option.to_owned(), value.to_owned()]);
        }
        mounts.push(json!({"name": places::IDENTITY_VOLUME, "mountPath": places::IDENTITY}));
    }
    if let Some(mount) = volumes.certificates_of(spec) {
        command.extend([
            "--certificates".to_owned(),
            mount["mountPath"].as_str().unwrap_or_default().to_owned(),
        ]);
        mounts.push(mount.clone());
    }
    json!({"name": places::INSPECT, "command": command, "volumeMounts": mounts})
}

/// The container that runs Spark.
pub(super) fn driver(job: &SparkJob, image: &str, mounts: &[Value], settings: &Settings) -> Value {
    let ui = ui::port(&job.spec, settings).map(|port| json!({"name": ui::PORT, "containerPort": port}));
    let mut container = json!({
        "name": DRIVER_CONTAINER,
        "image": image,
        "command": [
            places::AGENT, "launch", "--plan", places::PLAN_FILE, "--state", places::STATE,
            "--termination-log", places::TERMINATION_LOG,
        ],
        "ports": Vec::from_iter(ui),
        "volumeMounts": mounts,
    });
    set_pull_policy(&mut container, &job.spec);
    match job.spec.run.kind() {
        Ok(RunRef::Notebook(notebook)) => {
            if let Some(ports) = container["ports"].as_array_mut() {
                ports.push(json!({"name": "notebook", "containerPort": notebook.port}));
            }
            container["startupProbe"] = answers();
        }
        Ok(run) if run.kind() != RunKind::Submit => {
            // People may attach and detach: the shell's input ends with the shell.
            container["stdin"] = json!(true);
            container["tty"] = json!(true);
        }
        _ => {}
    }
    container
}

/// Whether the notebook answers, as the agent sees it, who knows its scheme and prefix, and that its token alone opens it. A
/// container is ready once it has started; it is not asked any more then. The job's startTimeout ends one that never does,
/// with more time for its end than the kubelet would give it.
fn answers() -> Value {
    json!({
        "exec": {"command": [places::AGENT, "ready", "--state", places::STATE]},
        "periodSeconds": 2,
        "timeoutSeconds": 5,
        "failureThreshold": i32::MAX,
    })
}

fn set_pull_policy(container: &mut Value, spec: &SparkJobSpec) {
    if let Some(policy) = spec.image_pull_policy {
        container["imagePullPolicy"] = json!(policy);
    }
}
