//! Faults that a real master does not show when it is asked to.

use bytes::Bytes;
use lcmap_mesos::{
    Credential, CredentialSource, Error, Settings,
    message::Id,
    scheduler::{Call, Registration, Signal, launch},
    wire,
};
use prost::Message;

use super::fake::{FakeMaster, SLOW, event, kind};
use lcmap_spark_tests::mesos::driver::{Driver, framework, offers, state, subscribed, task_info};

async fn disconnected(driver: &mut Driver) -> Error {
    driver.until(|signal| if let Signal::Disconnected(error) = signal { Some(error) } else { None }).await
}

async fn waiting(driver: &mut Driver) -> Error {
    driver.until(|signal| if let Signal::Waiting(error) = signal { Some(error) } else { None }).await
}

/// An offer that has all that a launch reads.
fn offer() -> Vec<u8> {
    let mut offer = vec![];
    wire::put_bytes(&mut offer, 1, &Id::new("o1").encode_to_vec());
    wire::put_bytes(&mut offer, 3, &Id::new("a1").encode_to_vec());
    offer
}

fn accept(task: &str) -> Call {
    let operations = vec![launch(&[task_info(task, "true", &offer())])];
    Call::Accept { offers: vec![Id::new("o1").encode_to_vec().into()], operations, filters: None }
}

fn id(text: &str) -> Bytes {
    Id::new(text).encode_to_vec().into()
}

#[tokio::test]
async fn a_silent_stream_is_kept_open_until_the_next_one_stands() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let mut silent = master.subscribe("f1", 0.2).await;
    driver.until(|signal| subscribed(&signal)).await;
    assert!(matches!(disconnected(&mut driver).await, Error::TimedOut { .. }));
    let mut next = master.accept().await;
    let (kind, call) = next.call().await;
    assert_eq!(kind, kind::SUBSCRIBE);
    assert_eq!(
        wire::bytes(&call, 1).map(|id| wire::text(id, 1)).as_deref(),
        Some("f1"),
        "it asks for its id"
    );
    assert!(!silent.is_closed().await, "a master would remove the framework now");
    next.answer_subscribe("f1", SLOW).await;
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::Again);
    assert!(silent.is_closed().await);
}

#[tokio::test]
async fn an_attempt_that_was_given_up_on_and_arrives_late_is_no_takeover() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let failed_over = |error: &Error| error.to_string().contains("taken this framework over");
    let mut late = master.accept().await;
    late.call().await;
    assert!(matches!(waiting(&mut driver).await, Error::TimedOut { .. }));
    let mut second = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    second.failed_over().await;
    let error = disconnected(&mut driver).await;
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    assert!(!late.is_closed().await, "the master may count on it, and would remove the framework");
    let mut third = master.subscribe("f1", SLOW).await;
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::Again);
    assert!(late.is_closed().await);
    third.failed_over().await;
    let refused = |signal| if let Signal::Refused(error) = signal { Some(error) } else { None };
    assert!(failed_over(&driver.until(refused).await), "nothing more of ours was under way");
}

#[tokio::test]
async fn a_torn_event_is_a_loss_and_is_not_delivered() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let mut peer = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    let record = event(2, 3, &[0x0a, 0]);
    peer.chunk(format!("{}\n", record.len()).as_bytes()).await;
    peer.chunk(&record[..2]).await;
    drop(peer);
    let error = disconnected(&mut driver).await;
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    master.subscribe("f1", SLOW).await;
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::Again);
}

#[tokio::test]
async fn what_is_no_recordio_or_no_event_is_a_loss_that_says_so() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let mut peer = master.subscribe("f1", SLOW).await;
    peer.chunk(b"<html>\n").await;
    assert!(matches!(disconnected(&mut driver).await, Error::Stream { .. }));
    let mut peer = master.subscribe("f1", SLOW).await;
    peer.chunk(b"3\n\x0a\xff\xff").await;
    assert!(matches!(disconnected(&mut driver).await, Error::Unreadable { .. }));
}

#[tokio::test]
async fn masters_that_redirect_in_a_circle_are_named() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    for _ in 0..6 {
        let mut peer = master.accept().await;
        peer.call().await;
        peer.redirect(&master).await;
    }
    assert!(matches!(waiting(&mut driver).await, Error::RedirectLoop { .. }));
}

#[tokio::test]
async fn a_master_without_a_leader_is_asked_again() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let mut peer = master.accept().await;
    peer.call().await;
    peer.answer("503 Service Unavailable", "No leader elected").await;
    assert!(matches!(waiting(&mut driver).await, Error::NoLeader { .. }));
    master.subscribe("f1", SLOW).await;
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::First);
}

#[tokio::test]
async fn a_master_that_accepts_and_says_nothing_is_given_up() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let mut peer = master.accept().await;
    peer.call().await;
    peer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ").await;
    assert!(matches!(waiting(&mut driver).await, Error::TimedOut { .. }));
}

#[tokio::test]
async fn calls_do_not_wait_for_each_others_answers() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let _stream = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    for task in ["t1", "t2", "t3"] {
        driver.handle.call(Call::Kill(id(task)));
    }
    let mut calls = master.accept().await;
    for task in ["t1", "t2", "t3"] {
        let (kind, call) = calls.call().await;
        assert_eq!((kind, wire::bytes(&call, 6).unwrap()), (kind::KILL, wire_of(task).as_slice()));
    }
}

/// A KILL's payload.
fn wire_of(task: &str) -> Vec<u8> {
    let mut payload = vec![];
    wire::put_bytes(&mut payload, 1, &id(task));
    payload
}

#[tokio::test]
async fn calls_without_an_answer_are_repeated_but_a_launch_is_asked_for_and_its_offers_given_back() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let _stream = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    driver.handle.call(accept("t1"));
    driver.handle.call(Call::Decline { offers: vec![id("o2")], filters: None });
    let mut calls = master.accept().await;
    assert_eq!(calls.call().await.0, kind::ACCEPT);
    assert_eq!(calls.call().await.0, kind::DECLINE);
    drop(calls);
    let mut calls = master.accept().await;
    let (kind, call) = calls.call().await;
    assert_eq!(kind, kind::DECLINE, "a master that never got the launch holds its offers");
    let decline = wire::bytes(&call, 5).unwrap();
    assert_eq!(wire::repeated(decline, 1).collect::<Vec<_>>(), [&id("o1")[..]]);
    assert_eq!(
        wire::bytes(decline, 2),
        Some(&[9, 0, 0, 0, 0, 0, 0, 0, 0][..]),
        "they are welcome again at once"
    );
    let (kind, call) = calls.call().await;
    assert_eq!(kind, kind::RECONCILE);
    let asked = wire::bytes(wire::bytes(&call, 9).unwrap(), 1).unwrap();
    assert_eq!(wire::bytes(asked, 1), Some(&id("t1")[..]));
    assert_eq!(calls.call().await.0, kind::DECLINE);
}

#[tokio::test]
async fn offers_that_were_used_for_no_task_are_given_back_too() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let _stream = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    driver.handle.call(Call::Accept { offers: vec![id("o1"), id("o2")], operations: vec![], filters: None });
    let mut calls = master.accept().await;
    assert_eq!(calls.call().await.0, kind::ACCEPT);
    drop(calls);
    let (kind, call) = master.accept().await.call().await;
    assert_eq!(kind, kind::DECLINE);
    assert_eq!(wire::repeated(wire::bytes(&call, 5).unwrap(), 1).count(), 2);
}

#[tokio::test]
async fn a_redirect_to_nobody_who_is_known_gets_no_credential_and_no_framework() {
    let (master, stranger) = (FakeMaster::start().await, FakeMaster::start().await);
    let credential = CredentialSource::Given(Credential::new("spark", "hidden"));
    let mut driver = Driver::start(Settings { credential, ..master.settings() }, framework());
    let mut peer = master.accept().await;
    peer.call().await;
    peer.redirect(&stranger).await;
    let error = waiting(&mut driver).await;
    assert!(matches!(error, Error::Stranger { .. }), "{error}");
    assert!(stranger.is_alone().await);
    master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
}

#[tokio::test]
async fn a_redirect_to_another_of_the_masters_is_followed_by_whatever_name_it_has() {
    let (first, leader) = (FakeMaster::start().await, FakeMaster::start().await);
    let masters = format!("{},{}", first.address(), leader.address().replace("127.0.0.1", "localhost"));
    let credential = CredentialSource::Given(Credential::new("spark", "hidden"));
    let settings = Settings { masters: masters.parse().unwrap(), credential, ..first.settings() };
    let mut driver = Driver::start(settings, framework());
    let mut peer = first.accept().await;
    peer.call().await;
    peer.redirect(&leader).await;
    leader.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
}

#[tokio::test]
async fn a_launch_that_the_master_refuses_is_lost() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let _stream = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    driver.handle.call(accept("t1"));
    let mut calls = master.accept().await;
    calls.call().await;
    calls.answer("403 Forbidden", "Framework is not subscribed").await;
    let lost = driver.until_state("t1", state::LOST).await;
    assert_eq!(lost.agent_id, Some(Id::new("a1")));
    driver.until(|signal| matches!(signal, Signal::CallRefused(Error::Forbidden { .. })).then_some(())).await;
}

#[tokio::test]
async fn a_secret_that_was_good_before_may_be_in_rotation() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    drop(master.subscribe("f1", SLOW).await);
    let mut peer = master.accept().await;
    peer.call().await;
    peer.answer("401 Unauthorized", "").await;
    assert!(matches!(waiting(&mut driver).await, Error::Unauthenticated { .. }));
    master.subscribe("f1", SLOW).await;
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::Again);
}

#[tokio::test]
async fn ten_thousand_offers_arrive_at_once() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let mut peer = master.subscribe("f1", SLOW).await;
    let mut payload = vec![];
    for _ in 0..10_000 {
        wire::put_bytes(&mut payload, 1, &offer());
    }
    peer.event(2, 3, &payload).await;
    assert_eq!(driver.until(offers).await.len(), 10_000);
}
