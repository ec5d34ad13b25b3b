//! Mesos has nothing for a job: why, in figures, while it waits.

use lcmap_spark_tests::{mesos::Bed, says};
use serde_json::json;

use super::bed::{fails, spec};

#[test]
fn executors_that_no_agent_holds_are_told_by_how_much() {
    let bed = Bed::plain().start().unwrap();
    let mut spec = spec(&bed);
    spec["executor"]["memory"] = json!("40g");
    spec["mesos"]["allocationTimeout"] = json!("6s");
    let run = fails(&bed, spec);
    let figures =
        "an executor needs 1 core and 45056 MiB; the most that is free on one agent is 4 cores, and 4096 MiB";
    says(&run.stderr, &["Requesting", "OffersTooSmall", figures, "AllocationTimeout"]);
    assert_eq!(run.code, Some(124));
}

#[test]
fn a_mesos_without_agents_makes_no_offers() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["allocationTimeout"] = json!("6s");
    says(&fails(&bed, spec).stderr, &["Requesting", "NoOffers", "AllocationTimeout"]);
}

#[test]
fn constraints_that_no_agent_meets_are_named_while_it_waits() {
    let bed = Bed::plain().start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["constraints"] = json!({"rack": ["elsewhere"]});
    spec["mesos"]["allocationTimeout"] = json!("6s");
    let run = fails(&bed, spec);
    says(&run.stderr, &["Requesting", "ConstraintsUnmet", "mesos.constraints", "AllocationTimeout"]);
}
