//! What a job's pod is made of.

use super::*;

#[test]
fn a_pod_is_named_labelled_and_owned() {
    let pod = built(json!({}));
    assert_eq!(pod["metadata"]["name"], "pi-driver-3");
    assert_eq!(pod["metadata"]["namespace"], "science");
    assert_eq!(pod["metadata"]["labels"]["lcmap.usgs.gov/job"], "pi");
    assert_eq!(pod["metadata"]["labels"]["lcmap.usgs.gov/attempt"], "3");
    assert_eq!(pod["metadata"]["labels"]["lcmap.usgs.gov/run"], "Submit");
    let owner = json!([{"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "name": "pi", "uid": "0123456789", "controller": true, "blockOwnerDeletion": true}]);
    assert_eq!(pod["metadata"]["ownerReferences"], owner);
}

#[test]
fn a_pod_says_which_revision_it_was_made_from() {
    let pod = built(json!({}));
    let revision = pod["metadata"]["annotations"]["lcmap.usgs.gov/revision"].as_str().unwrap();
    assert!(revision.starts_with("7-"), "{revision}");
    assert_ne!(
        built(json!({"conf": {"a.b": "1"}}))["metadata"]["annotations"]["lcmap.usgs.gov/revision"],
        revision
    );
}

#[test]
fn the_agent_is_brought_by_an_init_container_and_launches_the_driver() {
    let pod = built(json!({}));
    let install = named(&pod["spec"]["initContainers"], "lcmap-agent");
    assert_eq!(install["image"], "agent:1");
    assert_eq!(install["command"], json!(["/lcmap-agent", "install", "/lcmap/bin"]));
    let driver = driver(&pod);
    assert_eq!(driver["image"], "spark:4", "the operator's, as the job names none");
    assert_eq!(driver["command"][0], "/lcmap/bin/lcmap-agent");
    assert_eq!(mount(&pod, "/lcmap/bin")["readOnly"], true);
    let plan = named(&pod["spec"]["volumes"], "lcmap-plan");
    let field = &plan["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"];
    assert_eq!(field, "metadata.annotations['lcmap.usgs.gov/plan']");
}

#[test]
fn everything_of_ours_is_mounted_under_one_folder() {
    let pod = built(json!({"confFrom": [{"secretName": "keys"}], "user": {"uid": 1000}}));
    for mount in driver(&pod)["volumeMounts"].as_array().unwrap() {
        let path = mount["mountPath"].as_str().unwrap();
        assert!(path.starts_with("/lcmap/") || ["/etc/passwd", "/etc/group"].contains(&path), "{path}");
    }
}

#[test]
fn a_pod_is_made_once_and_never_restarted_in_place() {
    let pod = built(json!({"terminationGracePeriod": "45s"}));
    assert_eq!(pod["spec"]["restartPolicy"], "Never");
    assert_eq!(pod["spec"]["terminationGracePeriodSeconds"], 65, "Spark's 45 s and the agent's 20 s");
    assert_eq!(pod["spec"]["enableServiceLinks"], false);
    assert_eq!(pod["spec"]["automountServiceAccountToken"], false);
}

#[test]
fn every_container_of_ours_may_do_nothing_but_run() {
    let pod = built(json!({"user": {"uid": 1000}}));
    let confined = json!({"drop": ["ALL"]});
    let containers =
        pod["spec"]["containers"].as_array().into_iter().chain(pod["spec"]["initContainers"].as_array());
    for container in containers.flatten() {
        assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false, "{container}");
        assert_eq!(container["securityContext"]["capabilities"], confined, "{container}");
    }
    assert_eq!(pod["spec"]["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
}

#[test]
fn a_user_gets_an_identity_and_its_groups_files() {
    let pod = built(json!({"user": {"uid": 1000, "gid": 2000}, "confFrom": [{"secretName": "keys"}]}));
    let security = &pod["spec"]["securityContext"];
    for (field, value) in [
        ("runAsUser", json!(1000)),
        ("runAsGroup", json!(2000)),
        ("fsGroup", json!(2000)),
        ("runAsNonRoot", json!(true)),
    ] {
        assert_eq!(security[field], value, "{field}");
    }
    for file in ["passwd", "group"] {
        let mount = mount(&pod, &format!("/etc/{file}"));
        assert_eq!((&mount["name"], &mount["subPath"]), (&json!("lcmap-identity"), &json!(file)));
    }
    let inspect = named(&pod["spec"]["initContainers"], "lcmap-inspect");
    assert_eq!(inspect["image"], "spark:4", "it looks at the job's own image");
    assert!(inspect["command"].as_array().unwrap().contains(&json!("2000")));
    assert_eq!(named(&pod["spec"]["volumes"], "lcmap-source-0")["secret"]["defaultMode"], 0o440);
}

#[test]
fn an_image_is_looked_at_where_the_agent_would_not_know_that_it_is_in_one() {
    for (spec, looked_at) in [
        (json!({}), false),
        (json!({"hostPID": true}), true),
        (json!({"pod": {"spec": {"shareProcessNamespace": true}}}), true),
        (json!({"pod": {"spec": {"shareProcessNamespace": false}}}), false),
    ] {
        let pod = built(spec.clone());
        let containers = pod["spec"]["initContainers"].as_array().unwrap();
        let inspects = containers.iter().any(|container| container["name"] == "lcmap-inspect");
        assert_eq!(inspects, looked_at, "{spec}");
    }
}

#[test]
fn root_is_not_called_anybody_else_and_an_images_own_user_is_left_alone() {
    let root = built(json!({"user": {"uid": 0}}));
    assert_eq!(root["spec"]["securityContext"]["runAsNonRoot"], Value::Null);
    let unknown = built(json!({}));
    assert_eq!(unknown["spec"]["securityContext"]["runAsUser"], Value::Null);
    assert_eq!(unknown["spec"]["initContainers"].as_array().map(Vec::len), Some(1));
}

#[test]
fn host_network_and_host_processes_are_asked_for_by_their_fields() {
    let pod = built(json!({"network": "Host", "hostPID": true, "imagePullSecrets": [{"name": "registry"}]}));
    assert_eq!(pod["spec"]["hostNetwork"], true);
    assert_eq!(pod["spec"]["dnsPolicy"], "ClusterFirstWithHostNet");
    assert_eq!(pod["spec"]["hostPID"], true);
    assert_eq!(pod["spec"]["imagePullSecrets"], json!([{"name": "registry"}]));
    let plain = built(json!({}));
    for field in ["hostNetwork", "dnsPolicy", "hostPID", "imagePullSecrets"] {
        assert_eq!(plain["spec"][field], Value::Null, "{field}");
    }
}

#[test]
fn a_shell_has_a_terminal_that_one_may_leave_and_come_back_to() {
    for (run, terminal) in [("shell", true), ("pyspark", true), ("notebook", false)] {
        let pod = built(json!({"run": {(run): {}}}));
        let driver = driver(&pod);
        assert_eq!(driver["stdin"] == true && driver["tty"] == true, terminal, "{run}");
        assert_eq!(driver["stdinOnce"], Value::Null, "{run}");
    }
}

#[test]
fn a_driver_is_as_large_as_its_fields_say_and_never_takes_all_cores_of_a_node() {
    for (driver_fields, run, cores, cpu, memory) in [
        (json!({}), "pi.py", 1, "1", "2867Mi"),
        (json!({}), "pi.jar", 1, "1", "2432Mi"),
        (json!({"cores": 3, "memory": "1g"}), "pi.py", 3, "3", "1433Mi"),
        (json!({"memory": "1g", "memoryOverhead": "100m"}), "pi.py", 1, "1", "1124Mi"),
    ] {
        let mut spec = json!({"driver": driver_fields, "run": {"submit": {"application": run}}});
        if run == "pi.jar" {
            spec["run"]["submit"]["mainClass"] = json!("Pi");
        }
        let pod = built(spec);
        let resources = &driver(&pod)["resources"];
        assert_eq!(resources["requests"], json!({"cpu": cpu, "memory": memory}), "{driver_fields} {run}");
        assert_eq!(resources["limits"], json!({"memory": memory}), "{driver_fields} {run}");
        assert_eq!(launch_plan(&pod).driver.cores, Some(cores), "local[N] is set: {driver_fields}");
    }
}

#[test]
fn the_operators_properties_lie_under_the_jobs() {
    let own = built(json!({"conf": {"spark.ui.showConsoleProgress": "true"}}));
    assert_eq!(launch_plan(&own).conf["spark.ui.showConsoleProgress"], "true");
    assert_eq!(launch_plan(&built(json!({}))).conf["spark.ui.showConsoleProgress"], "false");
}

#[test]
fn a_job_without_any_image_waits_for_one() {
    let settings = Settings { default_image: None, ..settings() };
    let unfit = pod(&job(json!({})), 1, &settings).unwrap_err();
    assert_eq!(unfit.reason, lcmap_spark_crd::Reason::ImageRequired);
    assert!(unfit.message.contains("spec.image"), "{}", unfit.message);
}

#[test]
fn a_job_that_does_not_fit_annotations_is_told_its_largest_fields() {
    // Random enough not to be packed small.
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{state:016x}")
    };
    let args: Vec<String> = (0..100).map(|_| (0..1000).map(|_| noise()).collect()).collect();
    let unfit = refused(json!({"run": {"submit": {"application": "pi.py", "args": args}}}));
    assert_eq!(unfit.reason, lcmap_spark_crd::Reason::PlanTooLarge);
    assert!(unfit.message.contains("spec.run (15"), "{}", unfit.message);
}

#[test]
fn a_template_that_annotates_too_much_does_not_fit_either() {
    let unfit = refused(json!({"pod": {"metadata": {"annotations": {"a": "x".repeat(250 * 1024)}}}}));
    assert_eq!(unfit.reason, lcmap_spark_crd::Reason::PlanTooLarge);
    assert!(unfit.message.contains("spec.pod (251 kB)"), "{}", unfit.message);
}
