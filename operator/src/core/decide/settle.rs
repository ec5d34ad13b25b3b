//! What an attempt may have left on Mesos: seen gone before the attempt counts as ended, and before the job may vanish.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_crd::names::{ANNOTATION_ABANDON_FRAMEWORK, FINALIZER};
use lcmap_spark_crd::status::{MAX_FRAMEWORKS, MesosStatus};
use lcmap_spark_crd::{Mode, Phase, Reason, SparkJob};

use super::{Step, later, time};
use crate::core::{Effect, Frameworks, Keeping};

/// How long it may take, after a driver's end, before anybody is told: mostly its agent has settled everything, and what is
/// missing is that Mesos says so.
const USUAL: Duration = Duration::from_secs(5);

impl Step<'_> {
    pub(super) fn has_finalizer(&self) -> bool {
        is_kept(self.job)
    }

    /// Whether the job has to be kept from vanishing before a driver of its may be started.
    pub(super) fn needs_finalizer(&self) -> bool {
        let is_kept = matches!(self.observed.keeping, Keeping::Finalizer(_));
        is_kept && self.spec.mode == Mode::Distributed && !self.has_finalizer()
    }

    /// Lets the job vanish as soon as nothing of it can be on Mesos: an attempt is over only once its frameworks are gone.
    pub(super) fn let_go(&mut self) {
        let nothing_begun = self.status.driver.is_none() && self.observed.driver.is_none();
        let driver_is_local = self.observed.driver.as_ref().is_none_or(|driver| driver.mesos.is_none());
        let is_over = self.phase().is_final() || self.phase() == Phase::Suspended;
        let is_local =
            self.spec.mode == Mode::NonDistributed && self.status.mesos.is_none() && driver_is_local;
        // A driver may turn up, over, that was started before the suspension was known of.
        let owes = self.effects.iter().any(|effect| matches!(effect, Effect::Settle(_)));
        let may_go = !owes && is_over || is_local || nothing_begun && self.is_being_deleted();
        if may_go && self.has_finalizer() {
            self.effects.push(Effect::RemoveFinalizer);
        }
    }

    /// Whether nothing of the attempt can be on Mesos, whose driver was over at `over`, where that is known. Until then it is
    /// waited for.
    pub(super) fn is_settled(&mut self, over: Option<Timestamp>) -> bool {
        let limit = match self.observed.keeping {
            Keeping::Finalizer(limit) if is_kept(self.job) => Some(limit),
            Keeping::Finalizer(_) => return true,
            Keeping::Attended => None,
        };
        let Some(mesos) = self.status.mesos.as_mut() else { return true };
        // Its agent has seen them go, or knows that there were none: then no Mesos has to be asked, nor be there.
        let left = self.observed.driver.as_ref().and_then(|driver| driver.left.as_deref());
        if self.observed.frameworks == Frameworks::Gone || left.is_some_and(<[String]>::is_empty) {
            mesos.framework_ids.clear();
            mesos.settling_since = None;
            end_executors(mesos);
            return true;
        }
        let told = mesos.settling_since.as_ref().map(|since| since.0);
        // A job that is told to suspend holds nothing: this takes it back at once.
        let is_told = told.is_some() || over.is_none() || self.phase() == Phase::Suspended;
        let since = told.or(over).unwrap_or(self.observed.now);
        let attempt = self.attempt();
        let (ids, reason, message) = match &self.observed.frameworks {
            Frameworks::Left { ids, reason, message } => (ids.clone(), *reason, message.clone()),
            _ => (Vec::new(), Reason::TearingDown, "Mesos is asked for what is left".to_owned()),
        };
        // An operator that was away for longer than the limit asks Mesos first.
        let is_asked = self.observed.frameworks != Frameworks::Unasked;
        if self.is_abandoned(&ids) || is_asked && self.passed(limit.and_then(|limit| later(since, limit))) {
            self.abandon(&ids);
            return true;
        }
        self.effects.push(Effect::Settle(attempt));
        if is_told || self.passed(later(since, USUAL)) {
            self.wait_for_frameworks(since, ids, reason, &message);
        }
        false
    }

    /// Says what is waited for. Why the driver was asked to stop, if it was, stays: its end is told by it, unless nothing will be
    /// told of a job that is being deleted.
    fn wait_for_frameworks(&mut self, since: Timestamp, ids: Vec<String>, reason: Reason, message: &str) {
        let mesos = self.status.mesos.get_or_insert_default();
        mesos.settling_since.get_or_insert_with(|| time(since));
        if !ids.is_empty() {
            mesos.framework_ids = ids;
            mesos.framework_ids.truncate(MAX_FRAMEWORKS);
        }
        let named = named(&mesos.framework_ids);
        let message = format!("the driver is over, and not yet seen gone from Mesos: {named}: {message}");
        if self.asked().is_none() || self.is_being_deleted() {
            self.becomes(Phase::Releasing, Reason::TearingDown, message.clone());
        }
        self.unreleased = Some((reason, message));
    }

    /// Whether a person has given up on all of these frameworks.
    fn is_abandoned(&self, ids: &[String]) -> bool {
        let annotation =
            self.job.metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION_ABANDON_FRAMEWORK));
        let Some(given_up) = annotation else { return false };
        let given_up: Vec<&str> = given_up.split([',', ' ']).filter(|id| !id.is_empty()).collect();
        !ids.is_empty() && ids.iter().all(|id| given_up.contains(&id.as_str()))
    }

    fn abandon(&mut self, ids: &[String]) {
        let named = if ids.is_empty() { "its frameworks".to_owned() } else { ids.join(", ") };
        let message = format!(
            "given up on, and may be left on Mesos: {named}; a Mesos admin should look for them and tear them down"
        );
        self.unreleased = Some((Reason::FrameworkAbandoned, message));
        if let Some(mesos) = &mut self.status.mesos {
            mesos.settling_since = None;
            end_executors(mesos);
        }
    }
}

/// Frameworks by their ids. A few tell the rest, whose ids differ in their ends alone, and leave room to say why.
fn named(ids: &[String]) -> String {
    const FEW: usize = 5;
    let few = ids.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    match ids.len() {
        0 => "its frameworks".to_owned(),
        1 => format!("the framework {few}"),
        all if all > FEW => format!("the frameworks {few} and {} more", all - FEW),
        _ => format!("the frameworks {few}"),
    }
}

/// None runs any more; how many failed or were lost stays known.
fn end_executors(mesos: &mut MesosStatus) {
    if let Some(executors) = &mut mesos.executors {
        executors.running = 0;
    }
    mesos.cores = None;
    mesos.memory = None;
}

fn is_kept(job: &SparkJob) -> bool {
    job.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_frameworks_are_named_and_the_rest_counted() {
        for (count, told) in [
            (0, "its frameworks"),
            (1, "the framework u-1"),
            (2, "the frameworks u-1, u-2"),
            (5, "the frameworks u-1, u-2, u-3, u-4, u-5"),
            (7, "the frameworks u-1, u-2, u-3, u-4, u-5 and 2 more"),
        ] {
            let ids: Vec<_> = (1..=count).map(|number| format!("u-{number}")).collect();
            assert_eq!(named(&ids), told);
        }
    }
}
