//! What the driver owes Mesos once it has ended: frameworks that it did not see torn down.

use std::time::Duration;

use lcmap_mesos::operator::Operator;
use lcmap_mesos::scheduler::{Ended, Ending, Scheduler, Signal};
use lcmap_mesos::{Error, FrameworkInfo, FrameworkPhase, FrameworkState, Settings, SupervisedFramework};
use tokio::time::timeout;

use super::runtime;
use crate::console;

/// How long all of it may take: a pod is killed 20 s after Spark's own grace period.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tears down what the driver left, and gives the ids of what may still be there, with the reason.
pub(crate) fn settle(settings: &Settings, frameworks: &[SupervisedFramework]) -> Vec<(String, String)> {
    let owed: Vec<&FrameworkState> =
        frameworks.iter().map(|framework| &framework.state).filter(|state| is_owed(state)).collect();
    if owed.is_empty() {
        return Vec::new();
    }
    let all = async {
        let mut operator = Operator::new(settings.clone());
        let mut left = Vec::new();
        for state in owed {
            let Some(id) = &state.framework_id else { continue };
            match tear_down(&mut operator, settings, state, id).await {
                Ok(()) => {
                    console::say(&format!("tore down the framework {id}, which the driver had left on Mesos"))
                }
                Err(why) => left.push((id.clone(), why)),
            }
        }
        left
    };
    let late = || {
        let ids = frameworks.iter().filter_map(|it| it.state.framework_id.clone());
        let why = format!("Mesos did not answer within {} s", PATIENCE.as_secs());
        ids.map(|id| (id, why.clone())).collect()
    };
    match runtime() {
        Ok(runtime) => runtime.block_on(timeout(PATIENCE, all)).unwrap_or_else(|_| late()),
        Err(error) => frameworks
            .iter()
            .filter_map(|it| Some((it.state.framework_id.clone()?, error.to_string())))
            .collect(),
    }
}

/// Whether a framework may be on Mesos though its driver has ended.
fn is_owed(state: &FrameworkState) -> bool {
    match state.phase {
        FrameworkPhase::Created => false,
        FrameworkPhase::Stopped => state.teardown_owed.is_some(),
        FrameworkPhase::Connecting
        | FrameworkPhase::Registered
        | FrameworkPhase::Disconnected
        | FrameworkPhase::Aborted => state.framework_id.is_some(),
    }
}

/// By the operator API, or, where that is not allowed, as the framework's own scheduler: its driver is gone by now.
async fn tear_down(
    operator: &mut Operator,
    settings: &Settings,
    state: &FrameworkState,
    id: &str,
) -> Result<(), String> {
    match operator.teardown(id).await {
        Ok(_) => Ok(()),
        Err(Error::Unauthenticated { .. } | Error::Forbidden { .. } | Error::NotMesos { .. }) => {
            as_scheduler(settings, state, id).await
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn as_scheduler(settings: &Settings, state: &FrameworkState, id: &str) -> Result<(), String> {
    let mut framework = FrameworkInfo::new(&state.user, "lcmap-spark: teardown").with_id(id);
    if let Some(role) = &state.role {
        framework = framework.with_role(role);
    }
    if let Ok(Some(credential)) = settings.credential.read() {
        framework = framework.with_principal(&credential.principal);
    }
    let (scheduler, handle, mut signals) = Scheduler::new(settings.clone(), framework);
    handle.stop(Ending::Teardown);
    let ended = scheduler.run().await;
    let refused = std::iter::from_fn(|| signals.try_recv().ok()).find_map(|signal| match signal {
        Signal::Refused(error) => Some(error),
        _ => None,
    });
    match (ended, refused) {
        (Ended::TornDown, _) => Ok(()),
        // An id that is used up: the framework has gone.
        (Ended::Refused, Some(Error::Framework { why: lcmap_mesos::FrameworkError::Removed(_), .. })) => {
            Ok(())
        }
        (_, Some(error)) => Err(error.to_string()),
        (Ended::TeardownOwed(why), None) => Err(why),
        (ended, None) => Err(format!("its teardown ended as {ended:?}")),
    }
}
