//! The Lease object, read and written as `kubectl describe lease` shows it and other clients expect it.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};

use super::election::LeaseRecord;

/// What `lease` says of the election.
pub(super) fn read(lease: &Lease) -> LeaseRecord {
    let spec = lease.spec.clone().unwrap_or_default();
    LeaseRecord {
        // client-go releases a Lease by an empty holder.
        holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
        duration: spec
            .lease_duration_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
        renewed: spec.renew_time.map(|MicroTime(time)| time),
        transitions: spec.lease_transitions.unwrap_or_default(),
    }
}

/// `lease` as `me` holds it from now on; a new one by that name if there is none.
pub(super) fn claimed(
    lease: Option<&Lease>,
    name: &str,
    me: &str,
    duration: Duration,
    now: Timestamp,
) -> Lease {
    let new = || Lease { metadata: named(name), spec: None };
    let mut lease = lease.cloned().unwrap_or_else(new);
    let before = lease.spec.take();
    let renewed_before = before.as_ref().and_then(|spec| spec.renew_time.as_ref());
    let renew_time = unlike(renewed_before, now);
    let transitions = match &before {
        Some(spec) if spec.holder_identity.as_deref() == Some(me) => spec.lease_transitions,
        Some(spec) => Some(spec.lease_transitions.unwrap_or_default().saturating_add(1)),
        None => Some(0),
    };
    let mut spec = before.unwrap_or_default();
    if spec.holder_identity.as_deref() != Some(me) {
        spec.acquire_time = Some(MicroTime(now));
    }
    lease.spec = Some(LeaseSpec {
        holder_identity: Some(me.to_owned()),
        lease_duration_seconds: Some(whole_seconds(duration)),
        lease_transitions: transitions,
        renew_time: Some(renew_time),
        ..spec
    });
    lease
}

/// `lease` as nobody holds it from now on.
pub(super) fn released(mut lease: Lease, now: Timestamp) -> Lease {
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = Some(String::new());
    spec.renew_time = Some(MicroTime(now));
    lease
}

/// Whether `lease` is an older version than `than`.
///
/// Versions of one resource can be compared as numbers: Kubernetes says so since 1.35 (KEP-5504), and has always
/// kept it. One that is no number is never taken for older.
pub(super) fn is_older(lease: &Lease, than: &Lease) -> bool {
    let version = |lease: &Lease| lease.metadata.resource_version.as_ref()?.parse::<u64>().ok();
    version(lease).zip(version(than)).is_some_and(|(version, than)| version < than)
}

/// `now`, or next to it: a renewal is known by its time, so that none may bear the time of the one before, even if
/// somebody has set the clock back.
fn unlike(before: Option<&MicroTime>, now: Timestamp) -> MicroTime {
    let same = before.is_some_and(|MicroTime(before)| before.as_microsecond() == now.as_microsecond());
    MicroTime(if same { now.saturating_add(Duration::from_micros(1)).unwrap_or(now) } else { now })
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

/// Rounded up: others may wait for longer than this process leads, not for less.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
