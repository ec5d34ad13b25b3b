//! Notebooks and shells: what is beside their pods, and how one gets in.

use serde_json::{Value, json};

use crate::{
    bed::in_namespace,
    driver::{container, now},
    job::{Job, eventually},
};

fn notebook(more: Value) -> Value {
    json!({"run": {"notebook": more}})
}

fn answers(job: &Job) {
    job.driver(1).is_bound();
    let state = json!({"running": {"startedAt": now()}});
    job.driver(1).shows(
        &json!({"phase": "Running", "containerStatuses": [container("driver", false, state.clone())]}),
    );
    let status = job.becomes("Pending", "DriverStarting");
    assert_eq!((&status["message"], &status["url"]), (&json!("Jupyter starts"), &Value::Null));
    job.driver(1).shows(&json!({"containerStatuses": [container("driver", true, state)]}));
    job.becomes("Running", "NotebookReady");
}

fn owner(object: &Value) -> &Value {
    &object["metadata"]["ownerReferences"][0]["uid"]
}

#[test]
fn a_notebook_has_a_service_a_token_and_a_url_once_it_answers() {
    in_namespace("notebook", |space| {
        let job = space.job("nb", notebook(json!({})));
        answers(&job);
        let status = job.status();
        assert_eq!(status["url"], format!("http://nb-notebook.{}.svc:8888/", space.name));
        let service = space.get("services", "nb-notebook");
        assert_eq!(service["spec"]["ports"][0]["port"], 8888);
        assert_eq!(service["spec"]["selector"]["lcmap.usgs.gov/job"], "nb");
        assert_eq!(*owner(&service), *job.uid());

        let name = status["notebook"]["tokenSecretName"].as_str().unwrap();
        let secret = space.get("secrets", name);
        assert_eq!(*owner(&secret), *job.uid());
        let token = space.kubectl(["get", "secret", name, "--template={{.data.token | base64decode}}"]);
        assert!(token.len() == 64 && token.chars().all(|digit| digit.is_ascii_hexdigit()), "{token}");

        job.driver(1).reports(0, "IdleTimeout", "idle for 2h");
        let status = job.becomes("Succeeded", "IdleTimeout");
        assert_eq!(status["url"], Value::Null);
    });
}

#[test]
fn a_notebook_with_a_token_of_its_own_gets_none_made() {
    in_namespace("token", |space| {
        space.kubectl(["create", "secret", "generic", "mine", "--from-literal=token=abc"]);
        let job = space.job("nb", notebook(json!({"tokenSecretName": "mine"})));
        job.driver(1);
        let status = job.wait_until("names the token", |status| status["notebook"].is_object());
        assert_eq!(status["notebook"]["tokenSecretName"], "mine");
        assert_eq!(space.names("secrets"), ["mine"]);
    });
}

#[test]
fn the_files_of_a_notebook_outlive_it_unless_it_says_otherwise() {
    in_namespace("storage", |space| {
        for (name, storage) in
            [("kept", json!({"size": "1Gi"})), ("gone", json!({"size": "1Gi", "whenDeleted": "Delete"}))]
        {
            let job = space.job(name, notebook(json!({"storage": storage})));
            let claim = job.driver(1).object()["spec"]["volumes"].to_string();
            assert!(claim.contains(&format!("{name}-notebook")), "{claim}");
            job.delete();
            job.wait_until_gone();
        }
        let services = eventually(|| space.names("services").is_empty().then_some(()));
        assert!(services.is_some(), "{:?}", space.names("services"));
        let gone =
            |claim: &Value| claim["kind"] == "Status" || claim["metadata"]["deletionTimestamp"].is_string();
        eventually(|| gone(&space.get("persistentvolumeclaims", "gone-notebook")).then_some(())).unwrap();
        assert!(!gone(&space.get("persistentvolumeclaims", "kept-notebook")));
    });
}

#[test]
fn a_notebook_whose_files_were_kept_finds_them_again() {
    in_namespace("found", |space| {
        let spec = notebook(json!({"storage": {"size": "1Gi"}}));
        let job = space.job("nb", spec.clone());
        job.driver(1);
        let before = space.get("persistentvolumeclaims", "nb-notebook")["metadata"]["uid"].clone();
        job.delete();
        job.wait_until_gone();
        let job = space.job("nb", spec);
        job.driver(1);
        assert_eq!(space.get("persistentvolumeclaims", "nb-notebook")["metadata"]["uid"], before);
    });
}

#[test]
fn a_service_of_the_notebooks_name_that_is_somebody_elses_is_named() {
    in_namespace("taken", |space| {
        space.kubectl(["create", "service", "clusterip", "nb-notebook", "--tcp=80"]);
        let job = space.job("nb", notebook(json!({})));
        let status = job.becomes("Pending", "NameTaken");
        assert!(status["message"].as_str().unwrap().contains("Service named nb-notebook"), "{status:#}");
        space.kubectl(["delete", "service", "nb-notebook"]);
        answers(&job);
    });
}

#[test]
fn a_shell_can_be_attached_to_and_says_how() {
    in_namespace("shell", |space| {
        for (name, run) in [("scala", json!({"shell": {}})), ("python", json!({"pyspark": {}}))] {
            let job = space.job(name, json!({"run": run}));
            let container = job.driver(1).object()["spec"]["containers"][0].clone();
            let terminal = (&container["stdin"], &container["tty"], &container["stdinOnce"]);
            assert_eq!(terminal, (&json!(true), &json!(true), &Value::Null));
            job.driver(1).runs();
            let status = job.becomes("Running", "DriverRunning");
            let way = format!("kubectl attach -it {name}-driver-1");
            assert!(status["message"].as_str().unwrap().contains(&way), "{status:#}");
        }
    });
}
