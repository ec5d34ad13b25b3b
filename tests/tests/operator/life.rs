//! The usual way of a job.

use serde_json::{Value, json};

use crate::{
    bed::in_namespace,
    job::{eventually, holding},
    space::manifest,
};

#[test]
fn a_job_goes_its_way_and_its_columns_and_conditions_tell_of_it() {
    in_namespace("life", |space| {
        space.apply(&manifest("pi", json!({})));
        let job = space.known_job("pi");
        let status = job.becomes("Pending", "Starting");
        assert_eq!(holding(&status), ["Accepted", "Reconciling"]);
        job.driver(1).runs();
        let status = job.becomes("Running", "DriverRunning");
        assert_eq!(holding(&status), ["Accepted", "DriverReady"]);
        assert_eq!(status["message"], "on node-1");
        job.driver(1).reports(0, "Completed", "");
        let status = job.becomes("Succeeded", "Completed");
        assert_eq!(holding(&status), ["Accepted", "Completed", "Finished", "Released"]);

        for condition in ["Finished", "Completed", "Released"] {
            space.kubectl(["wait", "--timeout=5s", "sj/pi", &format!("--for=condition={condition}")]);
        }
        let shown = space.kubectl(["get", "sparkjobs", "pi"]);
        let words: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        let columns =
            ["NAME", "MODE", "RUN", "PHASE", "REASON", "EXECUTORS", "ATTEMPT", "STARTED", "TOOK", "AGE"];
        assert_eq!(words[0], columns, "{shown}");
        assert_eq!(
            words[1][..6],
            ["pi", "NonDistributed", "Submit", "Succeeded", "Completed", "1"],
            "{shown}"
        );
    });
}

#[test]
fn a_job_that_goes_its_usual_way_has_two_events_and_costs_six_requests() {
    in_namespace("cost", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        job.driver(1).reports(0, "Completed", "");
        job.becomes("Succeeded", "Completed");
        let told = eventually(|| Some(space.events("pi")).filter(|events| events.len() > 1)).unwrap();
        let told: Vec<_> = told.iter().map(|(kind, reason, _)| (kind.as_str(), reason.as_str())).collect();
        assert_eq!(told, [("Normal", "Starting"), ("Normal", "Completed")]);

        let asked: Vec<_> =
            space.requests().iter().map(|request| format!("{} {}", request.verb, request.resource)).collect();
        let count = |what: &str| asked.iter().filter(|asked| *asked == what).count();
        assert_eq!(count("create pods"), 1, "{asked:?}");
        assert_eq!(count("patch sparkjobs/status"), 3, "{asked:?}");
        assert_eq!(count("create events"), 2, "{asked:?}");
        assert_eq!(asked.len(), 6, "{asked:?}");
    });
}

#[test]
fn kubectl_describe_tells_the_story_of_a_job() {
    in_namespace("describe", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).runs().reports(3, "ExitedNonZero", "pi.py ended with exit code 3: ValueError");
        job.becomes("Failed", "ExitedNonZero");
        eventually(|| (space.events("pi").len() > 1).then_some(())).unwrap();
        let story = space.kubectl(["describe", "sparkjob", "pi"]);
        for part in [
            "pi.py ended with exit code 3: ValueError",
            "Pod Name:  pi-driver-1",
            "Exit Code:  3",
            "created the driver pod pi-driver-1",
            "Warning  ExitedNonZero",
        ] {
            let part: Vec<_> = part.split_whitespace().collect();
            let told = story.split_whitespace().collect::<Vec<_>>();
            assert!(told.windows(part.len()).any(|words| words == part), "{part:?} is not in:\n{story}");
        }
    });
}

#[test]
fn a_driver_pod_carries_everything_and_may_do_nothing() {
    in_namespace("pod", |space| {
        let job =
            space.job("pi", json!({"terminationGracePeriod": "40s", "user": {"uid": 1000, "gid": 1000}}));
        let pod = job.driver(1).object();
        let (metadata, spec) = (&pod["metadata"], &pod["spec"]);
        let owner = &metadata["ownerReferences"][0];
        assert_eq!(
            (&owner["kind"], &owner["name"], &owner["uid"]),
            (&json!("SparkJob"), &json!("pi"), &json!(job.uid()))
        );
        assert_eq!(metadata["labels"]["lcmap.usgs.gov/job"], "pi");
        assert_eq!(metadata["labels"]["lcmap.usgs.gov/attempt"], "1");
        let plan: Value =
            serde_json::from_str(metadata["annotations"]["lcmap.usgs.gov/plan"].as_str().unwrap()).unwrap();
        assert!(plan.is_object(), "{plan}");
        assert_eq!(spec["terminationGracePeriodSeconds"], 60, "Spark's share and 20 s for the agent");
        assert_eq!(spec["restartPolicy"], "Never");
        assert_eq!(spec["automountServiceAccountToken"], false);
        assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
        let containers = [&spec["containers"], &spec["initContainers"]];
        for container in containers.into_iter().flat_map(|list| list.as_array().unwrap()) {
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false, "{container}");
            assert_eq!(security["capabilities"]["drop"], json!(["ALL"]), "{container}");
        }
        let volumes: Vec<_> =
            spec["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).collect();
        assert!(
            !volumes.iter().any(|name| name.as_str().unwrap().contains("kube-api-access")),
            "{volumes:?}"
        );
    });
}

#[test]
fn finished_jobs_cost_nothing_while_others_run() {
    in_namespace("finished", |space| {
        for i in 0..20 {
            let job = space.job(&format!("done-{i}"), json!({}));
            job.driver(1).runs().reports(0, "Completed", "");
            job.becomes("Succeeded", "Completed");
        }
        let before = space.requests().len();
        let job = space.job("pi", json!({}));
        job.driver(1).runs().reports(0, "Completed", "");
        job.becomes("Succeeded", "Completed");
        let about_others = space
            .requests()
            .into_iter()
            .skip(before)
            .filter(|request| request.name.starts_with("done-") && request.resource != "events")
            // What was asked of the last one may be told late.
            .filter(|request| !request.name.starts_with("done-19"))
            .count();
        assert_eq!(about_others, 0);
    });
}
