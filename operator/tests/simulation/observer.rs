//! One operator's observer of Mesos: it looks and tears down in turns of its own. Each request of a turn may come late.
//!
//! It walks as the real one does (`controller/mesos/observer.rs`, `attempts.rs`, `settle.rs`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark::core::{Frameworks, OnMesos};
use lcmap_spark_crd::names::framework_id;
use lcmap_spark_crd::status::Executors;
use lcmap_spark_crd::{Phase, Reason, SparkJob};

use crate::cluster::Cluster;
use crate::mesos::{Framework, Released, State};

/// As in `controller/mesos/observer.rs` and `attempts.rs`.
const EXPECTING: Duration = Duration::from_secs(2);
pub(crate) const STEADY: Duration = Duration::from_secs(10);
pub(crate) const SWEEP: Duration = Duration::from_secs(30);
pub(crate) const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// How long a framework that cannot be seen gone keeps its job.
pub(crate) const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The observer of one operator.
pub(crate) struct Observer {
    /// When it asks next.
    pub(crate) next: Timestamp,
    attempts: BTreeMap<String, Attempt>,
    suspects: BTreeSet<String>,
    swept: Option<Timestamp>,
    stage: Stage,
}

#[derive(Default)]
struct Attempt {
    told: OnMesos,
    /// When that was so.
    looked: Option<Timestamp>,
    debt: Option<Debt>,
}

#[derive(Clone)]
struct Debt {
    ids: BTreeSet<String>,
    outcome: Frameworks,
    due: Timestamp,
    tries: u32,
}

enum Stage {
    Idle,
    Begun(Begun),
    Listed(Listing, Begun),
    Paying(Paying),
}

/// What was owed when a turn began: only that is settled by what is listed then.
struct Begun {
    debts: VecDeque<(String, Debt)>,
    is_deaf: bool,
    is_sweep: bool,
}

/// What the master answered: all that it knows, as it was then.
struct Listing {
    at: Timestamp,
    frameworks: BTreeMap<String, Framework>,
    orphans: Vec<String>,
}

struct Paying {
    listing: Listing,
    is_deaf: bool,
    debts: VecDeque<(String, Debt)>,
}

/// What a step came to.
pub(crate) struct Step {
    pub(crate) told: String,
    /// Whether the job is to be looked at.
    pub(crate) is_news: bool,
}

impl Observer {
    /// Of an operator that has just been started.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            next: now,
            attempts: BTreeMap::new(),
            suspects: BTreeSet::new(),
            swept: None,
            stage: Stage::Idle,
        }
    }

    /// What an attempt has on Mesos, and what is left of it. From now on it is looked at.
    pub(crate) fn look(&mut self, id: &str, now: Timestamp) -> (OnMesos, Frameworks) {
        if !self.attempts.contains_key(id) {
            self.next = now;
        }
        let attempt = self.attempts.entry(id.to_owned()).or_default();
        let left = attempt.debt.as_ref().map_or(Frameworks::Unasked, |debt| debt.outcome.clone());
        let (master, looked) = (Some("mesos://m:5050".into()), attempt.looked);
        (OnMesos { master, looked, ..attempt.told.clone() }, left)
    }

    /// When an attempt was last looked at, unless Mesos could not be asked since.
    pub(crate) fn looked(&self, id: &str) -> Option<Timestamp> {
        let attempt = self.attempts.get(id).filter(|attempt| attempt.told.trouble.is_none())?;
        attempt.looked
    }

    /// Lets the frameworks of an attempt go. Asking twice asks once.
    pub(crate) fn owe(&mut self, id: &str, known: &[String], now: Timestamp) {
        let attempt = self.attempts.entry(id.to_owned()).or_default();
        if attempt.debt.is_none() {
            self.next = now;
        }
        let new = || Debt { ids: BTreeSet::new(), outcome: Frameworks::Unasked, due: now, tries: 0 };
        let debt = attempt.debt.get_or_insert_with(new);
        debt.ids.extend(known.iter().cloned());
        debt.ids.insert(id.to_owned());
    }

    /// Whether something is owed, or a turn has begun.
    pub(crate) fn is_busy(&self) -> bool {
        let owes = |it: &Attempt| it.debt.as_ref().is_some_and(|debt| debt.outcome != Frameworks::Gone);
        !matches!(self.stage, Stage::Idle) || self.attempts.values().any(owes)
    }

    /// Whether something is owed that Mesos was not asked for yet.
    pub(crate) fn has_unasked(&self) -> bool {
        let mut outcomes = self.attempts.values().filter_map(|it| it.debt.as_ref()).map(|debt| &debt.outcome);
        outcomes.any(|outcome| *outcome == Frameworks::Unasked)
    }

    /// Does the next thing of a turn, if it is time. `job` is what the operator knows of it.
    pub(crate) fn step(&mut self, cluster: &mut Cluster, job: Option<&SparkJob>) -> Option<Step> {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle if cluster.now < self.next => None,
            Stage::Idle => self.begin(cluster, job),
            _ if !cluster.mesos.answers() => Some(self.trouble(cluster.now)),
            Stage::Begun(begun) => Some(self.list(cluster, job, begun)),
            Stage::Listed(listing, begun) => Some(self.take(cluster, listing, begun)),
            Stage::Paying(paying) => Some(self.pay(cluster, paying)),
        }
    }

    fn begin(&mut self, cluster: &mut Cluster, job: Option<&SparkJob>) -> Option<Step> {
        self.attempts.retain(|id, _| job.is_some_and(|job| is_current(job, id)));
        let is_sweep = self.is_time_to_sweep(cluster.now);
        if self.attempts.is_empty() && !is_sweep {
            self.rest(cluster.now);
            return None;
        }
        if !cluster.mesos.answers() {
            return Some(self.trouble(cluster.now));
        }
        let now = cluster.now;
        let due = self.attempts.iter().filter_map(|(id, attempt)| {
            let debt = attempt.debt.clone()?;
            (debt.outcome != Frameworks::Gone && debt.due <= now).then(|| (id.clone(), debt))
        });
        let begun = Begun { debts: due.collect(), is_deaf: cluster.mesos.is_deaf, is_sweep };
        self.stage = Stage::Begun(begun);
        Some(Step { told: "begins to ask Mesos".into(), is_news: false })
    }

    fn list(&mut self, cluster: &Cluster, job: Option<&SparkJob>, begun: Begun) -> Step {
        let frameworks = cluster.mesos.frameworks.clone();
        let orphans = if begun.is_sweep { self.sweep(cluster, job) } else { Vec::new() };
        self.stage = Stage::Listed(Listing { at: cluster.now, frameworks, orphans }, begun);
        Step { told: "lists frameworks".into(), is_news: false }
    }

    /// Frameworks whose job or attempt is gone, for the second time in a row.
    fn sweep(&mut self, cluster: &Cluster, known: Option<&SparkJob>) -> Vec<String> {
        self.swept = Some(cluster.now);
        let listed = cluster.mesos.frameworks.iter().filter(|(_, it)| it.is_listed());
        let orphans = listed.filter(|(_, framework)| {
            let is_its = |job: &&SparkJob| job.metadata.uid.as_deref() == Some(&framework.job);
            match known.filter(is_its) {
                Some(job) => is_over(job, framework.attempt, &[Phase::Suspended]),
                None => cluster.job.as_deref().is_none_or(|job| !is_its(&job)),
            }
        });
        let suspects: BTreeSet<String> = orphans.map(|(id, _)| id.clone()).collect();
        let before = std::mem::replace(&mut self.suspects, suspects);
        self.suspects.intersection(&before).cloned().collect()
    }

    fn take(&mut self, cluster: &Cluster, listing: Listing, begun: Begun) -> Step {
        let mut is_news = false;
        for (id, attempt) in &mut self.attempts {
            let seen = seen(&listing.frameworks, id, &attempt.told);
            is_news |= seen != attempt.told;
            (attempt.told, attempt.looked) = (seen, Some(listing.at));
        }
        if begun.debts.is_empty() && listing.orphans.is_empty() {
            self.rest(cluster.now);
        } else {
            let is_deaf = begun.is_deaf || cluster.mesos.is_deaf;
            self.stage = Stage::Paying(Paying { listing, is_deaf, debts: begun.debts });
        }
        Step { told: "takes in what Mesos listed".into(), is_news }
    }

    fn pay(&mut self, cluster: &mut Cluster, mut paying: Paying) -> Step {
        let Some((id, debt)) = paying.debts.pop_front() else {
            let orphans = paying.listing.orphans;
            for orphan in &orphans {
                cluster.tear_down(orphan);
            }
            self.rest(cluster.now);
            return Step { told: format!("sweeps {orphans:?}"), is_news: false };
        };
        let outcome = settle(cluster, &id, &debt, &paying);
        let told = format!("settles {id}: {outcome:?}");
        let mut is_news = false;
        if let Some(debt) = self.attempts.get_mut(&id).and_then(|attempt| attempt.debt.as_mut()) {
            let wait = RETRY.0.saturating_mul(1 << debt.tries.min(10)).min(RETRY.1);
            debt.due = cluster.now.saturating_add(wait).unwrap_or(cluster.now);
            debt.tries += 1;
            is_news = debt.outcome != outcome;
            debt.outcome = outcome;
        }
        if paying.debts.is_empty() && paying.listing.orphans.is_empty() {
            self.rest(cluster.now);
        } else {
            self.stage = Stage::Paying(paying);
        }
        Step { told, is_news }
    }

    /// Takes in that Mesos cannot be asked. What was seen before stays.
    fn trouble(&mut self, now: Timestamp) -> Step {
        let (reason, message) = (Reason::MesosUnreachable, "it does not answer".to_owned());
        let mut is_news = false;
        for attempt in self.attempts.values_mut() {
            is_news |= attempt.told.trouble.is_none();
            attempt.told.trouble = Some((reason, message.clone()));
            if let Some(debt) = attempt.debt.as_mut().filter(|debt| debt.outcome != Frameworks::Gone) {
                let ids = debt.ids.iter().cloned().collect();
                let left = Frameworks::Left { ids, reason, message: message.clone() };
                is_news |= debt.outcome != left;
                debt.outcome = left;
            }
        }
        self.rest(now);
        Step { told: "cannot ask Mesos".into(), is_news }
    }

    fn is_time_to_sweep(&self, now: Timestamp) -> bool {
        self.swept.is_none_or(|swept| now.duration_since(swept).unsigned_abs() >= SWEEP)
    }

    fn rest(&mut self, now: Timestamp) {
        let expects = |it: &Attempt| match &it.debt {
            Some(debt) => debt.outcome != Frameworks::Gone,
            None => it.told.executors.running == 0,
        };
        let pause = match (self.attempts.is_empty(), self.attempts.values().any(expects)) {
            (true, _) => SWEEP,
            (false, true) => EXPECTING,
            (false, false) => STEADY,
        };
        self.next = now.saturating_add(pause).unwrap_or(now);
    }
}

/// Tears down what lives of an attempt, and asks for what is not listed.
fn settle(cluster: &mut Cluster, first: &str, debt: &Debt, paying: &Paying) -> Frameworks {
    let listed = &paying.listing.frameworks;
    let mut ids = debt.ids.clone();
    ids.extend(of(listed, first).filter(|(_, it)| it.is_listed()).map(|(id, _)| id.clone()));
    let (mut left, mut why) = (Vec::new(), None);
    for id in ids {
        if listed.get(&id).is_some_and(|it| it.state == State::UsedUp) {
            continue;
        }
        match cluster.tear_down(&id) {
            Released::TornDown => continue,
            Released::NotThere if !paying.is_deaf => continue,
            Released::NotThere => why = Some((Reason::TearingDown, "agents have not reported")),
            Released::Unanswered => why = Some((Reason::MesosUnreachable, "it does not answer")),
        }
        left.push(id);
    }
    if why.is_none() && paying.is_deaf {
        why = Some((Reason::TearingDown, "agents have not reported"));
        left.extend(debt.ids.iter().cloned());
    }
    match why {
        None => Frameworks::Gone,
        Some((reason, message)) => Frameworks::Left { ids: left, reason, message: message.into() },
    }
}

/// The frameworks of an attempt.
fn of<'a>(
    all: &'a BTreeMap<String, Framework>,
    first: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Framework)> {
    all.iter().filter(move |(_, it)| framework_id(&it.job, it.attempt) == first)
}

fn seen(listed: &BTreeMap<String, Framework>, first: &str, before: &OnMesos) -> OnMesos {
    let living: Vec<_> = of(listed, first).filter(|(_, it)| it.is_listed()).collect();
    let known: Vec<_> =
        of(listed, first).filter(|(_, it)| it.is_listed() || it.state == State::UsedUp).collect();
    let running = living.iter().map(|(_, it)| it.executors).sum();
    let failed = known.iter().map(|(_, it)| it.failed).sum();
    let registered = known.iter().map(|(_, it)| it.registered).min().or(before.registered);
    OnMesos {
        frameworks: living.iter().map(|(id, _)| (*id).clone()).collect(),
        registered,
        executors: Executors { running, failed, lost: 0 },
        has_run: before.has_run || running + failed > 0,
        cores: i64::from(running),
        wait: registered.filter(|_| running == 0).map(|_| wait(failed)),
        ..OnMesos::default()
    }
}

/// Why no executor runs.
fn wait(failed: i32) -> (Reason, String) {
    if failed > 0 {
        (Reason::ExecutorsFailing, format!("{failed} executors have failed"))
    } else {
        (Reason::NoOffers, "Mesos has no agent at the moment".into())
    }
}

fn is_current(job: &SparkJob, id: &str) -> bool {
    let attempt = job.status.as_ref().and_then(|status| status.attempt).unwrap_or(1);
    !is_over(job, attempt, &[])
        && framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt) == id
}

/// Whether an attempt is over, where a job also rests in these phases.
fn is_over(job: &SparkJob, attempt: i32, rests: &[Phase]) -> bool {
    let status = job.status.as_ref();
    let current = status.and_then(|status| status.attempt).unwrap_or(1);
    let phase = status.and_then(|status| status.phase).unwrap_or_default();
    attempt < current || attempt == current && (phase.is_final() || rests.contains(&phase))
}
