//! What a Mesos admin has to know of a job, and what nobody can see from here: also where Mesos was not reached, since then it
//! is asked for most.

use std::net::IpAddr;

use lcmap_mesos::Masters;
use lcmap_spark_crd::{SparkJob, names};

use super::report::Report;
use crate::core::qualified_name;
use crate::run::prepare::{EXECUTORS_PYTHON, EXECUTORS_SPARK_HOME, Surface};

/// By which properties a driver's ports are pinned, and what executors want there.
const PORTS: [(&str, &str); 2] =
    [("spark.driver.port", "for its orders"), ("spark.driver.blockManager.port", "for data")];

/// Tells it. `from` is the address here that the masters were reached from.
pub(super) fn tell(job: &SparkJob, surface: &Surface, from: Option<IpAddr>, report: &mut Report) {
    driver(job, from, report);
    report.note("unseen", unseen(job));
    report.note(
        "admin",
        format!("masters: {}; principal: {}; role: {:?}", masters(job), principal(job, surface), role(job)),
    );
    report.note("admin", format!("executors run as the Unix user {}; agents {}", user(job), spark(job)));
    let name = qualified_name(&job.metadata);
    report.note(
        "admin",
        format!(
            "frameworks are called {:?}, with the label {}={name}; their ids begin with the label {}, another for each run",
            job.spec.name.as_ref().unwrap_or(&name),
            names::LABEL_JOB,
            names::LABEL_UID,
        ),
    );
}

fn driver(job: &SparkJob, from: Option<IpAddr>, report: &mut Report) {
    let set = job.spec.conf.get("spark.driver.host").cloned();
    let ports = ports(job);
    let Some(host) = set.or_else(|| from.map(|from| from.to_string())) else {
        let message = format!(
            "executors will connect to it at the address from which it reaches the masters, which were not reached, {ports}"
        );
        return report.note("driver", message);
    };
    let only_here = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let only_here = if only_here { "; only agents on this machine can do that" } else { "" };
    report.ok("driver", format!("executors will connect to it at {host}, {ports}{only_here}"));
}

/// The ports that executors connect to, as far as they are pinned.
fn ports(job: &SparkJob) -> String {
    let told = PORTS.map(|(property, what)| {
        let port = job.spec.conf.get(property).filter(|port| port.as_str() != "0");
        match port {
            Some(port) => format!("{what} on port {port}"),
            None => format!("{what} on any port, unless {property} in conf pins it"),
        }
    });
    told.join(", ")
}

fn unseen(job: &SparkJob) -> String {
    format!(
        "not seen from here: that the agents know the user {}, {}, and can reach the driver",
        user(job),
        spark(job)
    )
}

/// What agents have to have, or to get.
fn spark(job: &SparkJob) -> String {
    let container = &job.spec.mesos.container;
    let home = container.home.as_deref();
    match (job.spec.image.as_deref(), home) {
        (Some(image), Some(home)) => format!("can pull {image}, with Spark in {home}"),
        (Some(image), None) => format!("can pull {image}, with Spark"),
        (None, _) => format!(
            "have Spark in {} and {}",
            home.unwrap_or(EXECUTORS_SPARK_HOME),
            container.python.as_deref().unwrap_or(EXECUTORS_PYTHON)
        ),
    }
}

/// The masters, without what a ZooKeeper may ask for.
fn masters(job: &SparkJob) -> String {
    let named = job.spec.mesos.master.as_deref().map(str::parse::<Masters>);
    let listed = |servers: &[lcmap_mesos::HostPort]| {
        servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    match named {
        Some(Ok(Masters::Listed(masters))) => listed(&masters),
        Some(Ok(Masters::Elected(ensemble))) => {
            format!("whoever leads in ZooKeeper at {}, path {}", listed(&ensemble.servers), ensemble.path)
        }
        Some(Err(_)) | None => "none is named".to_owned(),
    }
}

fn principal(job: &SparkJob, surface: &Surface) -> String {
    let Some(name) = &job.spec.mesos.credentials_secret_name else { return "none is sent".to_owned() };
    let read =
        surface.folders.secret(name).ok().map(|folder| std::fs::read_to_string(folder.join("principal")));
    match read {
        Some(Ok(principal)) => format!("{:?}", principal.trim_end()),
        Some(Err(_)) | None => format!("that in the Secret {name}, which cannot be read here"),
    }
}

fn role(job: &SparkJob) -> &str {
    job.spec.mesos.role.as_deref().unwrap_or("*")
}

/// The user that executors would run as: the job's, else the driver's own.
pub(super) fn user(job: &SparkJob) -> String {
    let own = || {
        std::env::var("SPARK_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "root".to_owned())
    };
    job.spec.mesos.user.clone().unwrap_or_else(own)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(conf: &serde_json::Value, mesos: &serde_json::Value) -> SparkJob {
        let job = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "pi"},
            "spec": {"run": {"submit": {"application": "pi.py"}}, "conf": conf, "mesos": mesos}});
        serde_json::from_value(job).unwrap()
    }

    #[test]
    fn ports_that_are_pinned_are_named_and_others_with_what_pins_them() {
        let ports = |conf| ports(&job(&conf, &json!({})));
        let both = json!({"spark.driver.port": "4711", "spark.driver.blockManager.port": "4712"});
        assert_eq!(ports(both), "for its orders on port 4711, for data on port 4712");
        let one = ports(json!({"spark.driver.port": "4711", "spark.driver.blockManager.port": "0"}));
        assert_eq!(
            one,
            "for its orders on port 4711, for data on any port, unless spark.driver.blockManager.port in conf pins it"
        );
    }

    #[test]
    fn masters_are_named_without_what_a_zookeeper_may_ask_for() {
        let masters = |master| masters(&job(&json!({}), &json!({"master": master})));
        assert_eq!(masters("mesos://a:5050,b:5050"), "a:5050, b:5050");
        let elected = masters("mesos://zk://u:secret@z1:2181,z2:2181/mesos");
        assert_eq!(elected, "whoever leads in ZooKeeper at z1:2181, z2:2181, path /mesos");
    }
}
