//! What the driver owes Mesos once it has ended: frameworks that it did not see torn down.

use std::time::Duration;

use lcmap_mesos::operator::{Operator, Teardown};
use lcmap_mesos::{
    Error, FrameworkInfo, FrameworkPhase, FrameworkState, Settings, SupervisedFramework, release,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::runtime;
use crate::console;

/// How long all of it may take: a pod is killed 20 s after Spark's own grace period.
const PATIENCE: Duration = Duration::from_secs(15);

/// Between two tries while Mesos does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Tears down what the driver left, and gives the ids of what may still be there, with the reason.
pub(crate) fn settle(settings: &Settings, frameworks: &[SupervisedFramework]) -> Vec<(String, String)> {
    let owed: Vec<(&str, &FrameworkState)> = frameworks
        .iter()
        .filter(|framework| is_owed(&framework.state))
        .filter_map(|framework| Some((framework.state.framework_id.as_deref()?, &framework.state)))
        .collect();
    if owed.is_empty() {
        return Vec::new();
    }
    match runtime() {
        Ok(runtime) => runtime.block_on(pay(settings, &owed)),
        Err(error) => owed.iter().map(|(id, _)| ((*id).to_owned(), error.to_string())).collect(),
    }
}

/// Whether a framework may be on Mesos though its driver has ended.
pub(super) fn is_owed(state: &FrameworkState) -> bool {
    match state.phase {
        FrameworkPhase::Created => false,
        FrameworkPhase::Stopped => state.teardown_owed.is_some(),
        FrameworkPhase::Connecting
        | FrameworkPhase::Registered
        | FrameworkPhase::Disconnected
        | FrameworkPhase::Aborted => state.framework_id.is_some(),
    }
}

async fn pay(settings: &Settings, owed: &[(&str, &FrameworkState)]) -> Vec<(String, String)> {
    let deadline = Instant::now() + PATIENCE;
    let mut operator = Operator::new(settings.clone());
    let mut left = Vec::new();
    for (id, state) in owed {
        match persist(&mut operator, settings, (id, state), deadline).await {
            Ok(Teardown::Done) => {
                console::say(&format!("tore down the framework {id}, which the driver had left on Mesos"));
            }
            Ok(Teardown::AlreadyGone) => {}
            Err(why) => left.push(((*id).to_owned(), why)),
        }
    }
    left
}

/// Tears one down, as often as it takes: a master may be on its way up, or the next to be elected. That a master does not know
/// it proves nothing while it lacks agents, from which it learns what runs.
async fn persist(
    operator: &mut Operator,
    settings: &Settings,
    (id, state): (&str, &FrameworkState),
    deadline: Instant,
) -> Result<Teardown, String> {
    let mut last = format!("Mesos did not answer within {} s", PATIENCE.as_secs());
    let trying = async {
        loop {
            match release(operator, settings, info(id, state)).await {
                Err(error) if !error.is_final() => last = error.to_string(),
                Ok(Teardown::AlreadyGone) => match operator.unheard_agents().await {
                    Ok(0)
                    | Err(Error::Forbidden { .. } | Error::NotMesos { .. } | Error::Rejected { .. }) => {
                        return Ok(Teardown::AlreadyGone);
                    }
                    Ok(agents) => {
                        last = format!(
                            "the master, which has just begun to lead, has not heard of {agents} of its agents, and by them \
                             it may know the framework again"
                        );
                    }
                    Err(error) => last = error.to_string(),
                },
                answer => return answer.map_err(|error| error.to_string()),
            }
            sleep(PAUSE).await;
        }
    };
    match timeout_at(deadline, trying).await {
        Ok(answer) => answer,
        Err(_) => Err(last),
    }
}

/// What it registered as: it can be taken over only as what it was.
fn info(id: &str, state: &FrameworkState) -> FrameworkInfo {
    let framework = FrameworkInfo::new(&state.user, "lcmap-spark: teardown").with_id(id);
    match &state.role {
        Some(role) => framework.with_role(role),
        None => framework,
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
            driver_address: None,
            has_run: false,
            refused: None,
            offers: lcmap_mesos::OfferState::default(),
            unresolved_hosts: vec![],
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
            // Nobody answers there, which would become a warning.
            masters: "127.0.0.1:1".parse().unwrap(),
            security: Security::Plain,
            credential: CredentialSource::None,
        };
        let state = state(FrameworkPhase::Stopped, Some("uid-1"), None);
        let left = settle(&settings, &[SupervisedFramework { number: 1, state }]);
        assert_eq!(left, []);
    }
}
