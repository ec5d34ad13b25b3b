//! Distributed jobs: drivers in pods, Mesos on a machine beside the nodes, executors in containers of the jobs' image.

use std::{thread, time::Duration};

use lcmap_spark_tests::{kubernetes::Namespace, mesos::Bed};
use serde_json::{Value, json};

use crate::installation::{ROLE, beside, in_namespace, installed, secrets};
use crate::jobs::{LIMIT, get, program, wait_for, wait_for_output};

/// Counts on executors, waits for the file `/tmp/go`, and counts again.
const COUNTS_TWICE: &str = "import os, time
from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
def count():
    return context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count()
print('counted', count(), flush=True)
while not os.path.exists('/tmp/go'): time.sleep(0.2)
print('and again', count(), flush=True)";

/// The one switch, and executors of which two fit an agent.
const DISTRIBUTED: &str = r#", "mode": "Distributed", "executor": {"cores": 1, "memory": "512m"}"#;

fn go(namespace: &Namespace, job: &str) {
    let pod = format!("{job}-driver-1");
    namespace.kubectl(["exec", &pod, "-c=driver", "--", "touch", "/tmp/go"]).unwrap();
}

/// A job for a Mesos that wants neither certificates nor credentials.
fn plain(namespace: &Namespace, name: &str, mesos: &Bed) -> String {
    let manifest = program(namespace, name, COUNTS_TWICE, DISTRIBUTED);
    let mut job: Value = serde_json::from_str(&manifest).unwrap();
    let master = format!("mesos://{}", mesos.masters());
    job["spec"]["mesos"] = json!({"master": master, "role": "*", "failoverTimeout": "5s"});
    job.to_string()
}

/// The frameworks of a job that live on Mesos.
fn frameworks(namespace: &Namespace, name: &str, mesos: &Bed) -> Vec<String> {
    let uid = get(namespace, &format!("sparkjob/{name}"), "{.metadata.uid}");
    let all = mesos.frameworks().into_iter().map(|framework| framework.id);
    all.filter(|id| id.starts_with(&uid)).collect()
}

/// A job whose manifest says no more than `mode: Distributed`, and what `more` adds, on the Mesos of the installation.
fn counts_on_the_shared_mesos(label: &str, more: &str) {
    in_namespace(label, |namespace| {
        let mesos = &installed().mesos;
        for words in secrets(mesos, "spark") {
            namespace.kubectl(&words).unwrap();
        }
        namespace.apply(&program(namespace, label, COUNTS_TWICE, &format!("{DISTRIBUTED}{more}"))).unwrap();
        wait_for(namespace, label, "Running/CoresMaxReached");
        let job = format!("sparkjob/{label}");
        assert_eq!(
            get(namespace, &job, "{.status.mesos.executors.running} {.status.mesos.role}"),
            format!("2 {ROLE}")
        );
        let ours = frameworks(namespace, label, mesos);
        assert_eq!(get(namespace, &job, "{.status.mesos.frameworkIds[0]}"), ours[0]);
        go(namespace, label);
        wait_for(namespace, label, "Succeeded/Completed");
        let log = namespace.kubectl(["logs", &format!("{label}-driver-1")]).unwrap();
        assert!(log.contains("counted 143") && log.contains("and again 143"), "{log}");
        assert!(frameworks(namespace, label, mesos).is_empty());
        assert_eq!(get(namespace, &job, "{.metadata.finalizers}"), "");
    });
}

#[test]
fn one_field_makes_a_job_count_on_executors_with_certificates_credentials_and_role() {
    counts_on_the_shared_mesos("switched", "");
}

#[test]
fn executors_find_a_driver_in_the_network_of_pods() {
    counts_on_the_shared_mesos("routed", r#", "network": "Pod""#);
}

#[test]
fn executors_that_do_not_reach_their_driver_are_told_of_with_its_host_and_port_until_they_do() {
    const PORT: u16 = 7078;
    let (machine, mesos) = beside(installed().cluster, Bed::plain());
    machine.close(PORT).unwrap();
    in_namespace("walled", |namespace| {
        let mut job: Value = serde_json::from_str(&plain(namespace, "walled", &mesos)).unwrap();
        job["spec"]["network"] = json!("Pod");
        job["spec"]["conf"] = json!({"spark.driver.port": PORT.to_string()});
        namespace.apply(&job.to_string()).unwrap();
        wait_for(namespace, "walled", "Running/ExecutorsUnreachable");
        let said = get(namespace, "sparkjob/walled", "{.status.message}");
        let pod = get(namespace, "pod/walled-driver-1", "{.status.podIP}");
        assert!(said.contains(&format!("none has reached the driver at {pod}:{PORT}")), "{said}");
        machine.open(PORT).unwrap();
        go(namespace, "walled");
        wait_for(namespace, "walled", "Succeeded/Completed");
        assert!(frameworks(namespace, "walled", &mesos).is_empty());
    });
}

#[test]
fn a_job_goes_on_when_the_cable_of_its_mesos_is_back() {
    let (machine, mesos) = beside(installed().cluster, Bed::plain());
    in_namespace("unplugged", |namespace| {
        namespace.apply(&plain(namespace, "patient", &mesos)).unwrap();
        // An executor that starts while the cable is out fails, and Spark takes no more from an agent after two of them.
        wait_for_output(namespace, "patient", "counted 143");
        machine.unplug().unwrap();
        thread::sleep(Duration::from_secs(20));
        machine.plug_in().unwrap();
        go(namespace, "patient");
        wait_for(namespace, "patient", "Succeeded/Completed");
        let log = namespace.kubectl(["logs", "patient-driver-1"]).unwrap();
        assert!(log.contains("and again 143"), "{log}");
        assert!(frameworks(namespace, "patient", &mesos).is_empty());
    });
}

#[test]
fn a_job_that_is_deleted_while_its_mesos_is_cut_off_stays_until_nothing_of_it_is_left_there() {
    let (machine, mesos) = beside(installed().cluster, Bed::plain());
    in_namespace("cut", |namespace| {
        namespace.apply(&plain(namespace, "deleted", &mesos)).unwrap();
        wait_for(namespace, "deleted", "Running/CoresMaxReached");
        machine.unplug().unwrap();
        namespace.kubectl(["delete", "sparkjob", "deleted", "--wait=false"]).unwrap();
        let gone = |pods: &str| pods.is_empty();
        namespace
            .wait_for("pods", "{.items[?(@.status.phase=='Running')].metadata.name}", LIMIT, gone)
            .unwrap();
        wait_for(namespace, "deleted", "Releasing/TearingDown");
        let why = "{.status.conditions[?(@.type=='Released')].reason}";
        namespace.wait_for("sparkjob/deleted", why, LIMIT, |now| now == "MesosUnreachable").unwrap();
        machine.plug_in().unwrap();
        namespace.kubectl(["wait", "sparkjob/deleted", "--for=delete", "--timeout=240s"]).unwrap();
        assert!(mesos.frameworks().is_empty());
    });
}
