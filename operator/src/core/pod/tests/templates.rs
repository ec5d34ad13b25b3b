//! The job's own pod template: what of it wins, and what is refused.

use lcmap_spark_crd::Reason;

use super::*;

fn with_driver(fields: &Value) -> Value {
    let mut container = json!({"name": "driver"});
    container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"pod": {"spec": {"containers": [container]}}})
}

#[test]
fn what_a_template_says_of_security_wins() {
    let pod = built(json!({
        "user": {"uid": 1000},
        "pod": {"spec": {
            "securityContext": {"runAsNonRoot": false, "supplementalGroups": [5]},
            "containers": [{"name": "driver", "securityContext": {"allowPrivilegeEscalation": true}}],
        }},
    }));
    let security = &pod["spec"]["securityContext"];
    assert_eq!(security["runAsNonRoot"], false);
    assert_eq!(security["supplementalGroups"], json!([5]));
    assert_eq!(security["runAsUser"], 1000, "what it does not say stays");
    assert_eq!(driver(&pod)["securityContext"]["allowPrivilegeEscalation"], true);
    assert_eq!(driver(&pod)["securityContext"]["capabilities"], json!({"drop": ["ALL"]}));
}

#[test]
fn what_a_template_says_of_resources_wins_and_cores_and_heap_follow() {
    let limits = json!({"cpu": "1500m", "memory": "8Gi"});
    let pod = built(with_driver(&json!({"resources": {"limits": limits}})));
    let resources = &driver(&pod)["resources"];
    assert_eq!(resources["limits"], limits);
    assert_eq!(resources["requests"], json!({}), "requests follow limits in Kubernetes");
    let plan = launch_plan(&pod);
    assert_eq!(
        (plan.driver.cores, plan.driver.memory_mib),
        (Some(2), None),
        "the agent takes the heap from the limit"
    );
}

#[test]
fn what_decides_what_runs_is_ours_to_set() {
    for (field, value, instead) in [
        ("command", json!(["sh"]), "spec.run"),
        ("args", json!(["-c"]), "spec.run"),
        ("image", json!("other"), "spec.image"),
        ("imagePullPolicy", json!("Always"), "spec.imagePullPolicy"),
        ("restartPolicy", json!("Always"), "spec.restart"),
        ("stdin", json!(true), "spec.run"),
        ("tty", json!(true), "spec.run"),
        ("terminationMessagePath", json!("/x"), "agent"),
    ] {
        let unfit = refused(with_driver(&json!({(field): value})));
        assert_eq!(unfit.reason, Reason::PodTemplateInvalid, "{field}");
        let path = format!("spec.pod.spec.containers[0].{field}");
        assert!(unfit.message.contains(&path) && unfit.message.contains(instead), "{}", unfit.message);
    }
}

#[test]
fn names_of_ours_are_refused_where_they_stand() {
    let sidecar = json!({"name": "log", "image": "log:1"});
    for (spec, path) in [
        (json!({"containers": [{"name": "driver"}, {"name": "driver"}]}), "spec.pod.spec.containers[1].name"),
        (json!({"containers": [sidecar, {"name": "lcmap-x"}]}), "spec.pod.spec.containers[1].name"),
        (json!({"initContainers": [{"name": "lcmap-x"}]}), "spec.pod.spec.initContainers[0].name"),
        (
            json!({"initContainers": [{"name": "lcmap-agent", "image": "other"}]}),
            "spec.pod.spec.initContainers[0].image",
        ),
        (json!({"initContainers": [{"name": "driver"}]}), "spec.pod.spec.initContainers[0].name"),
        (json!({"volumes": [{"name": "lcmap-plan", "emptyDir": {}}]}), "spec.pod.spec.volumes[0].name"),
        (
            json!({"containers": [{"name": "driver", "volumeMounts": [{"name": "x", "mountPath": "/lcmap/state"}]}]}),
            "spec.pod.spec.containers[0].volumeMounts[0].mountPath",
        ),
    ] {
        let unfit = refused(json!({"pod": {"spec": spec}}));
        assert_eq!(unfit.reason, Reason::ReservedName, "{path}");
        assert!(unfit.message.starts_with(path), "{}", unfit.message);
    }
}

#[test]
fn what_is_no_pod_is_refused_where_it_stands() {
    for (spec, path) in [
        (json!({"containers": {}}), "spec.pod.spec.containers: must be a list, and is an object"),
        (json!({"containers": ["x"]}), "spec.pod.spec.containers[0]: must be an object, and is \"x\""),
        (json!({"volumes": [{}]}), "spec.pod.spec.volumes[0].name: is required"),
        (json!({"volumes": [{"name": "a"}, {"name": "a"}]}), "spec.pod.spec.volumes[1].name"),
        (
            json!({"containers": [{"name": "driver", "env": {}}]}),
            "spec.pod.spec.containers[0].env: must be a list",
        ),
    ] {
        let unfit = refused(json!({"pod": {"spec": spec}}));
        assert_eq!(unfit.reason, Reason::PodTemplateInvalid, "{path}");
        assert!(unfit.message.starts_with(path), "{}", unfit.message);
    }
}

#[test]
fn everything_that_is_wrong_with_a_template_is_told_at_once_where_the_first_thing_keeps_it_from_the_server() {
    let unfit = refused(json!({"pod": {"spec": {
        "priority": "high",
        "dnsPolicy": "clusterfirst",
        "nodeselector": {},
        "containers": [{"name": "driver", "resources": {"limits": {"memory": "2GB", "cpu": "2 cores"}}}],
    }}}));
    assert_eq!(unfit.reason, Reason::PodTemplateInvalid);
    for words in [
        "spec.pod.spec.priority: must be a whole number, and is \"high\"",
        "spec.pod.spec.dnsPolicy: is \"clusterfirst\", and must be one of ClusterFirst,",
        "spec.pod.spec.nodeselector: ",
        "did you mean nodeSelector?",
        "spec.pod.spec.containers[0].resources.limits.memory: \"2GB\" is no quantity; write 2Gi",
        "spec.pod.spec.containers[0].resources.limits.cpu: \"2 cores\" is no quantity; write 2",
    ] {
        assert!(unfit.message.contains(words), "{words:?} is not in {:?}", unfit.message);
    }
}

#[test]
fn what_a_server_names_itself_or_a_newer_one_may_take_is_left_to_it() {
    for spec in [
        json!({"dnsPolicy": "OfTheFuture"}),
        json!({"notYetInvented": 1}),
        json!({"containers": [{"name": "log"}]}),
        json!({"volumes": [{"name": "Data", "emptyDir": {"sizeLimit": "-1"}}]}),
    ] {
        built(json!({"pod": {"spec": spec}}));
    }
}

fn init(pod: &Value, name: &str) -> Value {
    named(&pod["spec"]["initContainers"], name)["resources"].clone()
}

#[test]
fn init_containers_of_ours_ask_for_what_the_driver_does() {
    let pod = built(json!({"user": {"uid": 1000}}));
    for name in ["lcmap-agent", "lcmap-inspect"] {
        assert_eq!(init(&pod, name), driver(&pod)["resources"], "{name}");
    }
    let mut template = with_driver(&json!({"resources": {
        "limits": {"cpu": "2", "ephemeral-storage": "5Gi", "nvidia.com/gpu": 1},
        "requests": {"cpu": "500m"}}}));
    template["user"] = json!({"uid": 1000});
    let pod = built(template);
    let memory = driver(&pod)["resources"]["limits"]["memory"].clone();
    for name in ["lcmap-agent", "lcmap-inspect"] {
        let limits = json!({"cpu": "2", "memory": memory, "ephemeral-storage": "5Gi"});
        assert_eq!(init(&pod, name)["limits"], limits, "{name}: devices are the driver's alone");
        assert_eq!(init(&pod, name)["requests"], json!({"cpu": "500m", "memory": memory}), "{name}");
    }
}

#[test]
fn a_template_may_say_what_init_containers_of_ours_ask_for() {
    let theirs = json!([
        {"name": "fetch", "image": "fetch:1"},
        {"name": "lcmap-agent", "resources": {"limits": {"cpu": "100m"}}},
        {"name": "lcmap-inspect", "resources": {"limits": {"cpu": "100m"}}},
    ]);
    let pod = built(json!({"pod": {"spec": {"initContainers": theirs}}}));
    let names: Vec<_> = pod["spec"]["initContainers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|container| &container["name"])
        .collect();
    assert_eq!(names, ["lcmap-agent", "fetch"], "this job looks into no image");
    let agent = init(&pod, "lcmap-agent");
    assert_eq!(agent["limits"]["cpu"], "100m");
    assert_eq!(agent["requests"]["cpu"], Value::Null, "it would be above the limit");
    assert_eq!(agent["limits"]["memory"], driver(&pod)["resources"]["limits"]["memory"]);
}

#[test]
fn whatever_else_a_template_says_is_kept() {
    let pod = built(json!({"pod": {
        "metadata": {"labels": {"team": "lcmap"}, "annotations": {"a": "b"}},
        "spec": {
            "nodeSelector": {"disk": "ssd"},
            "notYetInvented": {"x": [1]},
            "containers": [{"name": "log", "image": "log:1"}],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    }}));
    assert_eq!(pod["metadata"]["labels"]["team"], "lcmap");
    assert_eq!(pod["metadata"]["labels"]["lcmap.usgs.gov/job"], "pi");
    assert_eq!(pod["metadata"]["annotations"]["a"], "b");
    assert_eq!(pod["spec"]["nodeSelector"]["disk"], "ssd");
    assert_eq!(pod["spec"]["notYetInvented"], json!({"x": [1]}));
    assert_eq!(named(&pod["spec"]["containers"], "log")["image"], "log:1");
    assert_eq!(named(&pod["spec"]["volumes"], "data")["emptyDir"], json!({}));
    assert_eq!(pod["spec"]["containers"][0]["name"], "driver", "kubectl logs and attach take the first");
}

#[test]
fn labels_of_ours_cannot_be_taken_over() {
    let pod = built(json!({"pod": {"metadata": {"labels": {"lcmap.usgs.gov/job": "other"}}}}));
    assert_eq!(pod["metadata"]["labels"]["lcmap.usgs.gov/job"], "pi");
}

#[test]
fn a_read_only_root_gets_a_tmp_unless_it_has_one() {
    let read_only = json!({"readOnlyRootFilesystem": true});
    let pod = built(with_driver(&json!({"securityContext": read_only})));
    assert_eq!(mount(&pod, "/tmp")["name"], "lcmap-tmp");
    let own = json!([{"name": "scratch", "mountPath": "/tmp"}]);
    let pod = built(with_driver(&json!({"securityContext": read_only, "volumeMounts": own})));
    assert_eq!(mount(&pod, "/tmp")["name"], "scratch");
}

#[test]
fn whoever_names_a_service_account_gets_its_token() {
    let pod = built(json!({"pod": {"spec": {"serviceAccountName": "reader"}}}));
    assert_eq!(pod["spec"]["automountServiceAccountToken"], true);
}
