//! Executors that run and do not reach their driver.

use lcmap_spark_crd::status::Progress;
use lcmap_spark_crd::{Phase, Reason};

use super::World;
use super::mesos::{running, with_executors};
use crate::core::{OnMesos, SparkUi};

/// A job whose driver's Spark has heard of no executor.
fn alone() -> World {
    let mut world = running();
    let unreached = Some("10.0.0.5:4711".to_owned());
    let ui = SparkUi { url: "http://10.0.0.5:4040".into(), progress: Progress::default(), unreached };
    world.driver.as_mut().unwrap().ui = Some(ui);
    world.step();
    world
}

#[test]
fn they_are_told_of_with_host_and_port_for_as_long_as_it_lasts() {
    let mut world = alone();
    assert_eq!(world.status().phase, Some(Phase::Running));
    assert_eq!(world.status().reason, Some(Reason::ExecutorsUnreachable));
    assert!(world.status().message.contains("the driver at 10.0.0.5:4711"), "{}", world.status().message);
    world.driver.as_mut().unwrap().ui.as_mut().unwrap().unreached = None;
    world.step();
    assert_eq!(world.status().reason, Some(Reason::ExecutorsRunning));
}

#[test]
fn those_that_fail_may_do_so_for_another_reason() {
    let mut world = alone();
    let failing = (Reason::ExecutorsFailing, "3 executors have failed".to_owned());
    let seen = OnMesos { wait: Some(failing), ..with_executors(&world, 0) };
    world.mesos(seen);
    assert_eq!(world.status().reason, Some(Reason::ExecutorsFailing));
    let expected = "3 executors have failed; none has reached the driver at 10.0.0.5:4711";
    assert_eq!(world.status().message, expected);
}

#[test]
fn where_a_ui_is_mesos_tells_before_it_answers_and_after_another_has_begun() {
    let mut world = running();
    assert_eq!(world.status().ui_url, None);
    let at = |port: u16| Some((std::net::Ipv4Addr::new(10, 0, 0, 5), port).into());
    let seen = OnMesos { ui: at(4040), ..with_executors(&world, 2) };
    world.mesos(seen);
    assert_eq!(world.status().ui_url.as_deref(), Some("http://10.0.0.5:4040"));
    let progress = Progress { percent: 7, ..Progress::default() };
    let ui = SparkUi { url: "http://10.0.0.5:4040".into(), progress, unreached: None };
    world.driver.as_mut().unwrap().ui = Some(ui);
    for (ui, told) in [(at(4040), 4040), (at(4041), 4041), (None, 4040)] {
        let seen = OnMesos { ui, ..with_executors(&world, 2) };
        world.mesos(seen);
        let told = Some(format!("http://10.0.0.5:{told}"));
        assert_eq!((&world.status().ui_url, &world.status().url), (&told, &told));
        assert_eq!(world.status().progress, Some(progress));
    }
}
