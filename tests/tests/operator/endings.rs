//! How a driver ended, in words.

use serde_json::{Value, json};

use crate::{
    bed::in_namespace,
    driver::{Driver, container, now},
    job::holding,
};

/// What is shown of a pod, and what its job should then have failed for.
struct Row {
    name: &'static str,
    show: fn(&Driver),
    reason: &'static str,
    words: &'static [&'static str],
    exit_code: Value,
}

/// The driver's container ended so, and its agent left no word.
fn terminated(driver: &Driver, exit_code: u8, reason: &str, message: &str) {
    driver.is_bound().ends_with(exit_code, json!({"reason": reason, "message": message}));
}

/// The pod failed, and none of its containers ever ran.
fn failed(driver: &Driver, reason: &str, message: &str) {
    driver.is_bound().shows(&json!({"phase": "Failed", "reason": reason, "message": message}));
}

/// The pod was chosen to go.
fn disrupted(driver: &Driver, reason: &str, message: &str) {
    let target = json!({"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message,
        "lastTransitionTime": now()});
    driver.is_bound().shows(&json!({"conditions": [target]})).ends(143);
}

fn init(driver: &Driver, name: &str, message: &str) {
    let state =
        json!({"terminated": {"exitCode": 2, "reason": "Error", "message": message, "finishedAt": now()}});
    driver.is_bound().shows(&json!({
        "phase": "Failed",
        "initContainerStatuses": [container(name, false, state)],
        "containerStatuses": [container("driver", false, json!({"waiting": {"reason": "PodInitializing"}}))],
    }));
}

fn row(
    name: &'static str,
    show: fn(&Driver),
    reason: &'static str,
    words: &'static [&'static str],
    exit_code: Value,
) -> Row {
    Row { name, show, reason, words, exit_code }
}

/// What the driver's exit code, and its agent, tell of.
fn ends_of_the_driver() -> Vec<Row> {
    vec![
        row(
            "exit",
            |it| {
                it.runs().ends(3);
            },
            "ExitedNonZero",
            &["exit code 3"],
            json!(3),
        ),
        row(
            "reported",
            |it| {
                it.runs().reports(3, "ExitedNonZero", "pi.py: ValueError");
            },
            "ExitedNonZero",
            &["pi.py: ValueError"],
            json!(3),
        ),
        row(
            "signal",
            |it| {
                it.runs().ends(139);
            },
            "KilledBySignal",
            &["signal 11"],
            json!(139),
        ),
        row(
            "oom",
            |it| terminated(it, 137, "OOMKilled", ""),
            "OutOfMemory",
            &["spec.driver.memory"],
            json!(137),
        ),
        row(
            "agents-oom",
            |it| {
                it.runs().reports(137, "OutOfMemory", "the kernel killed python3");
            },
            "OutOfMemory",
            &["the kernel killed python3"],
            json!(137),
        ),
    ]
}

/// What the kubelet alone tells of.
fn ends_by_the_kubelet() -> Vec<Row> {
    vec![
        row(
            "not-found",
            |it| {
                it.runs().reports(127, "CommandNotFound", "spark-submit is not in the image");
            },
            "CommandNotFound",
            &["spark-submit is not in the image"],
            json!(127),
        ),
        row(
            "start-error",
            |it| terminated(it, 128, "StartError", "exec: \"/lcmap/bin/lcmap-agent\": permission denied"),
            "ContainerRefused",
            &["could not be started", "permission denied"],
            json!(128),
        ),
        row(
            "unknown",
            |it| terminated(it, 137, "ContainerStatusUnknown", "The container could not be located"),
            "NodeLost",
            &["could not be located"],
            json!(137),
        ),
        row(
            "evicted",
            |it| failed(it, "Evicted", "The node was low on resource: memory."),
            "Evicted",
            &["low on resource: memory"],
            Value::Null,
        ),
    ]
}

/// What befalls the pod, or comes before its driver.
fn ends_of_the_pod() -> Vec<Row> {
    vec![
        row(
            "evicted-by-api",
            |it| disrupted(it, "EvictionByEvictionAPI", "Eviction API: evicting"),
            "Evicted",
            &["Eviction API"],
            json!(143),
        ),
        row(
            "preempted",
            |it| disrupted(it, "PreemptionByScheduler", "default-scheduler: preempting to accommodate a pod"),
            "Preempted",
            &["preempting"],
            json!(143),
        ),
        row(
            "shutdown",
            |it| failed(it, "Terminated", "Pod was terminated in response to imminent node shutdown."),
            "NodeLost",
            &["imminent node shutdown"],
            Value::Null,
        ),
        row(
            "out-of-cpu",
            |it| failed(it, "OutOfcpu", "Node didn't have enough resource: cpu"),
            "Evicted",
            &["OutOfcpu", "did not take the pod"],
            Value::Null,
        ),
        row(
            "init",
            |it| init(it, "fetch", "404 Not Found"),
            "InitFailed",
            &["fetch", "exit code 2", "404"],
            Value::Null,
        ),
        row(
            "inspect",
            |it| {
                let told = "a private key is baked into the image: /certs/mesos.key";
                init(
                    it,
                    "lcmap-inspect",
                    &json!({"exitCode": 2, "reason": "CertificatesInImage", "message": told}).to_string(),
                );
            },
            "CertificatesInImage",
            &["/certs/mesos.key"],
            Value::Null,
        ),
    ]
}

#[test]
fn every_bad_end_of_a_driver_has_its_reason_and_its_words() {
    in_namespace("ends", |space| {
        let rows: Vec<_> =
            [ends_of_the_driver(), ends_by_the_kubelet(), ends_of_the_pod()].into_iter().flatten().collect();
        let jobs: Vec<_> =
            rows.iter().map(|row| space.job(row.name, json!({"restart": {"policy": "Never"}}))).collect();
        for (row, job) in rows.iter().zip(&jobs) {
            (row.show)(&job.driver(1));
        }
        for (row, job) in rows.iter().zip(&jobs) {
            let status = job.becomes("Failed", row.reason);
            assert_eq!(status["driver"]["exitCode"], row.exit_code, "{}: {status:#}", row.name);
            assert_eq!(
                holding(&status),
                ["Accepted", "Failed", "Finished", "Released", "Stalled"],
                "{}",
                row.name
            );
            let message = status["message"].as_str().unwrap();
            for word in row.words {
                assert!(message.contains(word), "{}: {word:?} is not in {message:?}", row.name);
            }
        }
    });
}

#[test]
fn exit_code_0_is_success_whether_an_agent_says_so_or_not() {
    in_namespace("good", |space| {
        let (told, untold) = (space.job("told", json!({})), space.job("untold", json!({})));
        told.driver(1).runs().reports(0, "Completed", "");
        untold.driver(1).runs().ends(0);
        for job in [told, untold] {
            let status = job.becomes("Succeeded", "Completed");
            assert_eq!(status["driver"]["exitCode"], 0);
        }
    });
}

#[test]
fn a_shell_that_was_idle_for_too_long_has_ended_well() {
    in_namespace("idle", |space| {
        let job = space.job("shell", json!({"run": {"pyspark": {"idleTimeout": "1h"}}}));
        job.driver(1).runs().reports(0, "IdleTimeout", "nobody typed anything for 1h");
        let status = job.becomes("Succeeded", "IdleTimeout");
        assert_eq!(status["message"], "nobody typed anything for 1h");
    });
}

#[test]
fn a_driver_on_a_node_that_is_lost_is_waited_for_and_never_doubled() {
    in_namespace("lost", |space| {
        let job = space.job("pi", json!({"restart": {"policy": "OnInfrastructureFailure", "backoff": "1s"}}));
        let driver = job.driver(1);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        // The taint manager gives the pod up; no kubelet is there to confirm.
        let target = json!({"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint", "lastTransitionTime": now()});
        driver.shows(&json!({"conditions": [target]}));
        space.bed.api.delete(&driver.path()).unwrap();
        let status = job.becomes("Releasing", "NodeLost");
        let message = status["message"].as_str().unwrap();
        assert!(
            message.contains("node-1 does not answer") && message.contains("may still run there"),
            "{message}"
        );
        job.stays_as_it_is(std::time::Duration::from_secs(3));
        assert_eq!(space.created_pods(), ["pi-driver-1"]);
        // Somebody makes sure that the node is gone.
        driver.vanishes();
        let status =
            job.wait_until("has ended its first attempt", |status| status["attempts"][0].is_object());
        assert_eq!(status["attempts"][0]["reason"], "NodeLost", "{status:#}");
        job.driver(2);
    });
}
