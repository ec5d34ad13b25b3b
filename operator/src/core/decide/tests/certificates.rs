//! The certificate that a driver begins with, and what becomes of it.

use lcmap_spark_agent::report::Expiry;
use lcmap_spark_crd::spec::RestartPolicy;

use super::mesos::running;
use super::*;

fn end(seconds: i64) -> Expiry {
    Expiry { at: seconds, warn_from: seconds - 100 }
}

/// A job whose driver runs on Mesos, and whose certificate ends after 1000 s.
fn certified() -> World {
    let mut world = running();
    world.driver.as_mut().unwrap().certificate = Some(end(1000));
    world.step();
    world
}

fn valid(world: &World) -> Option<(ConditionStatus, Reason)> {
    let told = find_condition(&world.status().conditions, ConditionType::CertificatesValid);
    told.map(|told| (told.status, told.reason))
}

#[test]
fn a_certificate_is_told_of_before_it_ends() {
    let mut world = certified();
    assert_eq!(world.step().requeue, Requeue::After(Duration::from_secs(900)), "woken when its end is near");
    assert_eq!(valid(&world), Some((ConditionStatus::True, Reason::CertificatesValid)));
    assert_eq!(world.after(900).step().requeue, Requeue::After(Duration::from_secs(100)));
    assert_eq!(valid(&world), Some((ConditionStatus::False, Reason::CertificatesExpiring)));
}

#[test]
fn a_certificate_that_was_renewed_alarms_nobody_where_the_driver_tells_of_it() {
    let mut world = certified();
    let using = |world: &World, seconds| {
        let before = world.driver.as_ref().unwrap().mesos.clone().unwrap();
        OnMesos { certificate: Some(end(seconds)), ..before }
    };
    world.after(950).step();
    assert_eq!(valid(&world), Some((ConditionStatus::False, Reason::CertificatesExpiring)));
    let renewed = using(&world, 5000);
    world.mesos(renewed);
    assert_eq!(valid(&world), Some((ConditionStatus::True, Reason::CertificatesValid)));
    // That is known for certain: it has ended, though the driver is on Mesos still.
    let old = using(&world, 1000);
    world.after(100).mesos(old);
    assert_eq!(valid(&world), Some((ConditionStatus::False, Reason::CertificatesInvalid)));
}

#[test]
fn whether_a_certificate_was_renewed_is_told_as_far_as_anybody_can_tell() {
    let silent = || Some((Reason::MesosUnreachable, "no route".to_owned()));
    let (unsure, expiring) = (
        (ConditionStatus::Unknown, Reason::CertificatesOutlived),
        (ConditionStatus::False, Reason::CertificatesExpiring),
    );
    let of = |world: &World| world.driver.as_ref().unwrap().mesos.clone().unwrap();
    let before = of(&certified());
    for (seen, told) in [
        (before.clone(), unsure),
        (OnMesos { trouble: silent(), ..before.clone() }, unsure),
        (OnMesos { frameworks: vec![], ..before }, (ConditionStatus::False, Reason::CertificatesInvalid)),
        (OnMesos::default(), expiring),
    ] {
        let mut world = certified();
        world.after(900).step();
        world.after(100).mesos(seen.clone());
        assert_eq!(valid(&world), Some(told), "{seen:?}");
        assert_eq!(world.status().phase, Some(Phase::Running), "what runs goes on");
    }
}

#[test]
fn what_was_said_of_a_certificate_is_of_one_driver_alone() {
    let retried = |world: &mut World| {
        world.job.spec.restart.policy = RestartPolicy::Always;
        world.ends(Reason::ExitedNonZero, 1);
    };
    let suspended = |world: &mut World| {
        world.job.spec.suspend = true;
        world.step();
        world.ends(Reason::Stopped, 143);
    };
    let local = |world: &mut World| {
        world.job.spec.mode = Mode::NonDistributed;
        world.job.metadata.generation = Some(2);
        world.step();
        world.ends(Reason::Stopped, 143);
    };
    for change in [retried as fn(&mut World), suspended, local] {
        let mut world = certified();
        world.after(900).step();
        world.frameworks = Frameworks::Gone;
        change(&mut world);
        assert_eq!(world.status().attempt, Some(2));
        assert_eq!(valid(&world), None, "{:?}", world.place());
    }
}
