//! Drivers that are to go by others' will, and those that may stay after all.

use super::mesos::{distributed, running, with_executors};
use super::*;

/// What people may ask for while a driver is on its way out by others' will.
#[derive(Debug, Clone, Copy)]
enum Request {
    Deadline,
    Suspension,
    Edit,
    Deletion,
}

const REQUESTS: [(Request, Reason); 4] = [
    (Request::Deadline, Reason::DeadlineExceeded),
    (Request::Suspension, Reason::Suspended),
    (Request::Edit, Reason::Edited),
    (Request::Deletion, Reason::StoppingDriver),
];

impl Request {
    fn make(self, world: &mut World) {
        match self {
            Self::Deadline => drop(world.after(3600)),
            Self::Suspension => world.job.spec.suspend = true,
            Self::Edit => {
                world.job.metadata.generation = Some(2);
                world.job.spec.conf.insert("a.b".into(), "1".into());
            }
            Self::Deletion => world.job.metadata.deletion_timestamp = Some(time(world.now)),
        }
    }
}

fn disrupted() -> Stopping {
    Stopping::Disrupted { reason: Reason::Preempted, message: "by another".into() }
}

/// A job that runs, here or on Mesos, and whose driver is to go.
fn worlds() -> [World; 2] {
    let deadline = json!({"activeDeadline": "1h", "restart": {"policy": "OnFailure"}});
    let mut here = World::new(deadline.clone());
    here.step();
    here.runs();
    let mut on_mesos = distributed(deadline);
    on_mesos.step();
    on_mesos.runs();
    let seen = with_executors(&on_mesos, 2);
    on_mesos.mesos(seen);
    [here, on_mesos].map(|mut world| {
        world.driver.as_mut().unwrap().stopping = disrupted();
        world.step();
        assert_eq!(world.place(), (Phase::Releasing, Reason::Preempted));
        world
    })
}

#[test]
fn a_driver_that_may_stay_after_all_is_where_it_was() {
    for mut world in worlds() {
        world.driver.as_mut().unwrap().stopping = Stopping::No;
        let decision = world.step();
        assert_eq!(world.place().0, Phase::Running, "{:?}", world.place());
        assert_eq!(decision.effects, []);
        world.frameworks = Frameworks::Gone;
        world.ends(Reason::Completed, 0);
        assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
    }
}

#[test]
fn whatever_is_asked_for_after_a_disruption_was_called_off_is_done() {
    for (request, reason) in REQUESTS {
        for mut world in worlds() {
            world.driver.as_mut().unwrap().stopping = Stopping::No;
            world.step();
            request.make(&mut world);
            assert_eq!(world.step().effects, [Effect::StopDriver(1)], "{request:?}");
            assert_eq!(world.place(), (Phase::Releasing, reason), "{request:?}");
        }
    }
}

#[test]
fn whatever_is_asked_for_at_the_moment_that_a_disruption_is_called_off_is_done() {
    for (request, reason) in REQUESTS {
        for mut world in worlds() {
            world.driver.as_mut().unwrap().stopping = Stopping::No;
            request.make(&mut world);
            assert_eq!(world.step().effects, [Effect::StopDriver(1)], "{request:?}");
            assert_eq!(world.place(), (Phase::Releasing, reason), "{request:?}");
        }
    }
}

#[test]
fn whatever_is_asked_for_during_a_disruption_is_told_and_done_once_the_driver_may_stay() {
    for (request, reason) in REQUESTS {
        for mut world in worlds() {
            request.make(&mut world);
            assert_eq!(world.step().effects, [], "{request:?}: it is on its way out already");
            assert_eq!(world.place(), (Phase::Releasing, reason), "{request:?}");
            world.driver.as_mut().unwrap().stopping = Stopping::No;
            assert_eq!(world.step().effects, [Effect::StopDriver(1)], "{request:?}");
            world.frameworks = Frameworks::Gone;
            world.ends(Reason::Stopped, 143);
            assert_ne!(world.place().1, Reason::BackingOff, "{request:?}");
        }
    }
}

#[test]
fn a_disruption_that_is_not_called_off_is_an_infrastructure_failure() {
    let mut world = running();
    world.job.spec.restart.policy = lcmap_spark_crd::spec::RestartPolicy::OnInfrastructureFailure;
    world.driver.as_mut().unwrap().stopping = disrupted();
    world.step();
    world.frameworks = Frameworks::Gone;
    world.ends(Reason::Stopped, 143);
    assert_eq!(world.place(), (Phase::Pending, Reason::BackingOff));
    assert_eq!(world.status().attempts[0].reason, Reason::Preempted);
}
