//! Pods of Distributed jobs: what their drivers need of Mesos.

use lcmap_spark_agent::plan::{Master, Mesos};
use lcmap_spark_crd::Reason;

use super::*;

fn distributed(mesos: &Value) -> Value {
    json!({"mode": "Distributed", "mesos": mesos})
}

fn with_defaults(defaults: MesosDefaults) -> Settings {
    Settings { mesos: defaults, ..settings() }
}

fn mesos_of(pod: &Value) -> Mesos {
    match launch_plan(pod).master {
        Master::Mesos(mesos) => *mesos,
        Master::Local => panic!("the driver runs executors itself"),
    }
}

#[test]
fn a_driver_on_mesos_shares_its_nodes_network_unless_it_is_told_otherwise() {
    let pod = built(distributed(&json!({"master": "mesos://m:5050"})));
    assert_eq!(pod["spec"]["hostNetwork"], true);
    assert_eq!(pod["spec"]["dnsPolicy"], "ClusterFirstWithHostNet");
    assert_eq!(pod["metadata"]["labels"]["lcmap.usgs.gov/mode"], "Distributed");
    let mut spec = distributed(&json!({"master": "mesos://m:5050"}));
    spec["network"] = json!("Pod");
    assert_eq!(built(spec)["spec"]["hostNetwork"], Value::Null);
}

#[test]
fn a_driver_with_executors_elsewhere_listens_on_all_of_its_own_network() {
    let listens = |mode: &str, network: &str| {
        let pod = built(json!({"mode": mode, "network": network, "mesos": {"master": "mesos://m:5050"}}));
        launch_plan(&pod).conf.get("spark.driver.bindAddress").cloned()
    };
    assert_eq!(listens("Distributed", "Pod").as_deref(), Some("0.0.0.0"));
    assert_eq!(listens("Distributed", "Host"), None, "nobody else's network is its own");
    assert_eq!(listens("NonDistributed", "Pod"), None);
}

#[test]
fn a_framework_is_named_by_job_and_attempt_and_labelled_with_cluster_and_job() {
    let mesos = mesos_of(&built(distributed(&json!({"master": "mesos://m:5050"}))));
    assert_eq!((mesos.masters.as_str(), mesos.framework_id.as_str()), ("m:5050", "0123456789-3"));
    let expected = [("cluster", "test"), ("job", "science/pi"), ("uid", "0123456789")];
    let expected = expected.map(|(name, value)| (format!("lcmap.usgs.gov/{name}"), value.to_owned()));
    assert_eq!(mesos.labels, expected.into());
    assert_eq!(mesos.library.unwrap().to_str(), Some("/lcmap/bin/libmesos.so"));
}

#[test]
fn certificates_go_to_memory_and_the_image_is_looked_at_first() {
    let pod =
        built(distributed(&json!({"master": "mesos://m:5050", "certificates": {"secretName": "keys"}})));
    assert_eq!(named(&pod["spec"]["volumes"], "lcmap-certs")["emptyDir"]["medium"], "Memory");
    assert_eq!(mount(&pod, "/certs")["name"], "lcmap-certs");
    let certificates = launch_plan(&pod).certificates.unwrap();
    assert_eq!(certificates.source.to_str(), Some("/lcmap/secrets/keys"));
    assert_eq!(certificates.target.unwrap().to_str(), Some("/certs"));
    let inspect = named(&pod["spec"]["initContainers"], "lcmap-inspect");
    assert!(
        !inspect["command"].as_array().unwrap().contains(&json!("--out")),
        "nobody asked for another user"
    );
}

#[test]
fn a_template_that_has_something_at_certs_keeps_it() {
    let mut spec = distributed(&json!({"master": "mesos://m:5050", "certificates": {"secretName": "keys"}}));
    spec["pod"] = json!({"spec": {
        "containers": [{"name": "driver", "volumeMounts": [{"name": "mine", "mountPath": "/certs"}]}],
        "volumes": [{"name": "mine", "emptyDir": {}}],
    }});
    let pod = built(spec);
    assert_eq!(mount(&pod, "/certs")["name"], "mine");
    assert_eq!(launch_plan(&pod).certificates.unwrap().target, None);
}

#[test]
fn credentials_are_a_folder_of_two_files_and_never_in_the_plan() {
    let pod = built(distributed(&json!({"master": "mesos://m:5050", "credentialsSecretName": "who"})));
    assert_eq!(mesos_of(&pod).credentials.unwrap().to_str(), Some("/lcmap/secrets/who"));
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    let secret = volumes.iter().find(|volume| volume["secret"]["secretName"] == "who").unwrap();
    let keys: Vec<_> =
        secret["secret"]["items"].as_array().unwrap().iter().map(|item| &item["key"]).collect();
    assert_eq!(keys, ["principal", "secret"]);
}

#[test]
fn in_the_other_mode_nothing_of_mesos_is_mounted_or_waited_for() {
    let mesos = json!({"master": "mesos://m:5050", "credentialsSecretName": "who", "certificates": {"secretName": "keys"}});
    let pod = built(json!({"mode": "NonDistributed", "mesos": mesos}));
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    assert!(volumes.iter().all(|volume| volume["secret"].is_null()), "{volumes:?}");
    assert_eq!(launch_plan(&pod).master, Master::Local);
}

#[test]
fn what_a_job_leaves_unsaid_comes_from_the_operator() {
    let settings = with_defaults(MesosDefaults {
        master: Some("mesos://zk://z:2181/mesos".into()),
        role: Some("science".into()),
        user: Some("lcmap".into()),
        credentials_secret_name: Some("who".into()),
        total_cores: Some(64),
        ..MesosDefaults::default()
    });
    let pod = pod(&job(distributed(&json!({}))), 3, &settings).unwrap();
    let mesos = mesos_of(&pod);
    assert_eq!((mesos.masters.as_str(), mesos.role.as_deref()), ("zk://z:2181/mesos", Some("science")));
    assert!(mesos.credentials.is_some());
    assert_eq!(launch_plan(&pod).conf["spark.cores.max"], "64");
}

#[test]
fn the_operators_role_and_secrets_are_not_lent_to_another_mesos() {
    let settings = with_defaults(MesosDefaults {
        master: Some("mesos://ours:5050".into()),
        role: Some("science".into()),
        credentials_secret_name: Some("who".into()),
        ..MesosDefaults::default()
    });
    let pod = pod(&job(distributed(&json!({"master": "mesos://theirs:5050"}))), 3, &settings).unwrap();
    let mesos = mesos_of(&pod);
    assert_eq!((mesos.role, mesos.credentials), (None, None));
}

#[test]
fn the_operators_configuration_is_no_part_of_a_jobs_revision() {
    let other =
        with_defaults(MesosDefaults { master: Some("mesos://m:5050".into()), ..MesosDefaults::default() });
    let another =
        with_defaults(MesosDefaults { master: Some("mesos://n:5050".into()), ..MesosDefaults::default() });
    let revision = |settings: &Settings| {
        pod(&job(distributed(&json!({}))), 3, settings).unwrap()["metadata"]["annotations"]["lcmap.usgs.gov/revision"]
            .clone()
    };
    assert_eq!(revision(&other), revision(&another));
}

#[test]
fn a_job_without_any_mesos_and_one_that_wants_too_much_are_refused_by_name() {
    let unfit = refused(distributed(&json!({})));
    assert_eq!(unfit.reason, Reason::MasterRequired);
    assert!(unfit.message.contains("spec.mesos.master"), "{}", unfit.message);
    let limited = Settings { max_total_cores: Some(100), ..settings() };
    let mut spec = distributed(&json!({"master": "mesos://m:5050"}));
    spec["executor"] = json!({"totalCores": 101});
    let unfit = pod(&job(spec), 3, &limited).unwrap_err();
    assert_eq!(unfit.reason, Reason::TotalCoresTooLarge);
    assert!(unfit.message.contains("101") && unfit.message.contains("100"), "{}", unfit.message);
}

#[test]
fn executors_that_find_no_room_in_the_operators_default_are_refused_by_both_names() {
    let defaults = MesosDefaults { total_cores: Some(2), ..MesosDefaults::default() };
    let settings = with_defaults(defaults);
    for (executor, fits) in [
        (json!({}), true),
        (json!({"cores": 2}), true),
        (json!({"cores": 4}), false),
        (json!({"cores": 4, "totalCores": 8}), true),
    ] {
        let mut spec = distributed(&json!({"master": "mesos://m:5050"}));
        spec["executor"] = executor;
        let refused = pod(&job(spec.clone()), 3, &settings).err();
        assert_eq!(refused.is_none(), fits, "{}", spec["executor"]);
        if let Some(unfit) = refused {
            assert_eq!(unfit.reason, Reason::TotalCoresTooSmall);
            let names = ["spec.executor.cores is 4", "spec.executor.totalCores is 2"];
            assert!(names.iter().all(|it| unfit.message.contains(it)), "{}", unfit.message);
        }
    }
}
