//! What keeps real pods from starting, in words, and how it is mended.

use crate::installation::in_namespace;
use crate::jobs::{EXAMPLES, get, job, wait_for};

fn pi(name: &str, more: &str) -> String {
    job(name, &format!(r#""run": {{"submit": {{"application": "local://{EXAMPLES}/pi.py"}}}}{more}"#))
}

#[test]
fn an_image_that_is_not_there_is_named_and_an_edit_of_it_starts_the_job_anew() {
    in_namespace("image", |namespace| {
        namespace
            .apply(&pi("pi", r#", "image": "localhost/nothing:1", "imagePullPolicy": "Never""#))
            .unwrap();
        wait_for(namespace, "pi", "Pending/ImagePullFailed");
        let message = get(namespace, "sparkjob/pi", "{.status.message}");
        assert!(message.contains("localhost/nothing:1") && message.contains("spec.image"), "{message}");
        namespace.apply(&pi("pi", "")).unwrap();
        wait_for(namespace, "pi", "Succeeded/Completed");
        assert_eq!(get(namespace, "sparkjob/pi", "{.status.runNumber}/{.status.attempt}"), "2/2");
    });
}

#[test]
fn a_secret_that_is_missing_is_named_and_the_job_goes_on_once_it_is_there() {
    in_namespace("secret", |namespace| {
        let from = r#""valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}"#;
        let lines = "import os; assert os.environ['PASSWORD'] == 'open sesame'; print('it opens')";
        let manifest = crate::jobs::program(
            namespace,
            "opener",
            lines,
            &format!(r#", "env": [{{"name": "PASSWORD", {from}}}]"#),
        );
        namespace.apply(&manifest).unwrap();
        wait_for(namespace, "opener", "Pending/SecretMissing");
        let message = get(namespace, "sparkjob/opener", "{.status.message}");
        assert!(message.contains("spec.env[0].valueFrom.secretKeyRef"), "{message}");
        namespace
            .kubectl(["create", "secret", "generic", "database", "--from-literal=password=open sesame"])
            .unwrap();
        wait_for(namespace, "opener", "Succeeded/Completed");
        let pod = namespace.kubectl(["get", "pod", "opener-driver-1", "-o=yaml"]).unwrap();
        assert!(!pod.contains("open sesame"));
    });
}

#[test]
fn a_job_that_is_deleted_while_it_starts_leaves_nothing() {
    in_namespace("early", |namespace| {
        namespace.apply(&pi("pi", "")).unwrap();
        namespace
            .wait_for("pod/pi-driver-1", "{.metadata.name}", crate::jobs::LIMIT, |name| !name.is_empty())
            .unwrap();
        namespace.kubectl(["delete", "sparkjob", "pi", "--cascade=foreground", "--timeout=100s"]).unwrap();
        assert_eq!(namespace.kubectl(["get", "pods", "-o=name"]).unwrap(), "");
    });
}

#[test]
fn a_driver_too_large_for_every_node_says_so_and_is_given_up_in_time() {
    in_namespace("large", |namespace| {
        let manifest = pi("pi", r#", "startTimeout": "5s""#).replace("\"512m\"", "\"900g\"");
        namespace.apply(&manifest).unwrap();
        wait_for(namespace, "pi", "Failed/StartTimeout");
        let message = get(namespace, "sparkjob/pi", "{.status.message}");
        assert!(message.contains("Insufficient memory"), "{message}");
    });
}
