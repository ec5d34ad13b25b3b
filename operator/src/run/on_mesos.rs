//! PURE: what a driver has on Mesos: as Mesos says it, and, of registration, as its own libmesos.so does.

use jiff::Timestamp;
use lcmap_spark_agent::state::DriverState;
use lcmap_spark_crd::{Reason, SparkJobStatus};

use crate::core::OnMesos;
use crate::mesos::{attempt, offers};

/// Completes what Mesos says, which may be late, or nothing where its ACLs show this principal no frameworks.
pub(super) fn completed(
    mut mesos: OnMesos,
    state: &DriverState,
    status: Option<&SparkJobStatus>,
    now: Timestamp,
) -> OnMesos {
    if mesos.registered.is_none() {
        if state.frameworks.iter().any(|framework| framework.was_registered) {
            let told = status.and_then(|status| status.mesos.as_ref()?.registered_time.as_ref());
            mesos.registered = Some(told.map_or(now, |time| time.0));
        }
        let waiting = state.frameworks.iter().rev().find_map(|framework| framework.reason.clone());
        mesos.wait = mesos.wait.or(waiting.map(|why| (Reason::Connecting, why)));
    }
    mesos.unreached.clone_from(&state.unreached);
    if let Some(framework) = state.frameworks.last().filter(|framework| !framework.is_over()) {
        mesos.offers = offers::of_job(framework.offers.clone());
    }
    let refused = state.frameworks.last().and_then(|framework| framework.refused.as_ref());
    let is_told = |wait: &(Reason, String)| wait.0 == Reason::ExecutorsFailing;
    if let Some(why) = refused
        && mesos.executors.running == 0
        && !mesos.wait.as_ref().is_some_and(is_told)
    {
        mesos.wait = Some(attempt::refused(why));
    }
    mesos
}

#[cfg(test)]
mod tests {
    use lcmap_mesos::{FrameworkPhase, FrameworkState, OfferState};
    use lcmap_spark_crd::status::{Executors, MesosStatus};

    use super::*;

    fn driver(was_registered: bool, reason: Option<&str>) -> DriverState {
        let framework = FrameworkState {
            phase: FrameworkPhase::Connecting,
            pid: 7,
            master: "m:5050".to_owned(),
            user: "lcmap".to_owned(),
            role: None,
            was_registered,
            framework_id: None,
            webui_url: None,
            reason: reason.map(str::to_owned),
            trouble: None,
            driver_address: None,
            has_run: false,
            refused: None,
            offers: OfferState::default(),
            unresolved_hosts: vec![],
            stop_called: false,
            teardown_owed: None,
        };
        DriverState { frameworks: vec![framework], ..DriverState::default() }
    }

    #[test]
    fn why_a_driver_is_not_registered_it_says_itself() {
        let driver = driver(false, Some("nobody listens"));
        let mesos = completed(OnMesos::default(), &driver, None, Timestamp::UNIX_EPOCH);
        assert_eq!(mesos.wait, Some((Reason::Connecting, "nobody listens".to_owned())));
        assert_eq!(mesos.registered, None);
    }

    #[test]
    fn an_address_that_is_not_reached_counts_while_executors_run_and_do_not_fail() {
        use Reason::{CoresMaxReached, ExecutorsFailing, ExecutorsUnreachable, NoOffers};
        let told = |running, wait: Option<Reason>| {
            let executors = Executors { running, failed: 0, lost: 0 };
            let wait = wait.map(|reason| (reason, "words".to_owned()));
            let mesos = OnMesos { executors, wait, ..OnMesos::default() };
            let driver = DriverState { unreached: Some("10.0.0.5:4711".to_owned()), ..driver(true, None) };
            completed(mesos, &driver, None, Timestamp::UNIX_EPOCH).hindered(None).map(|(reason, _)| reason)
        };
        for (running, wait, expected) in [
            (1, None, Some(ExecutorsUnreachable)),
            (1, Some(CoresMaxReached), Some(ExecutorsUnreachable)),
            (1, Some(ExecutorsFailing), Some(ExecutorsFailing)),
            (0, Some(NoOffers), Some(NoOffers)),
            (0, None, None),
        ] {
            assert_eq!(told(running, wait), expected, "{running} {wait:?}");
        }
    }

    #[test]
    fn a_task_that_the_master_refuses_is_told_of_in_its_words_until_executors_run() {
        let told = |running| {
            let mut state = driver(true, None);
            state.frameworks[0].refused = Some("TASK_ERROR: not authorized".to_owned());
            let executors = Executors { running, failed: 0, lost: 0 };
            let wait = Some((Reason::NoOffers, "words".to_owned()));
            let mesos = OnMesos { executors, wait, ..OnMesos::default() };
            completed(mesos, &state, None, Timestamp::UNIX_EPOCH).wait.unwrap()
        };
        let (reason, message) = told(0);
        assert_eq!(reason, Reason::ExecutorsFailing);
        assert!(message.ends_with("TASK_ERROR: not authorized"), "{message}");
        assert_eq!(told(1).0, Reason::NoOffers);
    }

    #[test]
    fn a_registration_that_mesos_does_not_show_keeps_its_time() {
        let driver = driver(true, None);
        let later = Timestamp::from_second(60).unwrap();
        let first = completed(OnMesos::default(), &driver, None, Timestamp::UNIX_EPOCH);
        assert_eq!(first.registered, Some(Timestamp::UNIX_EPOCH));
        let told = MesosStatus {
            registered_time: first.registered.map(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time),
            ..MesosStatus::default()
        };
        let status = SparkJobStatus { mesos: Some(told), ..SparkJobStatus::default() };
        let then = completed(OnMesos::default(), &driver, Some(&status), later);
        assert_eq!(then.registered, first.registered);
    }
}
