//! The containers of a driver pod.

use lcmap_spark_crd::names::DRIVER_CONTAINER;
use lcmap_spark_crd::spec::{RunKind, RunRef};
use lcmap_spark_crd::{SparkJob, SparkJobSpec};
use serde_json::{Value, json};

use super::{places, ui};
use crate::core::Settings;

/// What every container of ours may do: nothing but run.
pub(super) fn confined() -> Value {
    json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}})
}

/// The init containers, in their order.
pub(super) fn init(spec: &SparkJobSpec, image: &str, settings: &Settings) -> Vec<Value> {
    let small = json!({"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}});
    let mut strict = confined();
    strict["readOnlyRootFilesystem"] = json!(true);
    let mut containers = vec![json!({
        "name": places::INSTALL,
        "image": settings.agent_image,
        "imagePullPolicy": settings.agent_image_pull_policy,
        "command": ["/lcmap-agent", "install", places::BIN],
        "resources": small,
        "securityContext": strict,
        "volumeMounts": [{"name": places::BIN_VOLUME, "mountPath": places::BIN}],
    })];
    if let Some(user) = spec.user {
        let mut container = json!({
            "name": places::INSPECT,
            "image": image,
            "command": [
                places::AGENT, "inspect", "--out", places::IDENTITY,
                "--termination-log", places::TERMINATION_LOG,
                "--uid", user.uid.to_string(), "--gid", user.gid.unwrap_or_default().to_string(),
                "--home", places::HOME,
            ],
            "resources": small,
            "securityContext": strict,
            "volumeMounts": [
                {"name": places::BIN_VOLUME, "mountPath": places::BIN, "readOnly": true},
                {"name": places::IDENTITY_VOLUME, "mountPath": places::IDENTITY},
            ],
        });
        set_pull_policy(&mut container, spec);
        containers.push(container);
    }
    containers
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
            container["readinessProbe"] = json!({"httpGet": {"path": "/api", "port": notebook.port}, "periodSeconds": 2, "timeoutSeconds": 5});
        }
        Ok(run) if run.kind() != RunKind::Submit => {
            // Whoever attaches may come and go: the shell's input ends with the shell.
            container["stdin"] = json!(true);
            container["tty"] = json!(true);
        }
        _ => {}
    }
    container
}

fn set_pull_policy(container: &mut Value, spec: &SparkJobSpec) {
    if let Some(policy) = spec.image_pull_policy {
        container["imagePullPolicy"] = json!(policy);
    }
}
