//! A Distributed job → what Spark and the agent get to know of Mesos.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use lcmap_spark_agent::plan::{self, Visibility};
use lcmap_spark_crd::spec::{CertificateVerification, Container, ContainerType, Mesos};
use lcmap_spark_crd::{Memory, SparkJobSpec, names};

use super::qualified_name;

/// The Spark properties of executors and their framework
/// (<https://spark.apache.org/docs/3.5.0/running-on-mesos.html#configuration>). `image` is the executors'; without one they run
/// with the Spark that each agent has.
pub(super) fn properties(spec: &SparkJobSpec, image: &str) -> BTreeMap<String, String> {
    let (mesos, executor) = (&spec.mesos, &spec.executor);
    let mut conf = BTreeMap::new();
    let mut set =
        |name: &str, value: Option<String>| conf.extend(value.map(|value| (name.to_owned(), value)));
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    set("spark.executor.cores", number(executor.cores));
    set("spark.executor.memory", executor.memory.map(|memory| format!("{}m", memory.mib())));
    // Plain MiB; Spark's property of the same name without `mesos` is not read on Mesos.
    let overhead = executor.memory_overhead.map(Memory::mib);
    set("spark.mesos.executor.memoryOverhead", overhead.map(|mib| mib.to_string()));
    set("spark.cores.max", number(executor.total_cores));
    set("spark.mesos.gpus.max", number(executor.total_gpus));
    set("spark.mesos.role", mesos.role.clone());
    set("spark.mesos.constraints", listed(&mesos.constraints, |name, values| constraint(name, values), ";"));
    set("spark.mesos.task.labels", listed(&mesos.task_labels, |name, value| label(name, value), ","));
    set("spark.mesos.uris", joined(&mesos.uris));
    // Plain seconds.
    let failover = std::time::Duration::from(mesos.failover_timeout).as_secs_f64();
    set("spark.mesos.driver.failoverTimeout", Some(failover.to_string()));
    set("spark.mesos.executor.home", mesos.container.home.clone());
    conf.extend(container(&mesos.container, image));
    conf
}

fn container(container: &Container, image: &str) -> BTreeMap<String, String> {
    if image.is_empty() {
        return BTreeMap::new();
    }
    let parameters = container.parameters.iter().map(|it| format!("{}={}", it.key, it.value));
    let type_ = match container.type_ {
        ContainerType::Docker => "docker",
        ContainerType::Mesos => "mesos",
    };
    let all = [
        ("spark.mesos.containerizer", Some(type_.to_owned())),
        ("spark.mesos.executor.docker.image", Some(image.to_owned())),
        ("spark.mesos.executor.docker.forcePullImage", Some(container.force_pull.to_string())),
        ("spark.mesos.executor.docker.volumes", joined(&container.volumes)),
        ("spark.mesos.executor.docker.parameters", joined(&parameters.collect::<Vec<_>>())),
        ("spark.mesos.network.name", container.network.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What the driver's environment says to executors: the user that they run as.
pub(super) fn env(mesos: &Mesos) -> Option<plan::EnvVar> {
    mesos.user.as_ref().map(|user| variable("SPARK_USER", user))
}

/// A variable of the driver's.
pub(super) fn variable(name: &str, value: &str) -> plan::EnvVar {
    plan::EnvVar {
        name: name.to_owned(),
        value: plan::EnvValue::Plain(value.to_owned()),
        visibility: Visibility::Driver,
    }
}

/// By what frameworks are found again whose job nobody knows any more.
pub(super) fn labels(meta: &ObjectMeta, cluster: &str) -> BTreeMap<String, String> {
    let job = qualified_name(meta);
    let uid = meta.uid.clone().unwrap_or_default();
    let cluster = Some(cluster).filter(|cluster| !cluster.is_empty());
    let mut labels: BTreeMap<_, _> =
        [(names::LABEL_JOB.to_owned(), job), (names::LABEL_UID.to_owned(), uid)].into();
    labels.extend(cluster.map(|cluster| (names::LABEL_CLUSTER.to_owned(), cluster.to_owned())));
    labels
}

/// How the agent says what is verified.
pub(super) fn verify(verification: CertificateVerification) -> plan::Verify {
    match verification {
        CertificateVerification::Full => plan::Verify::Full,
        CertificateVerification::Chain => plan::Verify::Chain,
        CertificateVerification::None => plan::Verify::None,
    }
}

fn joined(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| items.join(","))
}

fn listed<T>(
    items: &BTreeMap<String, T>,
    write: impl Fn(&str, &T) -> String,
    between: &str,
) -> Option<String> {
    let items: Vec<String> = items.iter().map(|(key, value)| write(key, value)).collect();
    (!items.is_empty()).then(|| items.join(between))
}

/// `attribute:value,value`; an attribute without values has only to be there.
fn constraint(attribute: &str, values: &[String]) -> String {
    format!("{attribute}:{}", values.join(","))
}

/// `key:value`, with a backslash before what would separate (Spark 3.5, `MesosProtoUtils.mesosLabels`).
fn label(key: &str, value: &str) -> String {
    let escaped = |text: &str| text.replace(',', "\\,").replace(':', "\\:");
    format!("{}:{}", escaped(key), escaped(value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(changes: &Value) -> SparkJobSpec {
        let mut spec = json!({"mode": "Distributed", "run": {"submit": {"application": "local:///a.py"}}});
        let merge = |into: &mut Value| {
            for (key, value) in changes.as_object().unwrap() {
                into[key] = value.clone();
            }
        };
        merge(&mut spec);
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn what_a_job_leaves_unsaid_is_sparks_own_default_but_for_the_failover_timeout() {
        let conf = properties(&spec(&json!({})), "");
        let expected = ("spark.mesos.driver.failoverTimeout".to_owned(), "120".to_owned());
        assert_eq!(conf, [expected].into());
        assert_eq!(env(&spec(&json!({})).mesos), None);
    }

    #[test]
    fn every_field_has_its_property() {
        let fields = json!({
            "executor": {"cores": 2, "memory": "4g", "memoryOverhead": "512m", "totalCores": 16, "totalGpus": 1},
            "mesos": {
                "role": "science", "constraints": {"rack": ["r1", "r2"], "ssd": []}, "failoverTimeout": "90s",
                "taskLabels": {"project": "a,b", "url": "http://x"}, "uris": ["file:///a", "file:///b"],
                "container": {"type": "Mesos", "forcePull": true, "network": "overlay", "home": "/spark",
                    "volumes": ["/data:/data:ro"], "parameters": [{"key": "cap-add", "value": "SYS_PTRACE"}]},
            },
        });
        let conf = properties(&spec(&fields), "usgseros/lcmap-spark:2.0");
        let expected = [
            ("spark.cores.max", "16"),
            ("spark.executor.cores", "2"),
            ("spark.executor.memory", "4096m"),
            ("spark.mesos.constraints", "rack:r1,r2;ssd:"),
            ("spark.mesos.containerizer", "mesos"),
            ("spark.mesos.driver.failoverTimeout", "90"),
            ("spark.mesos.executor.docker.forcePullImage", "true"),
            ("spark.mesos.executor.docker.image", "usgseros/lcmap-spark:2.0"),
            ("spark.mesos.executor.docker.parameters", "cap-add=SYS_PTRACE"),
            ("spark.mesos.executor.docker.volumes", "/data:/data:ro"),
            ("spark.mesos.executor.home", "/spark"),
            ("spark.mesos.executor.memoryOverhead", "512"),
            ("spark.mesos.gpus.max", "1"),
            ("spark.mesos.network.name", "overlay"),
            ("spark.mesos.role", "science"),
            ("spark.mesos.task.labels", r"project:a\,b,url:http\://x"),
            ("spark.mesos.uris", "file:///a,file:///b"),
        ];
        assert_eq!(conf, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn executors_have_a_user_of_their_own() {
        let mesos = spec(&json!({"mesos": {"user": "lcmap"}})).mesos;
        assert_eq!(env(&mesos), Some(variable("SPARK_USER", "lcmap")));
        assert_eq!(env(&spec(&json!({})).mesos), None);
    }
}
