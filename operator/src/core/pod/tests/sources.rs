//! Secrets, ConfigMaps, notebooks: what a driver reads, and where.

use lcmap_spark_agent::plan::EnvValue;
use lcmap_spark_crd::spec::{Notebook, RunRef};

use super::super::{claim, service, token_secret};
use super::*;

#[test]
fn only_the_keys_that_are_read_are_mounted() {
    let pod = built(json!({"env": [
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "cassandra", "key": "password"}}},
        {"name": "USER", "valueFrom": {"secretKeyRef": {"name": "cassandra", "key": "user"}}},
    ]}));
    let items = json!([{"key": "password", "path": "password"}, {"key": "user", "path": "user"}]);
    assert_eq!(named(&pod["spec"]["volumes"], "lcmap-source-0")["secret"]["items"], items);
    assert_eq!(mount(&pod, "/lcmap/secrets/cassandra")["readOnly"], true);
    let file = EnvValue::File("/lcmap/secrets/cassandra/password".into());
    let plan = launch_plan(&pod);
    assert_eq!(plan.env.iter().find(|it| it.name == "PASSWORD").map(|it| &it.value), Some(&file));
}

#[test]
fn what_is_read_whole_is_mounted_whole() {
    let pod = built(json!({
        "confFrom": [{"configMapName": "tuning"}],
        "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "tuning", "key": "a"}}}],
    }));
    let volume = named(&pod["spec"]["volumes"], "lcmap-source-0");
    assert_eq!(volume["configMap"], json!({"name": "tuning", "defaultMode": 0o444}));
    assert_eq!(launch_plan(&pod).conf_from, [std::path::PathBuf::from("/lcmap/configmaps/tuning")]);
}

#[test]
fn nothing_of_a_secret_is_in_the_plan() {
    let pod =
        built(json!({"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}));
    assert_eq!(driver(&pod)["env"], Value::Null, "secrets are read by the agent, not by the kubelet");
}

#[test]
fn a_notebook_has_its_token_its_port_and_its_files() {
    let storage = json!({"size": "1Gi"});
    let pod = built(json!({"run": {"notebook": {"port": 9999, "storage": storage}}}));
    assert_eq!(mount(&pod, "/lcmap/token")["name"], "lcmap-token");
    let token = named(&pod["spec"]["volumes"], "lcmap-token");
    assert_eq!(token["secret"]["secretName"], "pi-token-01234567");
    // The agent knows where Jupyter listens, and how: the kubelet asks it, and kills nothing.
    let probe = &driver(&pod)["startupProbe"];
    assert_eq!(
        probe["exec"]["command"],
        json!(["/lcmap/bin/lcmap-agent", "ready", "--state", "/lcmap/state"])
    );
    assert_eq!(
        (&probe["failureThreshold"], &driver(&pod)["readinessProbe"]),
        (&json!(i32::MAX), &Value::Null)
    );
    assert_eq!(mount(&pod, "/home/lcmap/notebooks")["name"], "lcmap-notebook");
    let files = named(&pod["spec"]["volumes"], "lcmap-notebook");
    assert_eq!(files["persistentVolumeClaim"]["claimName"], "pi-notebook");
}

#[test]
fn a_notebook_may_bring_its_own_token_claim_and_folder() {
    let notebook = json!({"tokenSecretName": "mine", "directory": "/data", "storage": {"claimName": "disk"}});
    let pod = built(json!({"run": {"notebook": notebook}}));
    assert_eq!(named(&pod["spec"]["volumes"], "lcmap-token")["secret"]["secretName"], "mine");
    assert_eq!(mount(&pod, "/data")["name"], "lcmap-notebook");
    let files = named(&pod["spec"]["volumes"], "lcmap-notebook");
    assert_eq!(files["persistentVolumeClaim"]["claimName"], "disk");
}

fn notebook_of(job: &SparkJob) -> &Notebook {
    match job.spec.run.kind() {
        Ok(RunRef::Notebook(notebook)) => notebook,
        other => panic!("{other:?} is no notebook"),
    }
}

#[test]
fn what_a_notebook_needs_beside_its_pod_goes_with_its_job_unless_it_is_to_stay() {
    for (when, owned) in [("Retain", false), ("Delete", true)] {
        let job = job(json!({"run": {"notebook": {"storage": {"size": "1Gi", "whenDeleted": when}}}}));
        let notebook = notebook_of(&job);
        let claim = claim(&job, notebook).unwrap();
        assert_eq!(claim["metadata"]["ownerReferences"].is_array(), owned, "{when}");
        assert_eq!(claim["spec"]["accessModes"], json!(["ReadWriteOnce"]));
        assert!(service(&job, notebook)["metadata"]["ownerReferences"].is_array());
        assert_eq!(token_secret(&job, notebook, "t").unwrap()["stringData"]["token"], "t");
    }
}

#[test]
fn what_a_notebook_brings_itself_is_not_made() {
    let job =
        job(json!({"run": {"notebook": {"tokenSecretName": "mine", "storage": {"claimName": "disk"}}}}));
    let notebook = notebook_of(&job);
    assert_eq!((claim(&job, notebook), token_secret(&job, notebook, "t")), (None, None));
}
