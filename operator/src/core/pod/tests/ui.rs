//! Where Spark's UI is.

use super::*;
use crate::core::pod::{DriverPod, address, ui};

#[test]
fn a_ui_is_where_its_driver_runs() {
    let seen = |phase, ip: &str, ports| {
        let containers = json!([{"name": "sidecar"}, {"name": "driver", "ports": ports}]);
        let pod = json!({"spec": {"containers": containers}, "status": {"phase": phase, "podIP": ip}});
        ui(&serde_json::from_value::<DriverPod>(pod).unwrap(), None).map(|address| address.to_string())
    };
    let ports =
        json!([{"name": "notebook", "containerPort": 8888}, {"name": "spark-ui", "containerPort": 4040}]);
    assert_eq!(seen("Running", "10.1.2.3", ports.clone()).unwrap(), "10.1.2.3:4040");
    assert_eq!(seen("Running", "fd00::7", ports.clone()).unwrap(), "[fd00::7]:4040");
    assert_eq!(seen("Running", "", ports.clone()), None);
    assert_eq!(seen("Succeeded", "10.1.2.3", ports), None);
    assert_eq!(seen("Running", "10.1.2.3", json!([])), None);
}

#[test]
fn a_ui_on_a_nodes_network_is_where_its_driver_tells_if_that_is_the_pods_own_address() {
    let own = json!([{"name": "spark-ui", "containerPort": 4040}]);
    for (phase, ports, told, at) in [
        ("Running", json!([]), "http://10.1.2.3:4041", Some("10.1.2.3:4041")),
        ("Running", json!([]), "http://10.1.2.3:4041/", Some("10.1.2.3:4041")),
        ("Running", own.clone(), "http://10.1.2.3:4041", Some("10.1.2.3:4041")),
        ("Running", own, "http://10.9.9.9:4041", Some("10.1.2.3:4040")),
        ("Running", json!([]), "http://10.9.9.9:4041", None),
        ("Running", json!([]), "http://metadata.internal:80", None),
        ("Running", json!([]), "http://10.1.2.3@10.9.9.9:4041", None),
        ("Running", json!([]), "http://10.1.2.3:4041/secrets", None),
        ("Running", json!([]), "https://10.1.2.3:4440", None),
        ("Succeeded", json!([]), "http://10.1.2.3:4041", None),
    ] {
        let pod = json!({
            "spec": {"containers": [{"name": "driver", "ports": ports}]},
            "status": {"phase": phase, "podIP": "10.1.2.3"},
        });
        let found = ui(&serde_json::from_value::<DriverPod>(pod).unwrap(), address(told));
        assert_eq!(found.map(|it| it.to_string()).as_deref(), at, "{phase}, {told}");
    }
}

#[test]
fn a_ui_has_the_port_that_the_job_or_the_operator_says() {
    let ports = |spec: Value, conf: &[(&str, &str)]| {
        let conf = conf.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let pod = pod(&job(spec), 1, &Settings { conf, ..settings() }).unwrap();
        (driver(&pod)["ports"].clone(), launch_plan(&pod).conf.get("spark.ui.port").cloned())
    };
    let at = |port: u16| (json!([{"name": "spark-ui", "containerPort": port}]), Some(port.to_string()));
    let undeclared = |told: Option<&str>| (json!([]), told.map(str::to_owned));
    let conf = |name: &str, value: &str| json!({"conf": {name: value}});
    let operators = [("spark.ui.port", "4444")];
    assert_eq!(ports(json!({}), &[]), at(4040), "the driver is told too, or the agent would choose");
    assert_eq!(ports(json!({}), &operators), at(4444));
    assert_eq!(ports(conf("spark.ui.port", "5050"), &operators), at(5050));
    assert_eq!(ports(conf("spark.ui.port", "0"), &[]), undeclared(Some("0")), "whichever is free");
    assert_eq!(ports(conf("spark.ui.enabled", "false"), &[]), undeclared(None));
    assert_eq!(ports(json!({"network": "Host"}), &[]), undeclared(None), "it would be reserved on the node");
}
