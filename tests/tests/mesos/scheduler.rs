//! A scheduler's life on a real master.

use std::time::Duration;

use lcmap_mesos::{
    Error, FrameworkError,
    operator::{Operator, Teardown},
    scheduler::{Call, Ended, Ending, Registration, Signal, TaskRef},
};
use lcmap_spark_tests::mesos::{Access, Bed};
use prost::Message;

use lcmap_spark_tests::mesos::driver::{
    Driver, framework, offers, principal, settings, state, subscribed, task_info, tls,
};

#[tokio::test]
async fn a_task_runs_from_offer_to_end() {
    let bed = Bed::plain().start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    driver.launch("t1", "true").await;
    driver.until_state("t1", state::RUNNING).await;
    driver.until_state("t1", state::FINISHED).await;
    driver.launch("t2", "exit 3").await;
    let failed = driver.until_state("t2", state::FAILED).await;
    assert_eq!(failed.message.as_deref(), Some("Command exited with status 3"));
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

#[tokio::test]
async fn it_works_with_mutual_tls_credentials_and_an_id_of_ones_own() {
    let bed = Bed::plain().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let mut settings = settings(&bed);
    settings.security = lcmap_mesos::tls::Security::Tls(tls(&bed));
    settings.credential = principal("spark");
    let mut driver = Driver::start(settings, framework().with_id("mine-1").with_principal("spark"));
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::First);
    assert_eq!(driver.framework_id.as_deref(), Some("mine-1"));
    driver.launch("t1", "sleep 60").await;
    driver.until_state("t1", state::RUNNING).await;
    driver.handle.call(Call::Kill(lcmap_mesos::message::Id::new("t1").encode_to_vec().into()));
    driver.until_state("t1", state::KILLED).await;
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

#[tokio::test]
async fn calls_arrive_in_their_order() {
    let bed = Bed::plain().resources("cpus:200;mem:32000").start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    let offer = driver.until(offers).await.remove(0);
    let id = bytes::Bytes::copy_from_slice(lcmap_mesos::wire::bytes(&offer, 1).unwrap());
    let tasks: Vec<bytes::Bytes> = (0..20).map(|n| task_info(&format!("t{n}"), "sleep 60", &offer)).collect();
    let operations = vec![lcmap_mesos::scheduler::launch(&tasks)];
    driver.handle.call(Call::Accept { offers: vec![id], operations, filters: None });
    // A KILL that overtook the ACCEPT would be answered with TASK_LOST.
    for n in 0..20 {
        driver.handle.call(Call::Kill(lcmap_mesos::message::Id::new(format!("t{n}")).encode_to_vec().into()));
    }
    for n in 0..20 {
        driver.until_state(&format!("t{n}"), state::KILLED).await;
        if n == 0 {
            // The others may have come before; asking tells their state again.
            driver.handle.call(Call::Reconcile(vec![]));
            break;
        }
    }
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

#[tokio::test]
async fn after_the_masters_restart_the_same_framework_comes_back_and_asks_for_its_tasks() {
    let mut bed = Bed::plain().masters(1).start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    driver.launch("t1", "sleep 60").await;
    driver.until_state("t1", state::RUNNING).await;
    let id = driver.framework_id.clone();
    bed.master_mut(0).kill().unwrap();
    driver.until(|signal| matches!(signal, Signal::Disconnected(_)).then_some(())).await;
    bed.master_mut(0).restart().unwrap();
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::Again);
    assert_eq!(driver.framework_id, id);
    driver.until_state("t1", state::RUNNING).await;
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

/// What the master says of a framework by its label `a`.
async fn label(operator: &mut Operator) -> Option<String> {
    let frameworks = operator.frameworks().await.unwrap().frameworks;
    frameworks[0].labels.iter().find(|(key, _)| key == "a").map(|(_, value)| value.clone())
}

#[tokio::test]
async fn what_a_framework_says_of_itself_and_which_offers_it_wants_outlives_its_master() {
    let mut bed = Bed::plain().masters(1).start().unwrap();
    let mut operator = Operator::new(settings(&bed));
    let mut driver = Driver::start(settings(&bed), framework());
    driver.until(offers).await;
    driver.handle.call(Call::Suppress(vec![]));
    driver.handle.label("a", Some("said"));
    while label(&mut operator).await.as_deref() != Some("said") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bed.master_mut(0).kill().unwrap();
    driver.until(|signal| matches!(signal, Signal::Disconnected(_)).then_some(())).await;
    driver.handle.label("b", Some("said while nobody listens"));
    bed.master_mut(0).restart().unwrap();
    driver.until(|signal| subscribed(&signal)).await;
    // Ten times as long as the master takes to offer what it has.
    let offered = tokio::time::timeout(Duration::from_secs(2), driver.until(offers)).await;
    assert!(offered.is_err(), "it wants none");
    assert_eq!(label(&mut operator).await.as_deref(), Some("said"));
    driver.handle.label("a", None);
    driver.handle.call(Call::Revive(vec![]));
    driver.until(offers).await;
    let labels = operator.frameworks().await.unwrap().frameworks.remove(0).labels;
    assert_eq!(labels, [("b".to_owned(), "said while nobody listens".to_owned())]);
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

#[tokio::test]
async fn what_is_launched_while_disconnected_is_lost_with_its_agent() {
    let mut bed = Bed::plain().start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    let offer = driver.until(offers).await.remove(0);
    bed.master_mut(0).kill().unwrap();
    driver.until(|signal| matches!(signal, Signal::Disconnected(_)).then_some(())).await;
    let operations = vec![lcmap_mesos::scheduler::launch(&[task_info("t1", "true", &offer)])];
    driver.handle.call(Call::Accept { offers: vec![], operations, filters: None });
    let lost = driver.until_state("t1", state::LOST).await;
    assert!(lost.agent_id.is_some() && lost.uuid.is_none());
    let ended = driver.stop(Ending::Teardown).await;
    assert!(matches!(ended, Ended::TeardownOwed(_)), "{ended:?}");
}

#[tokio::test]
async fn reconciliation_tells_what_became_of_an_unknown_task() {
    let bed = Bed::plain().start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    let offer = driver.until(offers).await.remove(0);
    let task = lcmap_mesos::message::Id::new("never-launched").encode_to_vec().into();
    let agent = lcmap_mesos::wire::bytes(&offer, 3).map(bytes::Bytes::copy_from_slice);
    driver.handle.call(Call::Reconcile(vec![TaskRef { task, agent }]));
    driver.until_state("never-launched", state::LOST).await;
}

#[tokio::test]
async fn a_framework_that_was_torn_down_by_an_operator_is_told_so() {
    let bed = Bed::plain().start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    driver.until(|signal| subscribed(&signal)).await;
    let id = driver.framework_id.clone().unwrap();
    let mut operator = Operator::new(settings(&bed));
    assert_eq!(operator.teardown(&id).await.unwrap(), Teardown::Done);
    let error =
        driver.until(|signal| if let Signal::Refused(error) = signal { Some(error) } else { None }).await;
    assert!(matches!(error, Error::Framework { why: FrameworkError::Removed(_), .. }), "{error}");
    assert!(matches!(driver.ended().await, Ended::Refused));
}

#[tokio::test]
async fn a_framework_that_another_takes_over_is_told_so() {
    let bed = Bed::plain().start().unwrap();
    let mut one = Driver::start(settings(&bed), framework().with_id("same"));
    one.until(|signal| subscribed(&signal)).await;
    let mut other = Driver::start(settings(&bed), framework().with_id("same"));
    other.until(|signal| subscribed(&signal)).await;
    let error =
        one.until(|signal| if let Signal::Refused(error) = signal { Some(error) } else { None }).await;
    assert!(matches!(error, Error::Framework { why: FrameworkError::FailedOver(_), .. }), "{error}");
}

#[tokio::test]
async fn stopping_for_failover_leaves_the_framework_and_never_registering_owes_nothing() {
    let bed = Bed::plain().start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    driver.until(|signal| subscribed(&signal)).await;
    assert!(matches!(driver.stop(Ending::Failover).await, Ended::LeftBehind));
    let mut nowhere = settings(&bed);
    nowhere.masters = "127.0.0.1:1".parse().unwrap();
    let mut driver = Driver::start(nowhere, framework());
    driver.until(|signal| matches!(signal, Signal::Waiting(Error::Refused { .. })).then_some(())).await;
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::NeverSubscribed));
}
