//! The operator API of a real master.

use lcmap_mesos::{
    Error,
    operator::{Operator, Teardown},
    scheduler::{Ended, Ending},
};
use lcmap_spark_tests::mesos::{Access, Bed};

use lcmap_spark_tests::mesos::driver::{Driver, framework, principal, settings, state, subscribed};

#[tokio::test]
async fn everything_that_runs_is_seen() {
    let bed = Bed::plain().start().unwrap();
    let mut operator = Operator::new(settings(&bed));
    assert_eq!(operator.version().await.unwrap().version, "1.11.0");
    assert_eq!(operator.flags().await.unwrap()["allocation_interval"], "200ms");
    let agents = operator.agents().await.unwrap();
    assert_eq!(agents[0].attributes, [("rack".to_owned(), Some("r0".to_owned()))]);

    let seen = framework().with_id("seen").with_labels([("lcmap.usgs.gov/job", "uid")]);
    let mut driver = Driver::start(settings(&bed), seen);
    driver.launch("t1", "exit 7").await;
    driver.until_state("t1", state::FAILED).await;
    let frameworks = operator.frameworks().await.unwrap().frameworks;
    assert_eq!((frameworks[0].id.as_str(), frameworks[0].connected), ("seen", true));
    assert_eq!(frameworks[0].labels, [("lcmap.usgs.gov/job".to_owned(), "uid".to_owned())]);
    let tasks = operator.tasks().await.unwrap();
    let ended = tasks.completed_tasks.iter().chain(&tasks.tasks).next().unwrap();
    assert_eq!(ended.statuses.last().unwrap().message, "Command exited with status 7");
    assert!(operator.roles().await.unwrap().iter().any(|role| role.name == "*"));
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
    assert_eq!(operator.frameworks().await.unwrap().completed_frameworks[0].id, "seen");
    assert_eq!(operator.teardown("seen").await.unwrap(), Teardown::AlreadyGone);
}

#[tokio::test]
async fn already_gone_is_told_apart_from_not_allowed() {
    let acls = r#"{"teardown_frameworks":[
        {"principals":{"values":["operator"]},"framework_principals":{"type":"ANY"}},
        {"principals":{"type":"ANY"},"framework_principals":{"type":"NONE"}}]}"#;
    let bed = Bed::plain().access(Access::Credentials(acls.to_owned())).start().unwrap();
    let as_principal = |name: &str| {
        let mut settings = settings(&bed);
        settings.credential = principal(name);
        settings
    };
    let mut driver = Driver::start(as_principal("spark"), framework().with_principal("spark"));
    driver.until(|signal| subscribed(&signal)).await;
    let id = driver.framework_id.clone().unwrap();
    let forbidden = Operator::new(as_principal("guest")).teardown(&id).await.unwrap_err();
    assert!(matches!(forbidden, Error::Forbidden { .. }), "{forbidden}");
    let mut operator = Operator::new(as_principal("operator"));
    assert_eq!(operator.teardown(&id).await.unwrap(), Teardown::Done);
    assert_eq!(operator.teardown(&id).await.unwrap(), Teardown::AlreadyGone);
}
