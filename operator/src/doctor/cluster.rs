//! What a Mesos that answers would do with a job: its role, its executors, the way back to its driver.

use lcmap_mesos::operator::Operator;
use lcmap_mesos::scheduler::{TakeDownError, take_down};
use lcmap_mesos::{FrameworkInfo, Reached, Settings};
use lcmap_spark_crd::{Reason, SparkJob};

use super::reason;
use super::report::Report;
use crate::mesos::Need;
use crate::run::prepare::{EXECUTORS_PYTHON, EXECUTORS_SPARK_HOME, unique_id};

/// Looks at it.
pub(super) async fn examine(job: &SparkJob, settings: &Settings, reached: &Reached, report: &mut Report) {
    let mut operator = Operator::new(settings.clone());
    match operator.version().await {
        Ok(version) => report.ok("version", format!("Mesos {}", version.version)),
        Err(error) => report.note("version", format!("not told: {error}")),
    }
    role(job, settings, report).await;
    driver(job, reached, report);
    agents(job, &mut operator, report).await;
    elsewhere(job, report);
}

/// Only a registration tells whether a role may be used: one is made, for an instant.
async fn role(job: &SparkJob, settings: &Settings, report: &mut Report) {
    let id = format!("{}-doctor", unique_id());
    let role = job.spec.mesos.role.as_deref();
    let mut framework = FrameworkInfo::new(&user(job), "lcmap-spark doctor").with_id(&id);
    if let Some(role) = role {
        framework = framework.with_role(role);
    }
    if let Ok(Some(credential)) = settings.credential.read() {
        framework = framework.with_principal(&credential.principal);
    }
    let role = role.unwrap_or("*");
    match take_down(settings.clone(), framework).await {
        Ok(_) => report.ok(
            "role",
            format!("{role:?} may be used: the framework {id}, without tasks or offers, was registered and torn down"),
        ),
        Err(TakeDownError::Mesos(error)) => report.failed("role", reason(error.kind()), error.to_string()),
        Err(error @ TakeDownError::Unconfirmed(_)) => {
            let message = format!("the framework {id}, registered to find out whether {role:?} may be used: {error}");
            report.failed("role", Reason::MesosUnreachable, message);
        }
    }
}

fn driver(job: &SparkJob, reached: &Reached, report: &mut Report) {
    let set = job.spec.conf.get("spark.driver.host").cloned();
    let host = set.unwrap_or_else(|| reached.from.to_string());
    let only_here = host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let only_here = if only_here { "; only agents on this machine can do that" } else { "" };
    report.ok("driver", format!("executors will connect to it at {host}, on ports of its choice{only_here}"));
}

async fn agents(job: &SparkJob, operator: &mut Operator, report: &mut Report) {
    let agents = match operator.agents().await {
        Ok(agents) => agents,
        Err(error) => return report.failed("agents", reason(error.kind()), error.to_string()),
    };
    let need = Need::of(&job.spec);
    let room = need.room(&agents);
    let nearest = room.nearest.as_ref().map(|nearest| format!("; {nearest}")).unwrap_or_default();
    report.note(
        "agents",
        format!(
            "{} of {} have the attributes that are asked for; an executor needs {need}{nearest}",
            room.fitting, room.agents
        ),
    );
    match need.unmet_by(&agents) {
        Some((reason, message)) => report.failed("agents", reason, message),
        None => report.ok("agents", format!("{} executors would find room now", room.executors)),
    }
}

/// What nobody can see from here.
fn elsewhere(job: &SparkJob, report: &mut Report) {
    let (mesos, image) = (&job.spec.mesos, job.spec.image.as_deref());
    let container = &mesos.container;
    let home = container.home.as_deref();
    let spark = match (image, home) {
        (Some(image), Some(home)) => format!("can pull {image}, with Spark in {home}"),
        (Some(image), None) => format!("can pull {image}, with Spark"),
        (None, _) => format!(
            "have Spark in {} and {}",
            home.unwrap_or(EXECUTORS_SPARK_HOME),
            container.python.as_deref().unwrap_or(EXECUTORS_PYTHON)
        ),
    };
    report.note(
        "unseen",
        format!(
            "not seen from here: that the agents know the user {}, {spark}, and can reach the driver",
            user(job)
        ),
    );
}

/// The user that executors would run as: the job's, else the driver's own.
fn user(job: &SparkJob) -> String {
    let own = || {
        std::env::var("SPARK_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "root".to_owned())
    };
    job.spec.mesos.user.clone().unwrap_or_else(own)
}
