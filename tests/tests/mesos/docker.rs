//! Tasks in containers, through Mesos' docker containerizer.

use bytes::Bytes;
use lcmap_mesos::{
    scheduler::{Call, Ended, Ending, launch},
    wire,
};
use lcmap_spark_tests::mesos::{Bed, IMAGE};

use lcmap_spark_tests::mesos::driver::{Driver, framework, offers, settings, state, task_info};

/// A `ContainerInfo` of type DOCKER with the machine's `/usr`.
fn container() -> Vec<u8> {
    let (mut volume, mut docker, mut container) = (vec![], vec![], vec![]);
    wire::put_bytes(&mut volume, 1, b"/usr");
    wire::put_bytes(&mut volume, 2, b"/usr");
    wire::put_number(&mut volume, 3, 2); // RO
    wire::put_bytes(&mut docker, 1, IMAGE.as_bytes());
    wire::put_number(&mut docker, 2, 1); // HOST
    wire::put_number(&mut container, 1, 1); // DOCKER
    wire::put_bytes(&mut container, 2, &volume);
    wire::put_bytes(&mut container, 3, &docker);
    container
}

#[tokio::test]
async fn a_task_runs_in_a_container() {
    let bed = Bed::plain().docker().start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework());
    let offer = driver.until(offers).await.remove(0);
    let mut task = task_info("contained", "test ! -e /var && exit 5", &offer).to_vec();
    wire::put_bytes(&mut task, 9, &container());
    let offers = vec![Bytes::copy_from_slice(wire::bytes(&offer, 1).unwrap())];
    driver.handle.call(Call::Accept { offers, operations: vec![launch(&[task.into()])], filters: None });
    driver.until_state("contained", state::RUNNING).await;
    let failed = driver.until_state("contained", state::FAILED).await;
    assert_eq!(failed.message.as_deref(), Some("Container exited with status 5"));
    assert!(matches!(driver.stop(Ending::Teardown).await, Ended::TornDown));
}
