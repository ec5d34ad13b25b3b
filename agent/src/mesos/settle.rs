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

#[cfg(test)]
mod tests {
    use lcmap_mesos::CredentialSource;
    use lcmap_mesos::tls::Security;

    use super::*;

    fn state(phase: FrameworkPhase, id: Option<&str>, owed: Option<&str>) -> FrameworkState {
        FrameworkState {
            phase,
            pid: 7,
            master: "m:5050".to_owned(),
            user: "u".to_owned(),
            role: None,
            was_registered: id.is_some(),
            framework_id: id.map(str::to_owned),
            webui_url: None,
            reason: None,
            trouble: None,
            stop_called: phase == FrameworkPhase::Stopped,
            teardown_owed: owed.map(str::to_owned),
        }
    }

    #[test]
    fn what_may_be_on_mesos_and_was_not_seen_to_go_is_owed() {
        use FrameworkPhase::{Aborted, Connecting, Created, Disconnected, Registered, Stopped};
        let id = Some("uid-1");
        for (phase, id, teardown_owed, owed) in [
            // It has never asked.
            (Created, id, None, false),
            // Its question may have arrived, whatever came back.
            (Connecting, id, None, true),
            (Connecting, None, None, false),
            (Registered, id, None, true),
            (Disconnected, id, None, true),
            (Aborted, id, None, true),
            (Aborted, None, None, false),
            // Seen to go, or not.
            (Stopped, id, None, false),
            (Stopped, id, Some("disconnected"), true),
        ] {
            let state = state(phase, id, teardown_owed);
            assert_eq!(is_owed(&state), owed, "{state:?}");
        }
    }

    #[test]
    fn who_owes_nothing_asks_nobody() {
        let settings = Settings {
            // Nobody answers there, and that would be told.
            masters: "127.0.0.1:1".parse().unwrap(),
            security: Security::Plain,
            credential: CredentialSource::None,
        };
        let state = state(FrameworkPhase::Stopped, Some("uid-1"), None);
        let left = settle(&settings, &[SupervisedFramework { number: 1, state }]);
        assert_eq!(left, []);
    }
}
