//! What is known of the attempts that have, or had, something on one Mesos.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use lcmap_mesos::operator::{Framework, Frameworks, Task, Tasks};
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::status::Executors;
use tokio::time::Instant;

use super::attempt::Attempt;
use crate::controller::watched::JobKey;
use crate::core::{self, OnMesos};
use crate::mesos::{AttemptId, Need, attempt};

/// How long a failed teardown waits before it is tried again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// The attempts of one Mesos, by the id of their first framework.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<String, Attempt>);

/// The job that an attempt on Mesos belongs to.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// The job.
    pub(super) job: JobKey,
    /// What one of its executors needs.
    pub(super) need: Need,
    /// The user that its executors run as, for its frameworks' sake.
    pub(super) user: String,
    /// The role that its frameworks are in.
    pub(super) role: Option<String>,
    /// What the status reported of its executors before.
    pub(super) executors: Executors,
}

/// Frameworks that must go, since their driver is over.
#[derive(Debug, Clone)]
pub(super) struct Debt {
    /// Those that are known, beside what Mesos lists.
    pub(super) ids: BTreeSet<String>,
    /// What became of it so far.
    pub(super) outcome: core::Frameworks,
    due: Instant,
    tries: u32,
}

/// The answers of Mesos in one turn, by attempt.
pub(super) type ByAttempt = HashMap<String, (Frameworks, Tasks)>;

impl Attempts {
    /// Whether an attempt is looked at already.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// What an attempt has on Mesos, by the last look. From now on it is looked at.
    pub(super) fn look(&mut self, id: &str, subject: Subject) -> OnMesos {
        self.0.entry(id.to_owned()).or_insert_with(|| Attempt::new(subject)).told()
    }

    /// What is left of an attempt whose driver is over.
    pub(super) fn left(&self, id: &str) -> core::Frameworks {
        let debt = self.0.get(id).and_then(|attempt| attempt.debt.as_ref());
        debt.map_or(core::Frameworks::Unasked, |debt| debt.outcome.clone())
    }

    /// Lets the frameworks of an attempt go. Asking twice asks once. Of those that its status names none counts that is not its
    /// own: whoever may write a status may not end other people's frameworks.
    pub(super) fn owe(&mut self, id: &str, known: &[String]) {
        let Some(attempt) = self.0.get_mut(id) else { return };
        let attempt_id = AttemptId::new(id.to_owned());
        let debt = attempt.debt.get_or_insert_with(|| Debt::of(id));
        debt.ids.extend(known.iter().filter(|known| attempt_id.has(known)).cloned());
    }

    /// The debts to be paid now, those that wait longest first, and so many at most.
    pub(super) fn due(&self, most: usize) -> Vec<(String, Subject, Debt)> {
        let due = self.0.iter().filter_map(|(id, attempt)| {
            let debt = attempt.debt.as_ref().filter(|debt| debt.is_due())?;
            Some((debt.due, id, attempt))
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(since, ..)| *since);
        let first = due.into_iter().take(most).filter_map(|(_, id, attempt)| {
            Some((id.clone(), attempt.subject.clone(), attempt.debt.clone()?))
        });
        first.collect()
    }

    /// Whether the debt of an attempt is to be paid now.
    pub(super) fn is_due(&self, id: &str) -> bool {
        self.0.get(id).and_then(|attempt| attempt.debt.as_ref()).is_some_and(Debt::is_due)
    }

    /// Takes in what became of a debt. Answers the job, if that is news.
    pub(super) fn settled(&mut self, id: &str, outcome: core::Frameworks) -> Option<JobKey> {
        let attempt = self.0.get_mut(id)?;
        let debt = attempt.debt.as_mut()?;
        debt.due = Instant::now() + RETRY.0.saturating_mul(1 << debt.tries.min(10)).min(RETRY.1);
        debt.tries += 1;
        let is_news = debt.outcome != outcome;
        debt.outcome = outcome;
        is_news.then(|| attempt.subject.job.clone())
    }

    /// Sorts what Mesos said by attempt, and leaves out what is nobody's here.
    pub(super) fn sort(&self, frameworks: Frameworks, tasks: Tasks) -> ByAttempt {
        let mut seen = ByAttempt::new();
        let owner = |id: &str| self.owner(id).map(str::to_owned);
        for (list, place) in [
            (frameworks.frameworks, (|of| &mut of.frameworks) as fn(&mut Frameworks) -> &mut Vec<Framework>),
            (frameworks.completed_frameworks, |of| &mut of.completed_frameworks),
        ] {
            for framework in list {
                if let Some(id) = owner(&framework.id) {
                    place(&mut seen.entry(id).or_default().0).push(framework);
                }
            }
        }
        for (list, place) in [
            (tasks.pending_tasks, (|of| &mut of.pending_tasks) as fn(&mut Tasks) -> &mut Vec<Task>),
            (tasks.tasks, |of| &mut of.tasks),
            (tasks.unreachable_tasks, |of| &mut of.unreachable_tasks),
            (tasks.completed_tasks, |of| &mut of.completed_tasks),
        ] {
            for task in list {
                if let Some(id) = owner(&task.framework_id) {
                    place(&mut seen.entry(id).or_default().1).push(task);
                }
            }
        }
        seen
    }

    /// The attempt that a framework belongs to: its first has the same id, further ones a number behind it.
    fn owner<'a>(&'a self, framework: &'a str) -> Option<&'a str> {
        let first = framework.rsplit_once('-').map(|(first, _)| first);
        std::iter::once(framework)
            .chain(first)
            .find(|id| self.0.contains_key(*id) && AttemptId::new((*id).to_owned()).has(framework))
    }

    /// Whether a look lacks, of any attempt, what the one before had, and does not explain it.
    pub(super) fn is_missing_any(&self, seen: &ByAttempt) -> bool {
        let nothing = (Frameworks::default(), Tasks::default());
        self.0.iter().any(|(id, attempt)| {
            let (frameworks, tasks) = seen.get(id).unwrap_or(&nothing);
            attempt
                .missing(frameworks, &attempt::on_mesos(frameworks, tasks, &AttemptId::new(id.clone())))
                .is_some()
        })
    }

    /// Takes in what was seen by a look that began at `looked`, by a master that has not heard of so many agents. `why` has the
    /// last word on an attempt without executors, by when the youngest of its frameworks was registered. Answers the jobs of
    /// which there is news.
    pub(super) fn take(
        &mut self,
        seen: &ByAttempt,
        (looked, unheard): (Timestamp, usize),
        why: impl Fn(&Need, &OnMesos, Option<Timestamp>) -> Option<(Reason, String)>,
    ) -> Vec<JobKey> {
        let nothing = (Frameworks::default(), Tasks::default());
        let mut news = Vec::new();
        for (id, attempt) in &mut self.0 {
            let (frameworks, tasks) = seen.get(id).unwrap_or(&nothing);
            let attempt_id = AttemptId::new(id.clone());
            let mut now = attempt.after(attempt::on_mesos(frameworks, tasks, &attempt_id));
            now.ui = attempt::ui(frameworks, &attempt_id);
            let missing = attempt.missing(frameworks, &now);
            if let Some(doubt) = attempt.doubt(missing, unheard) {
                if attempt.cannot_be_seen(doubt) {
                    news.push(attempt.subject.job.clone());
                }
                continue;
            }
            let youngest = attempt::youngest(frameworks, &attempt_id);
            if now.wait.is_none() {
                now.wait = why(&attempt.subject.need, &now, youngest);
            }
            if attempt.sees(OnMesos { looked: Some(looked), ..now }) {
                news.push(attempt.subject.job.clone());
            }
        }
        news
    }

    /// Takes in why Mesos cannot be asked. What is known stays.
    pub(super) fn trouble(&mut self, trouble: &(Reason, String)) -> Vec<JobKey> {
        let mut news = Vec::new();
        for attempt in self.0.values_mut() {
            if attempt.cannot_be_seen(trouble.clone()) {
                news.push(attempt.subject.job.clone());
            }
            if let Some(debt) = attempt.debt.as_mut().filter(|debt| debt.outcome != core::Frameworks::Gone) {
                let (reason, message) = trouble.clone();
                let left =
                    core::Frameworks::Left { ids: debt.ids.iter().cloned().collect(), reason, message };
                if debt.outcome != left {
                    debt.outcome = left;
                    news.push(attempt.subject.job.clone());
                }
            }
        }
        news
    }

    /// Whether somebody waits for what happens next.
    pub(super) fn is_expecting(&self) -> bool {
        self.0.values().any(Attempt::is_expecting)
    }

    /// Forgets the attempts that are over for their jobs.
    pub(super) fn retain(&mut self, is_current: impl Fn(&JobKey, &str) -> bool) {
        self.0.retain(|id, attempt| is_current(&attempt.subject.job, id));
    }

    /// Whether nobody is looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Debt {
    /// Of an attempt, by the id of its first framework.
    pub(super) fn of(first: &str) -> Self {
        let ids = [first.to_owned()].into();
        Self { ids, outcome: core::Frameworks::Unasked, due: Instant::now(), tries: 0 }
    }

    fn is_due(&self) -> bool {
        self.outcome != core::Frameworks::Gone && self.due <= Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subject() -> Subject {
        let job = JobKey { namespace: "ns".into(), name: "pi".into() };
        let executors = Executors::default();
        Subject { job, need: Need::default(), user: "lcmap".into(), role: None, executors }
    }

    fn owing(attempts: &[&str]) -> Attempts {
        let mut all = Attempts::default();
        for id in attempts {
            all.look(id, subject());
            all.owe(id, &[]);
        }
        all
    }

    fn due(attempts: &Attempts) -> Vec<String> {
        attempts.due(usize::MAX).into_iter().map(|(id, _, _)| id).collect()
    }

    fn left(ids: &[&str]) -> core::Frameworks {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        core::Frameworks::Left { ids, reason: Reason::TearingDown, message: String::new() }
    }

    #[test]
    fn no_framework_is_owed_that_is_not_the_attempts_own() {
        let mut attempts = owing(&["u-1"]);
        let known = ["u-1", "u-1-2", "u-2", "theirs"].map(str::to_owned);
        attempts.owe("u-1", &known);
        let ids: Vec<String> =
            attempts.due(usize::MAX).into_iter().flat_map(|(_, _, debt)| debt.ids).collect();
        assert_eq!(ids, ["u-1", "u-1-2"]);
    }

    #[test]
    fn a_debt_that_was_taken_up_after_mesos_was_asked_is_left_to_the_next_turn() {
        let mut attempts = owing(&["u-1"]);
        attempts.look("u-2", subject());
        let turn = attempts.due(usize::MAX);
        attempts.owe("u-2", &["u-2-2".into()]);
        for (id, _, _) in turn {
            attempts.settled(&id, core::Frameworks::Gone);
        }
        assert_eq!(attempts.left("u-1"), core::Frameworks::Gone);
        assert_eq!(attempts.left("u-2"), core::Frameworks::Unasked);
        assert_eq!(due(&attempts), ["u-2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_debt_is_paid_until_nothing_is_left_and_no_longer() {
        for (outcome, wait, is_due) in
            [(core::Frameworks::Gone, 600, false), (left(&["u-1"]), 1, false), (left(&["u-1"]), 2, true)]
        {
            let mut attempts = owing(&["u-1"]);
            assert_eq!(due(&attempts), ["u-1"]);
            attempts.settled("u-1", outcome.clone());
            tokio::time::advance(Duration::from_secs(wait)).await;
            assert_eq!(!due(&attempts).is_empty(), is_due, "{outcome:?} after {wait} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_debts_those_that_wait_longest_are_paid_first() {
        let mut attempts = owing(&["u-1"]);
        for id in ["u-2", "u-3"] {
            tokio::time::advance(Duration::from_secs(1)).await;
            attempts.look(id, subject());
            attempts.owe(id, &[]);
        }
        let ids = |attempts: &Attempts| attempts.due(2).into_iter().map(|(id, ..)| id).collect::<Vec<_>>();
        assert_eq!(ids(&attempts), ["u-1", "u-2"]);
        attempts.settled("u-1", left(&["u-1"]));
        assert!(!attempts.is_due("u-1") && attempts.is_due("u-3"));
        assert_eq!(ids(&attempts), ["u-2", "u-3"]);
    }

    #[test]
    fn who_owes_twice_owes_once_what_is_known_of_both() {
        let mut attempts = owing(&["u-1"]);
        attempts.owe("u-1", &["u-1-2".into()]);
        let ids: Vec<_> = attempts.due(usize::MAX).into_iter().flat_map(|(_, _, debt)| debt.ids).collect();
        assert_eq!(ids, ["u-1", "u-1-2"]);
    }

    #[test]
    fn a_mesos_that_cannot_be_asked_settles_nothing_and_takes_back_nothing_that_was_settled() {
        let mut attempts = owing(&["u-1", "u-2"]);
        attempts.settled("u-1", core::Frameworks::Gone);
        attempts.trouble(&(Reason::TearingDown, String::new()));
        assert_eq!(attempts.left("u-1"), core::Frameworks::Gone);
        assert_eq!(attempts.left("u-2"), left(&["u-2"]));
    }

    #[test]
    fn what_mesos_lists_goes_to_the_attempt_that_it_belongs_to() {
        let mut attempts = Attempts::default();
        for id in ["u-1", "u-10"] {
            attempts.look(id, subject());
        }
        let frameworks = |ids: &[&str]| -> Vec<_> {
            ids.iter().map(|id| json!({"framework_info": {"id": {"value": id}}})).collect()
        };
        let task = |framework: &str| {
            vec![
                json!({"task_id": {"value": "0"}, "framework_id": {"value": framework}, "agent_id": {"value": "a"}}),
            ]
        };
        let frameworks = json!({"frameworks": frameworks(&["u-1-2", "u-10", "v-1"]),
            "completed_frameworks": frameworks(&["u-1"])});
        let tasks = json!({"tasks": task("u-1"), "unreachable_tasks": task("u-1-2"), "completed_tasks": task("u-10"),
            "pending_tasks": task("v-1")});
        let read = (serde_json::from_value(frameworks).unwrap(), serde_json::from_value(tasks).unwrap());
        let seen = attempts.sort(read.0, read.1);
        let counts = |id: &str| {
            let (frameworks, tasks) = &seen[id];
            (
                (frameworks.frameworks.len(), frameworks.completed_frameworks.len()),
                (tasks.tasks.len(), tasks.unreachable_tasks.len(), tasks.completed_tasks.len()),
            )
        };
        assert_eq!(counts("u-1"), ((1, 1), (1, 1, 0)));
        assert_eq!(counts("u-10"), ((1, 0), (0, 0, 1)));
        assert_eq!(seen.len(), 2);
    }
}
