//! Frameworks that nobody owns any more.

use std::time::Duration;

use lcmap_spark_tests::mesos::{Bed, driver::settings};
use serde_json::json;

use super::{Framework, job, name};
use crate::{bed::shared as kubernetes, job::eventually};

#[test]
fn frameworks_of_this_cluster_whose_job_is_gone_are_swept_and_no_others() {
    let mesos = Bed::plain().start().unwrap();
    let identities = mesos.folder().join("identities.json");
    std::fs::write(&identities, json!([{"master": name(&mesos)}]).to_string()).unwrap();
    kubernetes().in_namespace("sweep", |space| {
        let identities = format!("--mesos-identities={}", identities.display());
        let operator = space.operator().arg(identities).arg("--cluster=here").start().unwrap();
        operator.wait_until_leads().unwrap();
        let living = job(space, &mesos, "living", json!({}));
        living.driver(1).runs();
        let _living = Framework::of(&living.driver(1), &mesos);
        let (gone, whose) = (format!("{}/gone", space.name), format!("{}/living", space.name));
        let register = |id: &str, cluster: &str, job: &str, uid: &str| {
            let labels = [("cluster", cluster), ("job", job), ("uid", uid)];
            let labels = labels.map(|(label, value)| (format!("lcmap.usgs.gov/{label}"), value.to_owned()));
            let labels = labels.iter().map(|(label, value)| (label.as_str(), value.as_str()));
            Framework::register(settings(&mesos), id, labels)
        };
        register("lost-1", "here", &gone, "lost").dies();
        register("before-1", "here", &whose, "before").dies();
        let _theirs = register("theirs-1", "there", &gone, "theirs");
        let _laptop = Framework::register(settings(&mesos), "laptop-1", []);

        let left = || {
            let state = mesos.state().unwrap();
            let frameworks = state["frameworks"].as_array().unwrap().iter();
            let mut ids: Vec<String> = frameworks.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        let mut kept = vec![format!("{}-1", living.uid()), "laptop-1".to_owned(), "theirs-1".to_owned()];
        kept.sort();
        let deadline = std::time::Instant::now() + Duration::from_secs(120);
        while left() != kept && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_secs(1));
        }
        assert_eq!(left(), kept);
        // The master forgets them before its answers are counted.
        let swept = || operator.metric("lcmap_spark_frameworks_swept_total").unwrap();
        eventually(|| (swept() >= 2).then_some(()));
        assert_eq!(swept(), 2);
    });
}
