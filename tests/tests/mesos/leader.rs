//! Masters that elect their leader in a real ZooKeeper.

use lcmap_mesos::{
    Detector, Masters, ZooKeeperError,
    operator::Operator,
    preflight,
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
async fn a_zookeeper_server_that_is_down_hides_no_leader() {
    let bed = Bed::plain().masters(1).agents(0).start().unwrap();
    let masters: Masters =
        bed.zookeeper_url().unwrap().replace("zk://", "zk://127.0.0.1:1,").parse().unwrap();
    // The servers are tried in an order that is drawn anew each time.
    for _ in 0..6 {
        let leader = Detector::new(&masters).leader().await.unwrap();
        assert_eq!(leader.at.to_string(), bed.master(0).address().to_string());
    }
}

#[tokio::test]
async fn listed_masters_are_asked_though_the_first_is_down_and_the_next_does_not_lead() {
    let bed = Bed::plain().masters(2).agents(0).start().unwrap();
    let mut settings = settings(&bed);
    let listed = format!("127.0.0.1:1,{},{}", bed.master(1).address(), bed.master(0).address());
    settings.masters = listed.parse().unwrap();
    let leader = bed.master(0).address().to_string();
    assert_eq!(preflight(&settings).await.unwrap().master.at.to_string(), leader);
    let mut operator = Operator::new(settings);
    for _ in 0..5 {
        assert_eq!(operator.frameworks().await.unwrap().frameworks.len(), 0);
    }
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
