//! The certificate that a driver begins with, and what becomes of it.

use lcmap_spark_agent::report::Expiry;

use super::mesos::running;
use super::*;

#[test]
fn a_certificate_is_told_of_before_it_ends() {
    let mut world = running();
    let end = |seconds| Expiry { at: seconds, warn_from: seconds - 100 };
    let reason = |world: &World| {
        find_condition(&world.status().conditions, ConditionType::CertificatesValid).unwrap().reason
    };
    world.driver.as_mut().unwrap().certificate = Some(end(1000));
    assert_eq!(world.step().requeue, Requeue::After(Duration::from_secs(900)), "woken when its end is near");
    assert_eq!(reason(&world), Reason::CertificatesValid);
    world.after(900).step();
    assert_eq!(reason(&world), Reason::CertificatesExpiring);
    world.after(100).step();
    assert_eq!(reason(&world), Reason::CertificatesInvalid);
    assert_eq!(world.place(), (Phase::Running, Reason::ExecutorsRunning), "what runs goes on");
}
