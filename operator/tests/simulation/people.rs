//! What people do: create, edit, suspend, run again, delete, and meddle with pods.

use lcmap_spark_crd::Mode;
use lcmap_spark_crd::names::{ANNOTATION_ABANDON_FRAMEWORK, ANNOTATION_RERUN, framework_id};
use lcmap_spark_crd::spec::{RestartPolicy, RetainPods};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::tape::Tape;

#[derive(Debug, Clone, Copy)]
enum Deed {
    Edit,
    Suspend,
    RunAgain,
    EditPolicy,
    EditRetention,
    EditDeadline,
    EditTtl,
    EditAllocation,
    EditGrace,
    SwitchMode,
    Abandon,
    Delete,
    DeleteInForeground,
    DeletePod,
    ForcePod,
}

/// A person does something. Tells what.
pub(crate) fn act(cluster: &mut Cluster, tape: &mut Tape) -> Option<String> {
    let Some(uid) = cluster.job.as_ref().and_then(|job| job.metadata.uid.clone()) else {
        let spec = spec(tape);
        cluster.create_job(&spec);
        return Some(format!("a person creates the job: {spec}"));
    };
    let deed = tape.weighted(&[
        (6, Deed::Edit),
        (6, Deed::Suspend),
        (4, Deed::RunAgain),
        (2, Deed::EditPolicy),
        (2, Deed::EditRetention),
        (1, Deed::EditDeadline),
        (1, Deed::EditTtl),
        (1, Deed::EditAllocation),
        (1, Deed::EditGrace),
        (3, Deed::SwitchMode),
        (1, Deed::Abandon),
        (2, Deed::Delete),
        (1, Deed::DeleteInForeground),
        (3, Deed::DeletePod),
        (1, Deed::ForcePod),
    ]);
    let what = match deed {
        Deed::Delete | Deed::DeleteInForeground => {
            cluster.delete_job(&uid, matches!(deed, Deed::DeleteInForeground));
            String::new()
        }
        Deed::DeletePod | Deed::ForcePod => delete_pod(cluster, tape, matches!(deed, Deed::ForcePod))?,
        Deed::Abandon => abandon(cluster, tape),
        deed => edit(cluster, tape, deed),
    };
    Some(format!("a person does {deed:?} {what}"))
}

/// Gives up on frameworks that the status names, or on the only one that it would.
fn abandon(cluster: &mut Cluster, tape: &mut Tape) -> String {
    let mut ids = Vec::new();
    let takes_all = tape.below(3) < 2;
    cluster.edit_job(|job| {
        let status = job.status.clone().unwrap_or_default();
        let first =
            framework_id(job.metadata.uid.as_deref().unwrap_or_default(), status.attempt.unwrap_or(1));
        ids = status.mesos.map(|mesos| mesos.framework_ids).unwrap_or_default();
        if ids.is_empty() || !takes_all {
            ids = vec![first];
        }
        let annotations = job.metadata.annotations.get_or_insert_default();
        annotations.insert(ANNOTATION_ABANDON_FRAMEWORK.into(), ids.join(" "));
    });
    cluster.mesos.given_up.extend(ids.iter().cloned());
    ids.join(" ")
}

fn edit(cluster: &mut Cluster, tape: &mut Tape, deed: Deed) -> String {
    let drawn = tape.below(4);
    cluster.edit_job(|job| match deed {
        Deed::Edit => {
            job.spec.conf.insert("spark.edited".into(), drawn.to_string());
        }
        Deed::SwitchMode => {
            job.spec.mode = match job.spec.mode {
                Mode::Distributed => Mode::NonDistributed,
                Mode::NonDistributed => Mode::Distributed,
            };
        }
        Deed::Suspend => job.spec.suspend = !job.spec.suspend,
        Deed::RunAgain => {
            job.metadata
                .annotations
                .get_or_insert_default()
                .insert(ANNOTATION_RERUN.into(), drawn.to_string());
        }
        Deed::EditPolicy => job.spec.restart.policy = POLICIES[usize::from(drawn)],
        Deed::EditRetention => {
            let pods = [RetainPods::Always, RetainPods::OnFailure, RetainPods::Never, RetainPods::Never];
            job.spec.retention.pods = pods[usize::from(drawn)];
            job.spec.retention.attempts = i32::from(drawn) + 1;
        }
        Deed::EditDeadline => job.spec.active_deadline = if drawn == 0 { None } else { "3m".parse().ok() },
        Deed::EditTtl => job.spec.ttl_after_finished = if drawn == 0 { None } else { "5m".parse().ok() },
        Deed::EditAllocation => {
            job.spec.mesos.allocation_timeout = if drawn == 0 { None } else { "1m".parse().ok() };
        }
        _ => job.spec.termination_grace_period = job.spec.start_timeout,
    });
    format!("({drawn})")
}

const POLICIES: [RestartPolicy; 4] = [
    RestartPolicy::Never,
    RestartPolicy::OnFailure,
    RestartPolicy::OnInfrastructureFailure,
    RestartPolicy::Always,
];

fn delete_pod(cluster: &mut Cluster, tape: &mut Tape, by_force: bool) -> Option<String> {
    let count = u16::try_from(cluster.pods.len()).ok().filter(|count| *count > 0)?;
    let pod = cluster.pods.values().nth(usize::from(tape.below(count)))?.clone();
    if by_force {
        cluster.remove_pod(&pod.metadata.name);
    } else {
        cluster.delete_pod(&pod.metadata.name, &pod.metadata.uid);
    }
    Some(format!("to {}", pod.metadata.name))
}

/// A job as somebody may write it.
pub(crate) fn spec(tape: &mut Tape) -> Value {
    let run = match tape.below(6) {
        4 => json!({"notebook": {}}),
        5 => json!({"pyspark": {}}),
        _ => json!({"submit": {"application": "pi.py"}}),
    };
    let mut spec = json!({"run": run, "image": "spark:4", "startTimeout": "2m"});
    let policies = ["Never", "OnFailure", "OnInfrastructureFailure", "Always"];
    spec["restart"] = json!({"policy": tape.one_of(&policies), "backoff": "10s", "backoffMax": "1m"});
    match tape.below(3) {
        1 => spec["restart"]["maxRestarts"] = json!(1),
        2 => spec["restart"]["resetAfter"] = json!("1m"),
        _ => {}
    }
    if tape.once_in(3) {
        spec["activeDeadline"] = json!("5m");
    }
    if tape.once_in(4) {
        spec["ttlAfterFinished"] = json!("2m");
    }
    let pods = tape.one_of(&["Always", "OnFailure", "Never"]);
    spec["retention"] = json!({"pods": pods, "attempts": tape.below(3) + 1});
    if tape.below(5) >= 2 {
        spec["mode"] = json!("Distributed");
        if tape.once_in(3) {
            spec["mesos"] = json!({"allocationTimeout": "2m"});
        }
    }
    if tape.once_in(8) {
        spec["suspend"] = json!(true);
    }
    if tape.once_in(3) {
        spec["pod"] = json!({"spec": {"containers": [{"name": "companion", "image": "log:1"}]}});
    }
    spec
}
