//! What a Mesos that answers would do with a job: its role, its executors.

use lcmap_mesos::operator::{Agent, Operator};
use lcmap_mesos::scheduler::{TakeDownError, take_down};
use lcmap_mesos::{FrameworkInfo, Settings};
use lcmap_spark_crd::{Reason, SparkJob};

use tokio::net::lookup_host;
use tokio::task::JoinSet;

use super::admin::user;
use super::reason;
use super::report::Report;
use crate::mesos::Need;
use crate::run::prepare::unique_id;

/// Looks at it.
pub(super) async fn examine(job: &SparkJob, settings: &Settings, report: &mut Report) {
    let mut operator = Operator::new(settings.clone());
    match operator.version().await {
        Ok(version) => report.ok("version", format!("Mesos {}", version.version)),
        Err(error) => report.note("version", format!("not told: {error}")),
    }
    role(job, settings, report).await;
    agents(job, &mut operator, report).await;
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

async fn agents(job: &SparkJob, operator: &mut Operator, report: &mut Report) {
    let agents = match operator.agents().await {
        Ok(agents) => agents,
        Err(error) => return report.failed("agents", reason(error.kind()), error.to_string()),
    };
    let need = Need::of(&job.spec);
    let room = need.room(&agents);
    let nearest = room.nearest.as_ref().map(|nearest| format!("; {nearest}")).unwrap_or_default();
    let fitting = if job.spec.mesos.constraints.is_empty() {
        format!("{} in all", room.agents)
    } else {
        format!("{} of {} have the attributes that mesos.constraints asks for", room.fitting, room.agents)
    };
    report.note("agents", format!("{fitting}; an executor needs {need}{nearest}"));
    match need.unmet_by(&agents) {
        Some((reason, message)) => report.failed("agents", reason, message),
        None if room.executors == 1 => report.ok("agents", "1 executor would find room now"),
        None => report.ok("agents", format!("{} executors would find room now", room.executors)),
    }
    names(job, &agents, report).await;
}

/// Looks the names of agents up, by which a driver fetches large results from executors there, unless those have a network of
/// their own.
async fn names(job: &SparkJob, agents: &[Agent], report: &mut Report) {
    const MOST: usize = 5;
    if job.spec.mesos.container.network.is_some() {
        return;
    }
    let mut lookups = JoinSet::new();
    for host in agents.iter().filter(|agent| agent.active).map(|agent| agent.hostname.clone()) {
        lookups.spawn(async move { lookup_host((host.as_str(), 0)).await.err().map(|_| host) });
    }
    let looked_up = lookups.join_all().await;
    let (count, mut unknown) = (looked_up.len(), looked_up.into_iter().flatten().collect::<Vec<String>>());
    match unknown.len() {
        0 if count > 0 => report.ok("names", "the host names of agents resolve here"),
        0 => {}
        unresolved => {
            unknown.sort();
            unknown.truncate(MOST);
            let message = format!(
                "{unresolved} of {count} host names of agents do not resolve here ({}): a driver on this machine cannot fetch \
                 results of tasks above 1 MB (spark.task.maxDirectResultSize) from executors there; make them known by DNS, \
                 /etc/hosts or hostAliases in spec.pod, or have the agents started with --hostname and their addresses",
                unknown.join(", ")
            );
            report.failed("names", Reason::NameUnknown, message);
        }
    }
}
