//! What a pod's status says of its driver.

use jiff::Timestamp;
use lcmap_spark_crd::Reason;

use super::super::read;
use super::*;
use crate::core::{Driver, DriverState, Ending, Life, Stopping};

fn seen(spec: Value, status: &Value) -> Driver {
    read(&job(spec), &with_status(status), &[], Timestamp::UNIX_EPOCH)
}

fn ending(status: &Value) -> Ending {
    match seen(json!({}), status).state {
        DriverState::Ended(ending) => ending,
        other => panic!("{status} is {other:?}"),
    }
}

fn driver_ended(terminated: &Value) -> Value {
    json!({"phase": "Failed", "containerStatuses": [{"name": "driver", "state": {"terminated": terminated}}]})
}

fn report(reason: &str, code: u8) -> String {
    json!({"exitCode": code, "reason": reason, "message": "in its words", "warnings": ["mind"]}).to_string()
}

#[test]
fn each_end_of_a_driver_has_its_reason() {
    for (terminated, reason, told) in [
        (json!({"exitCode": 0, "reason": "Completed"}), Reason::Completed, ""),
        (json!({"exitCode": 0, "message": report("Completed", 0)}), Reason::Completed, "in its words; mind"),
        (json!({"exitCode": 0, "message": report("IdleTimeout", 0)}), Reason::IdleTimeout, "in its words"),
        (json!({"exitCode": 0, "message": report("JvmLingers", 0)}), Reason::JvmLingers, "in its words"),
        (
            json!({"exitCode": 3, "message": report("ExitedNonZero", 3)}),
            Reason::ExitedNonZero,
            "in its words",
        ),
        (json!({"exitCode": 3, "message": "no report"}), Reason::ExitedNonZero, "exit code 3 no report"),
        (json!({"exitCode": 137, "reason": "OOMKilled"}), Reason::OutOfMemory, "spec.driver.memory"),
        (
            json!({"exitCode": 128, "reason": "StartError", "message": "exec"}),
            Reason::ContainerRefused,
            "exec",
        ),
        (json!({"exitCode": 137, "reason": "ContainerStatusUnknown"}), Reason::NodeLost, "lost sight"),
        (json!({"exitCode": 137, "reason": "Error"}), Reason::KilledBySignal, "signal 9"),
        (json!({"exitCode": 1, "signal": 15}), Reason::KilledBySignal, "signal 15"),
        (json!({"exitCode": 143, "message": report("Stopped", 143)}), Reason::Stopped, "in its words"),
    ] {
        let ending = ending(&driver_ended(&terminated));
        assert_eq!(ending.reason, reason, "{terminated}");
        assert!(ending.message.contains(told), "{terminated}: {}", ending.message);
        assert_eq!(ending.exit_code.map(i64::from), terminated["exitCode"].as_i64(), "{terminated}");
    }
}

#[test]
fn an_end_is_dated_by_the_kubelet() {
    let ended = ending(&driver_ended(&json!({"exitCode": 1, "finishedAt": "2025-01-01T00:01:00Z"})));
    assert_eq!(ended.at.to_string(), "2025-01-01T00:01:00Z");
    let condition = json!({"type": "Ready", "status": "False", "lastTransitionTime": "2025-01-01T00:02:00Z"});
    let ended = ending(&json!({"phase": "Failed", "reason": "Evicted", "conditions": [condition]}));
    assert_eq!(ended.at.to_string(), "2025-01-01T00:02:00Z");
}

#[test]
fn a_pod_that_tells_of_no_time_ends_once_however_late_it_is_looked_at() {
    let pod = with_status(&json!({"phase": "Failed", "reason": "OutOfcpu"}));
    for now in ["2025-01-01T00:00:01Z", "2025-01-02T00:00:01Z"] {
        match read(&job(json!({})), &pod, &[], now.parse().unwrap()).state {
            DriverState::Ended(ending) => assert_eq!(ending.at.to_string(), "2025-01-01T00:00:00Z", "{now}"),
            other => panic!("it is {other:?}"),
        }
    }
}

#[test]
fn what_befalls_a_pod_from_outside_is_why_it_ended() {
    let target = |reason: &str| json!({"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "m"}]});
    for (status, reason) in [
        (json!({"phase": "Failed", "reason": "Evicted", "message": "disk"}), Reason::Evicted),
        (json!({"phase": "Failed", "reason": "Preempting"}), Reason::Preempted),
        (json!({"phase": "Failed", "reason": "NodeLost"}), Reason::NodeLost),
        (json!({"phase": "Failed", "reason": "Terminated"}), Reason::NodeLost),
        (json!({"phase": "Failed", "reason": "OutOfmemory"}), Reason::Evicted),
        (json!({"phase": "Failed", "reason": "NodeAffinity"}), Reason::Evicted),
        (target("PreemptionByScheduler"), Reason::Preempted),
        (target("DeletionByTaintManager"), Reason::NodeLost),
        (target("DeletionByPodGC"), Reason::NodeLost),
        (target("EvictionByEvictionAPI"), Reason::Evicted),
        (json!({"phase": "Failed", "message": "odd"}), Reason::ContainerRefused),
        (json!({"phase": "Succeeded"}), Reason::Completed),
    ] {
        assert_eq!(ending(&status).reason, reason, "{status}");
    }
}

#[test]
fn a_driver_that_ended_well_was_not_evicted() {
    let mut status = driver_ended(&json!({"exitCode": 0}));
    status["reason"] = json!("Evicted");
    assert_eq!(ending(&status).reason, Reason::Completed);
}

#[test]
fn an_init_container_that_fails_is_named() {
    let init = |name: &str, message: &str| json!({"phase": "Failed", "initContainerStatuses": [{"name": name, "state": {"terminated": {"exitCode": 2, "message": message}}}]});
    let fetch = ending(&init("fetch", "no route"));
    assert_eq!(fetch.reason, Reason::InitFailed);
    assert!(fetch.message.contains("fetch ended with exit code 2: no route"), "{}", fetch.message);
    let inspect = ending(&init("lcmap-inspect", &report("CertificatesInImage", 78)));
    assert_eq!(inspect.reason, Reason::CertificatesInImage);
}

#[test]
fn a_driver_runs_as_its_kind_does() {
    let running = |ready: bool| json!({"phase": "Running", "containerStatuses": [{"name": "driver", "ready": ready, "state": {"running": {}}}]});
    for (run, ready, reason) in [
        ("submit", true, Reason::DriverRunning),
        ("pyspark", true, Reason::DriverRunning),
        ("notebook", true, Reason::NotebookReady),
    ] {
        let run =
            if run == "submit" { json!({"submit": {"application": "a.py"}}) } else { json!({(run): {}}) };
        let state = seen(json!({"run": run}), &running(ready)).state;
        assert!(
            matches!(&state, DriverState::Running { reason: it, .. } if *it == reason),
            "{run}: {state:?}"
        );
    }
    let state = seen(json!({"run": {"notebook": {}}}), &running(false)).state;
    assert!(matches!(&state, DriverState::Waiting { reason: Reason::DriverStarting, .. }), "{state:?}");
}

#[test]
fn a_notebooks_url_has_the_scheme_and_the_prefix_that_its_arguments_give_it() {
    for (args, url) in [
        (json!([]), "http://pi-notebook.science.svc:8888/"),
        (json!(["--ServerApp.base_url=/team/nb/"]), "http://pi-notebook.science.svc:8888/team/nb/"),
        (json!(["--NotebookApp.base_url", "team/nb"]), "http://pi-notebook.science.svc:8888/team/nb/"),
        (
            json!(["--ServerApp.base_url=/a", "--ServerApp.base_url=/"]),
            "http://pi-notebook.science.svc:8888/",
        ),
        (
            json!(["--certfile=/tls/tls.crt", "--keyfile=/tls/tls.key"]),
            "https://pi-notebook.science.svc:8888/",
        ),
        (
            json!(["--ServerApp.certfile", "/c", "--ServerApp.base_url=/b"]),
            "https://pi-notebook.science.svc:8888/b/",
        ),
        (json!(["--ServerApp.certfile="]), "http://pi-notebook.science.svc:8888/"),
    ] {
        let running = json!({"phase": "Running", "containerStatuses": [{"name": "driver", "ready": true, "state": {"running": {}}}]});
        let notebook = seen(json!({"run": {"notebook": {"args": args}}}), &running).notebook;
        assert_eq!(notebook.unwrap().url, url, "{args}");
    }
}

#[test]
fn a_node_that_falls_silent_is_told_and_nothing_is_done_about_it() {
    let ready = json!({"type": "Ready", "status": "False"});
    let status = json!({"phase": "Running", "conditions": [ready], "containerStatuses": [{"name": "driver", "state": {"running": {}}}]});
    let state = seen(json!({}), &status).state;
    assert!(matches!(&state, DriverState::Running { reason: Reason::NodeLost, .. }), "{state:?}");
}

#[test]
fn a_pod_lives_as_long_as_a_container_beside_its_driver_does() {
    let mut status = driver_ended(&json!({"exitCode": 0}));
    assert_eq!(seen(json!({}), &status).life, Life::Over);
    status["phase"] = json!("Running");
    assert_eq!(seen(json!({}), &status).life, Life::Over, "the kubelet tells of the container first");
    let sidecar = json!({"name": "sidecar", "state": {"running": {}}});
    status["containerStatuses"].as_array_mut().unwrap().push(sidecar);
    let driver = seen(json!({}), &status);
    assert!(matches!(driver.state, DriverState::Ended(_)));
    assert_eq!(driver.life, Life::Living);
}

#[test]
fn whether_a_driver_stops_and_why_shows_in_its_pod() {
    let mut pod = with_status(&json!({"phase": "Running"}));
    assert_eq!(super::super::stopping(&pod), Stopping::No);
    pod.metadata.deletion_timestamp = pod.metadata.creation_timestamp.clone();
    assert_eq!(super::super::stopping(&pod), Stopping::Asked);
    let target = |status: &str| json!([{"type": "DisruptionTarget", "status": status, "reason": "PreemptionByScheduler"}]);
    pod.status.conditions = serde_json::from_value(target("True")).unwrap();
    assert!(matches!(super::super::stopping(&pod), Stopping::Disrupted { reason: Reason::Preempted, .. }));
    pod.metadata.deletion_timestamp = None;
    for status in ["True", "False"] {
        pod.status.conditions = serde_json::from_value(target(status)).unwrap();
        assert_eq!(
            super::super::stopping(&pod),
            Stopping::No,
            "{status}: what is announced may be called off"
        );
    }
}

#[test]
fn since_when_a_driver_runs_is_told_by_the_kubelet_also_after_its_end() {
    let at = "2025-01-01T00:00:05Z";
    let status =
        |state: Value| json!({"phase": "Running", "containerStatuses": [{"name": "driver", "state": state}]});
    for (state, started) in [
        (json!({"running": {"startedAt": at}}), Some(at)),
        (json!({"terminated": {"exitCode": 1, "startedAt": at}}), Some(at)),
        (
            json!({"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z"}}),
            None,
        ),
        (json!({"waiting": {"reason": "ImagePullBackOff"}}), None),
    ] {
        let told = seen(json!({}), &status(state.clone())).started.map(|at| at.to_string());
        assert_eq!(told.as_deref(), started, "{state}");
    }
}

#[test]
fn a_pod_tells_what_it_was_made_from() {
    let built: DriverPod = serde_json::from_value(built(json!({}))).unwrap();
    let revision = read(&job(json!({})), &built, &[], Timestamp::UNIX_EPOCH).revision;
    assert_eq!(revision, Some(lcmap_spark_crd::Revision::of(&job(json!({})).spec, 7)));
}
