//! Masters that elect their leader in a real ZooKeeper.

use lcmap_mesos::{
    Detector, ZooKeeperError,
    scheduler::{Ended, Ending, Registration, Signal},
};
use lcmap_spark_tests::mesos::Bed;

use lcmap_spark_tests::mesos::driver::{Driver, framework, settings, state, subscribed};

#[tokio::test]
async fn the_scheduler_follows_the_leader() {
    let mut bed = Bed::plain().masters(3).start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    driver.launch("t1", "sleep 60").await;
    driver.until_state("t1", state::RUNNING).await;
    bed.master_mut(0).kill().unwrap();
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::Again);
    driver.until_state("t1", state::RUNNING).await;
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

#[tokio::test]
async fn a_master_that_does_not_lead_sends_on_to_the_leader() {
    let bed = Bed::plain().masters(2).start().unwrap();
    let mut settings = settings(&bed);
    settings.masters = bed.master(1).address().to_string().parse().unwrap();
    let mut driver = Driver::start(settings, framework());
    assert_eq!(driver.until(|signal| subscribed(&signal)).await, Registration::First);
}

#[tokio::test]
async fn without_zookeeper_the_subscription_lives_on() {
    let mut bed = Bed::plain().masters(1).start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    driver.until(|signal| subscribed(&signal)).await;
    bed.zookeeper_mut().unwrap().freeze().unwrap();
    driver.launch("t1", "true").await;
    driver.until_state("t1", state::FINISHED).await;
    bed.zookeeper_mut().unwrap().thaw().unwrap();
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}

#[tokio::test]
async fn a_path_without_masters_says_so() {
    let bed = Bed::plain().masters(1).start().unwrap();
    let url = bed.zookeeper_url().unwrap().replace("/mesos", "/elsewhere");
    let error = Detector::new(&url.parse().unwrap()).leader().await.unwrap_err();
    assert!(matches!(error, lcmap_mesos::Error::ZooKeeper(ZooKeeperError::NoPath(_))), "{error}");
    let mut settings = settings(&bed);
    settings.masters = "zk://127.0.0.1:1/mesos".parse().unwrap();
    let mut driver = Driver::start(settings, framework());
    let error =
        driver.until(|signal| if let Signal::Waiting(error) = signal { Some(error) } else { None }).await;
    assert!(error.to_string().contains("127.0.0.1:1 refused the connection"), "{error}");
}

#[tokio::test]
async fn an_election_that_is_guarded_is_read_with_user_and_password() {
    let bed = Bed::plain().masters(1).agents(0).start().unwrap();
    bed.guard_election("reader:its:secret").unwrap();
    let url = bed.zookeeper_url().unwrap();
    let as_user = |user: &str| url.replace("zk://", &format!("zk://{user}")).parse().unwrap();
    for stranger in ["", "reader:wrong@"] {
        let error = Detector::new(&as_user(stranger)).leader().await.unwrap_err();
        assert!(matches!(error, lcmap_mesos::Error::ZooKeeper(ZooKeeperError::Forbidden(_))), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
    let leader = Detector::new(&as_user("reader:its:secret@")).leader().await.unwrap();
    assert_eq!(leader.at.to_string(), bed.master(0).address().to_string());
}
