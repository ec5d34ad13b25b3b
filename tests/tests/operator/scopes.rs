//! The namespaces whose jobs are managed.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::bed::shared;

#[test]
fn only_the_jobs_of_the_named_namespaces_are_looked_after() {
    let bed = shared();
    bed.in_namespace("named", |one| {
        bed.in_namespace("named", |two| {
            bed.in_namespace("unnamed", |other| {
                let operator = one.operator().arg(format!("--namespace={}", two.name)).start().unwrap();
                operator.wait_until_leads().unwrap();
                let elsewhere = other.job("pi", json!({}));
                for space in [one, two] {
                    space.job("pi", json!({})).driver(1).runs();
                    space.known_job("pi").becomes("Running", "DriverRunning");
                }
                assert_eq!(elsewhere.status(), Value::Null);
                assert_eq!(other.requests(), []);
            });
        });
    });
}

#[test]
fn a_namespace_is_looked_after_for_as_long_as_it_has_the_label() {
    let bed = shared();
    bed.in_namespace("chosen", |space| {
        let label = format!("bed.test/{}", space.name);
        let operator = bed.operator().arg(format!("--namespace-selector={label}=yes"));
        let operator = operator.arg(format!("--lease-name={}", space.name)).start().unwrap();
        operator.wait_until_leads().unwrap();
        let job = space.job("pi", json!({}));
        thread::sleep(Duration::from_secs(1));
        assert_eq!(job.status(), Value::Null);

        space.label(&format!("{label}=yes"));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");

        bed.plane.kubectl(["label", "namespace", &space.name, &format!("{label}-")]).unwrap();
        thread::sleep(Duration::from_secs(1));
        job.driver(1).ends(0);
        job.stays_as_it_is(Duration::from_secs(2));

        space.label(&format!("{label}=yes"));
        job.becomes("Succeeded", "Completed");
    });
}
