//! Updates of a framework after it has subscribed.

use lcmap_mesos::{
    scheduler::{Call, Signal},
    wire,
};
use lcmap_spark_tests::mesos::driver::{Driver, framework, subscribed};

use super::fake::{FakeMaster, SLOW, kind};

/// The labels in the `FrameworkInfo` of a call, whose payload is the field of this number.
fn labels(call: &[u8], payload: u32) -> Vec<(String, String)> {
    let info = wire::bytes(wire::bytes(call, payload).unwrap(), 1).unwrap();
    let labels = wire::bytes(info, 11).unwrap_or_default();
    wire::repeated(labels, 1).map(|label| (wire::text(label, 1), wire::text(label, 2))).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_master_that_takes_no_changes_of_a_framework_is_told_none_of_its_labels_for_good() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    driver.handle.label("a", Some("1"));
    let mut stream = master.accept().await;
    let (kind, call) = stream.call().await;
    assert_eq!((kind, labels(&call, 3)), (kind::SUBSCRIBE, vec![]), "it would keep it for ever");
    stream.answer_subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    let mut calls = master.accept().await;
    for value in ["1", "2"] {
        driver.handle.label("a", Some(value));
        let (kind, call) = calls.call().await;
        assert_eq!((kind, labels(&call, 19)), (kind::UPDATE_FRAMEWORK, vec![pair("a", value)]));
        calls.answer("501 Not Implemented", "Received 'UPDATE_FRAMEWORK' call").await;
        driver.until(|signal| matches!(signal, Signal::CallRefused(_)).then_some(())).await;
    }
}

#[tokio::test]
async fn a_call_that_an_update_may_have_overtaken_is_repeated() {
    let master = FakeMaster::start().await;
    let mut driver = Driver::start(master.settings(), framework());
    let _stream = master.subscribe("f1", SLOW).await;
    driver.until(|signal| subscribed(&signal)).await;
    driver.handle.label("a", Some("1"));
    let mut calls = master.accept().await;
    assert_eq!(calls.call().await.0, kind::UPDATE_FRAMEWORK);
    // The master may act on the update after this, and it says that offers are wanted.
    driver.handle.call(Call::Suppress(vec![]));
    assert_eq!(calls.call().await.0, kind::SUPPRESS);
    calls.answer("202 Accepted", "").await;
    calls.answer("202 Accepted", "").await;
    let (kind, call) = calls.call().await;
    assert_eq!((kind, wire::bytes(wire::bytes(&call, 16).unwrap(), 1)), (kind::SUPPRESS, Some(&b"*"[..])));
}
