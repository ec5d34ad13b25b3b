//! Mesos has nothing for a job: why, in figures, while it waits.

use lcmap_spark_tests::{Folder, mesos::Bed, says};
use serde_json::{Value, json};

use super::bed::{COUNTS, fails, nothing_is_left, run, spec};

/// A job that says why it waits, for as long as `allocationTimeout` lets it.
fn waits_in_vain(bed: &Bed, change: impl FnOnce(&mut Value), said: &[&str]) {
    let mut spec = spec(bed);
    // Mesos is asked every 2 s, and the reason must have been told before.
    spec["mesos"]["allocationTimeout"] = json!("15s");
    change(&mut spec);
    let run = fails(bed, spec);
    says(&run.stderr, &["Requesting", "AllocationTimeout"]);
    says(&run.stderr, said);
    assert_eq!(run.code, Some(124), "{}", run.stderr);
}

#[test]
fn executors_that_no_agent_holds_are_told_by_how_much() {
    let bed = Bed::plain().start().unwrap();
    let needs = "an executor needs 1 core and 45056 MiB; the agent that comes nearest";
    let lacks = "has 4 cores and 4096 MiB free for the role *: it lacks 40960 MiB";
    let large = |spec: &mut Value| spec["executor"]["memory"] = json!("40g");
    waits_in_vain(&bed, large, &["OffersTooSmall", needs, lacks]);
}

#[test]
fn a_mesos_without_agents_makes_no_offers() {
    let bed = Bed::plain().agents(0).start().unwrap();
    waits_in_vain(&bed, |_| {}, &["NoOffers"]);
}

#[test]
fn constraints_that_no_agent_meets_are_named_while_it_waits() {
    let bed = Bed::plain().start().unwrap();
    let elsewhere = |spec: &mut Value| spec["mesos"]["constraints"] = json!({"rack": ["elsewhere"]});
    waits_in_vain(&bed, elsewhere, &["ConstraintsUnmet", "mesos.constraints"]);
}

#[test]
fn a_port_that_a_manifest_pins_and_no_agent_has_is_told_with_those_that_they_have() {
    let bed = Bed::plain().start().unwrap();
    let pinned = |spec: &mut Value| spec["conf"]["spark.blockManager.port"] = json!("7500");
    waits_in_vain(&bed, pinned, &["PortsNotOffered", "is 7500, and the ports of agents are 31000-31999"]);
}

#[test]
fn a_port_that_a_program_pins_is_told_by_who_gets_the_offers() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let mut spec = spec(&bed);
    spec["mesos"]["allocationTimeout"] = json!("40s");
    let program =
        COUNTS.replace(".getOrCreate()", ".config('spark.blockManager.port', '7500').getOrCreate()");
    let run = run(&folder, &bed, &program, spec).finish();
    let told = "spark.blockManager.port is 7500, and the ports that agents offer are 31000-31999";
    says(&run.stderr, &["Requesting", "PortsNotOffered", told, "AllocationTimeout"]);
    assert!(!run.stderr.contains("ACLs"), "{}", run.stderr);
    assert_eq!(run.code, Some(124), "{}", run.stderr);
    nothing_is_left(&bed);
}

#[test]
fn a_program_that_wants_no_executor_yet_has_all_its_time() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let mut spec = spec(&bed);
    spec["mesos"]["allocationTimeout"] = json!("20s");
    for (property, value) in [
        ("spark.dynamicAllocation.enabled", "true"),
        ("spark.dynamicAllocation.shuffleTracking.enabled", "true"),
        ("spark.dynamicAllocation.minExecutors", "0"),
    ] {
        spec["conf"][property] = json!(value);
    }
    let program = COUNTS.replace("print(", "import time; time.sleep(35)\nprint(");
    let run = run(&folder, &bed, &program, spec).finish().succeeded();
    says(&run.stdout, &["counted 143"]);
    says(&run.stderr, &["Requesting", "NoExecutorsWanted"]);
    assert!(!run.stderr.contains("NoOffers"), "{}", run.stderr);
    nothing_is_left(&bed);
}
