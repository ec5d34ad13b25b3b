//! Mesos has nothing for a job: why, in figures, while it waits.

use lcmap_spark_tests::{mesos::Bed, says};
use serde_json::{Value, json};

use super::bed::{fails, spec};

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
