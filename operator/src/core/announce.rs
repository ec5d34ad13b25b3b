//! Which turns of a job's life become Events: few enough to be read, enough to know its story by.

use lcmap_spark_crd::{ConditionStatus, ConditionType, Phase, Reason, SparkJobStatus};

use super::conditions::is_in_the_way;

/// Something worth telling of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Whether somebody should look.
    pub severity: Severity,
    /// What, as one word of a closed list.
    pub reason: Reason,
    /// The same for people.
    pub message: String,
}

/// Whether somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It is as it should be.
    Normal,
    /// It is not.
    Warning,
}

/// What a change of status has to tell.
pub fn announcements(before: Option<&SparkJobStatus>, after: &SparkJobStatus) -> Vec<Announcement> {
    let mut told = Vec::new();
    let driver = |status: &SparkJobStatus| status.driver.as_ref().and_then(|driver| driver.pod_name.clone());
    if let Some(name) = driver(after).filter(|name| before.and_then(driver).as_ref() != Some(name)) {
        let message = format!("created the driver pod {name}");
        told.push(Announcement { severity: Severity::Normal, reason: Reason::Starting, message });
    }
    let given_up = |status: &SparkJobStatus| {
        let released = status.conditions.iter().find(|it| it.type_ == ConditionType::Released);
        released.filter(|it| it.reason == Reason::FrameworkAbandoned).map(|it| it.message.clone())
    };
    if let Some(message) =
        given_up(after).filter(|message| before.and_then(given_up).as_ref() != Some(message))
    {
        told.push(Announcement { severity: Severity::Warning, reason: Reason::FrameworkAbandoned, message });
    }
    let expiring = |status: &SparkJobStatus| {
        let valid = status.conditions.iter().find(|it| it.type_ == ConditionType::CertificatesValid);
        valid.filter(|it| it.status == ConditionStatus::False).map(|it| (it.reason, it.message.clone()))
    };
    if let Some((reason, message)) =
        expiring(after).filter(|it| before.and_then(expiring).as_ref() != Some(it))
    {
        told.push(Announcement { severity: Severity::Warning, reason, message });
    }
    // Of a job that has it for its own reason, the turn of its phase tells.
    let in_the_way = |status: &SparkJobStatus| {
        let allocated = status.conditions.iter().find(|it| it.type_ == ConditionType::ResourcesAllocated)?;
        let is_known = allocated.status != ConditionStatus::Unknown && is_in_the_way(allocated.reason);
        is_known.then(|| (allocated.reason, allocated.message.clone()))
    };
    if let Some((reason, message)) = in_the_way(after).filter(|(reason, _)| after.reason != Some(*reason))
        && before.and_then(in_the_way).is_none_or(|(before, _)| before != reason)
    {
        told.push(Announcement { severity: Severity::Warning, reason, message });
    }
    let place = |status: &SparkJobStatus| (status.phase, status.reason);
    let (Some(phase), Some(reason)) = place(after) else { return told };
    if before.map(place) == Some(place(after)) {
        return told;
    }
    if let Some(severity) = severity(phase, reason) {
        told.push(Announcement { severity, reason, message: after.message.clone() });
    }
    told
}

/// The Event of a turn, if it has one. A job that goes its usual way has two: its driver's creation and its end.
fn severity(phase: Phase, reason: Reason) -> Option<Severity> {
    use Reason::{
        Connecting, CoresMaxReached, DriverRunning, DriverStarting, Edited, ExecutorsRunning, NotebookReady,
        PullingImage, Registered, Resumed, RunAgain, Starting, StoppingDriver, TearingDown,
    };
    match (phase, reason) {
        (Phase::Failed, _) | (Phase::Succeeded, Reason::NeverConnected | Reason::JvmLingers) => {
            Some(Severity::Warning)
        }
        (
            _,
            Starting | DriverStarting | DriverRunning | PullingImage | Connecting | Registered
            | ExecutorsRunning | CoresMaxReached | StoppingDriver | TearingDown,
        ) => None,
        (_, NotebookReady | Edited | RunAgain | Resumed | Reason::Suspended)
        | (Phase::Succeeded | Phase::Suspended, _) => Some(Severity::Normal),
        _ => Some(Severity::Warning),
    }
}

#[cfg(test)]
mod tests {
    use lcmap_spark_crd::status::DriverStatus;

    use super::*;

    fn status(phase: Phase, reason: Reason, pod: Option<&str>) -> SparkJobStatus {
        let driver = pod.map(|pod| DriverStatus { pod_name: Some(pod.into()), ..DriverStatus::default() });
        SparkJobStatus { phase: Some(phase), reason: Some(reason), driver, ..SparkJobStatus::default() }
    }

    #[test]
    fn a_job_that_goes_its_usual_way_has_two_events() {
        let life = [
            status(Phase::Pending, Reason::Starting, Some("pi-driver-1")),
            status(Phase::Running, Reason::DriverRunning, Some("pi-driver-1")),
            status(Phase::Succeeded, Reason::Completed, Some("pi-driver-1")),
        ];
        let mut before = None;
        let mut told = Vec::new();
        for status in &life {
            told.extend(announcements(before, status));
            before = Some(status);
        }
        let reasons: Vec<_> = told.iter().map(|it| (it.severity, it.reason)).collect();
        assert_eq!(reasons, [(Severity::Normal, Reason::Starting), (Severity::Normal, Reason::Completed)]);
    }

    #[test]
    fn trouble_is_told_once_and_as_a_warning() {
        let before = status(Phase::Pending, Reason::Starting, Some("pi-driver-1"));
        let after = status(Phase::Pending, Reason::ImagePullFailed, Some("pi-driver-1"));
        assert_eq!(announcements(Some(&before), &after)[0].severity, Severity::Warning);
        assert_eq!(announcements(Some(&after), &after), []);
    }
}
