//! One history: turns in which anything may happen, and then peace, in which everything must come to its end.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_crd::spec::RestartPolicy;

use crate::cluster::Cluster;
use crate::mesos::{Framework, Reach};
use crate::operator::Operator;
use crate::tape::{Choices, Tape};
use crate::{mishaps, nodes, people};

/// How many rounds peace may take to come.
const PEACE: u32 = 400;

/// How long is waited, in peace, to see that nothing more happens.
const LONG: Duration = Duration::from_secs(6 * 3600);

/// How long it is calm at a time.
const CALM: Duration = Duration::from_secs(240);

/// The least time that passes in peace.
const SECOND: Duration = Duration::from_secs(1);

/// How long nothing happens at a time, in seconds: mostly a moment, rarely more than frameworks are waited for.
const TIMES: [(u16, u64); 7] = [(12, 1), (6, 5), (6, 15), (6, 60), (6, 130), (6, 400), (1, 90_000)];

/// A history that was lived.
pub(crate) struct History {
    /// The law that it broke, and how.
    pub(crate) broken: Option<String>,
    /// Its choices.
    pub(crate) choices: Choices,
    /// What happened, if it was to be told.
    pub(crate) story: Vec<String>,
}

struct World {
    cluster: Cluster,
    operators: [Operator; 2],
    leader: usize,
    story: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    Time,
    Work,
    News,
    Nodes,
    Mesos,
    Calm,
    People,
    Fault,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Crash,
    OtherLeads,
    Node,
    Quota,
    WatchBreaks,
    OldNews,
}

impl History {
    /// Lives a history.
    pub(crate) fn of(tape: Tape) -> Self {
        Self::live(tape, None)
    }

    /// Lives a history and tells it.
    pub(crate) fn told(tape: Tape) -> Self {
        Self::live(tape, Some(Vec::new()))
    }

    fn live(mut tape: Tape, story: Option<Vec<String>>) -> Self {
        let cluster = Cluster::new();
        let operators = [Operator::new(cluster.now), Operator::new(cluster.now)];
        let mut world = World { cluster, operators, leader: 0, story };
        world.people(&mut tape);
        while world.cluster.laws.broken.is_none() && tape.turn() {
            world.turn(&mut tape);
        }
        if world.cluster.laws.broken.is_none() {
            world.make_peace();
        }
        let World { cluster, story, .. } = world;
        Self { broken: cluster.laws.broken, choices: tape.into_choices(), story: story.unwrap_or_default() }
    }
}

impl World {
    fn tell(&mut self, what: impl FnOnce() -> String) {
        let at = self.cluster.now.as_second() - 1_750_000_000;
        if let Some(story) = &mut self.story {
            story.push(format!("{at:>6}s {}", what()));
        }
    }

    fn turn(&mut self, tape: &mut Tape) {
        let turn = tape.weighted(&[
            (12, Turn::Time),
            (34, Turn::Work),
            (22, Turn::News),
            (22, Turn::Nodes),
            (16, Turn::Mesos),
            (2, Turn::Calm),
            (7, Turn::People),
            (5, Turn::Fault),
        ]);
        match turn {
            Turn::Time => {
                let seconds = tape.weighted(&TIMES);
                self.cluster.wait(Duration::from_secs(seconds));
                self.tell(|| format!("{seconds} seconds have passed"));
            }
            Turn::Work => {
                let which = if tape.once_in(5) { 1 - self.leader } else { self.leader };
                let asks = tape.once_in(3);
                for _ in 0..=tape.one_of(&[0, 1, 2, 4, 30]) {
                    let worked = if asks { self.ask_mesos(which) } else { self.work(which, tape) };
                    if !worked {
                        break;
                    }
                }
            }
            Turn::News => {
                let which = usize::from(tape.below(2));
                let which = if which == 0 { self.leader } else { 1 - self.leader };
                let count = tape.one_of(&[30, 1, 2, 4]);
                let (jobs, pods) = tape.one_of(&[(true, true), (true, false), (false, true)]);
                self.news(which, if jobs { count } else { 0 }, if pods { count } else { 0 });
            }
            Turn::Nodes => {
                let what = if tape.once_in(6) {
                    self.cluster.collect_garbage();
                    Some("garbage is collected".into())
                } else {
                    nodes::act(&mut self.cluster, tape)
                };
                self.tell(|| what.unwrap_or_else(|| "nothing happens".into()));
            }
            Turn::Mesos => {
                let what = mishaps::act(&mut self.cluster, tape);
                self.tell(|| what);
            }
            Turn::Calm => self.calm(tape),
            Turn::People => self.people(tape),
            Turn::Fault => self.fault(tape),
        }
    }

    fn people(&mut self, tape: &mut Tape) {
        let what = people::act(&mut self.cluster, tape);
        self.tell(|| what.unwrap_or_else(|| "nothing happens".into()));
    }

    fn work(&mut self, which: usize, tape: &mut Tape) -> bool {
        let leads = which == self.leader;
        let Some(what) = self.operators[which].step(&mut self.cluster, leads, tape) else { return false };
        self.tell(|| format!("operator {which} {what}"));
        self.cluster.laws.broken.is_none()
    }

    fn ask_mesos(&mut self, which: usize) -> bool {
        if which != self.leader {
            return false;
        }
        let Some(what) = self.operators[which].poll(&mut self.cluster) else { return false };
        self.tell(|| format!("operator {which} {what}"));
        self.cluster.laws.broken.is_none()
    }

    /// The leader hears everything, and does all that it has to do now.
    fn catch_up(&mut self, tape: &mut Tape) -> bool {
        let mut moved = self.news(self.leader, usize::MAX >> 1, usize::MAX >> 1);
        while self.work(self.leader, tape) || self.ask_mesos(self.leader) {
            moved = true;
        }
        moved
    }

    /// For a while nothing happens but what the leader does, in time, and that executors come and go.
    fn calm(&mut self, tape: &mut Tape) {
        self.tell(|| "all is calm".into());
        let end = self.cluster.now.saturating_add(CALM).unwrap_or(self.cluster.now);
        self.cluster.look_for_leftovers(true);
        while self.cluster.now < end && self.cluster.laws.broken.is_none() {
            self.catch_up(tape);
            if tape.once_in(4)
                && let Some(what) = mishaps::executors_come_or_go(&mut self.cluster, tape)
            {
                self.tell(|| what);
            }
            let operator = &self.operators[self.leader];
            let next = operator.due.into_iter().chain([operator.observer.next, end]).min().unwrap_or(end);
            self.cluster.now = next.max(self.cluster.now.saturating_add(SECOND).unwrap_or(end));
            self.cluster.look_for_leftovers(false);
        }
    }

    fn news(&mut self, which: usize, jobs: usize, pods: usize) -> bool {
        let operator = &mut self.operators[which];
        let of_jobs = operator.cache.hear_of_job(&self.cluster, jobs);
        let of_pods = operator.cache.hear_of_pods(&self.cluster, pods);
        if of_jobs || of_pods {
            operator.wake();
            let heard = |count: usize| if count > 30 { "all".to_owned() } else { count.to_string() };
            let (jobs, pods) = (heard(jobs), heard(pods));
            self.tell(|| format!("operator {which} hears the next news: {jobs} of the job, {pods} of pods"));
        }
        of_jobs || of_pods
    }

    fn fault(&mut self, tape: &mut Tape) {
        let fault = tape.weighted(&[
            (3, Fault::Crash),
            (3, Fault::OtherLeads),
            (2, Fault::Node),
            (2, Fault::Quota),
            (1, Fault::WatchBreaks),
            (1, Fault::OldNews),
        ]);
        let drawn = usize::from(tape.below(2));
        match fault {
            Fault::Crash => {
                let which = if tape.once_in(3) { 1 - self.leader } else { self.leader };
                self.operators[which].crash(&mut self.cluster, drawn == 1);
            }
            Fault::OtherLeads => self.take_over(1 - self.leader),
            Fault::Node => {
                self.cluster.nodes[drawn] = !self.cluster.nodes[drawn];
                // Otherwise it is cut off, and what is on it runs on.
                if !self.cluster.nodes[drawn] && tape.once_in(2) {
                    self.cluster.mesos.node_dies(&format!("node-{drawn}"));
                }
            }
            Fault::Quota => self.cluster.is_full = !self.cluster.is_full,
            Fault::WatchBreaks => {
                self.operators[drawn].cache.list(&self.cluster);
                self.operators[drawn].wake();
            }
            Fault::OldNews => {
                self.operators[drawn].cache.hear_again(&self.cluster, 5);
                self.operators[drawn].wake();
            }
        }
        self.tell(|| format!("{fault:?} ({drawn})"));
    }

    /// A new leader lists everything anew before it acts: what its watches have seen so far may be older than what
    /// the leader before did.
    fn take_over(&mut self, which: usize) {
        self.operators[self.leader].lose_the_lead();
        self.leader = which;
        self.operators[which].cache.list(&self.cluster);
        self.operators[which].wake();
    }

    /// No more faults; people let be; whatever is on its way arrives; every pod goes its plainest way.
    fn make_peace(&mut self) {
        let plain = &mut Tape::played(vec![]);
        self.cluster.is_full = false;
        self.cluster.nodes = [true; 2];
        if self.cluster.mesos.reach == Reach::Silent {
            self.cluster.mesos.reach = Reach::Answers;
        }
        self.cluster.edit_job(|job| {
            if job.spec.restart.policy == RestartPolicy::Always {
                job.spec.restart.policy = RestartPolicy::Never;
            }
        });
        self.tell(|| "peace".into());
        let second = 1 - self.leader;
        while self.work(second, plain) {}
        if !self.settle(plain) {
            return self.cluster.laws.break_one("peace comes", "it did not");
        }
        let mut laws = std::mem::take(&mut self.cluster.laws);
        laws.at_rest(&self.cluster);
        laws.at_rest_on_mesos(&self.cluster);
        self.cluster.laws = laws;
        if self.cluster.job.as_ref().is_some_and(|job| job.spec.ttl_after_finished.is_some()) {
            return;
        }
        let before = self.cluster.laws.written;
        self.cluster.wait(LONG);
        self.operators[self.leader].wake();
        self.settle(plain);
        let after = self.cluster.laws.written;
        if after > before {
            self.cluster.laws.break_one("a finished job is left alone", "its status was written");
        }
    }

    /// Lets everything go on until nothing does, or until `ttlAfterFinished` alone is waited for.
    fn settle(&mut self, plain: &mut Tape) -> bool {
        self.cluster.look_for_leftovers(true);
        for _ in 0..PEACE {
            self.cluster.collect_garbage();
            let moved = self.catch_up(plain);
            if self.cluster.laws.broken.is_some() {
                return true;
            }
            let settled = nodes::settle(&mut self.cluster);
            if mishaps::settle(&mut self.cluster) || settled || moved {
                continue;
            }
            let Some(next) = self.next() else { return true };
            self.cluster.now = next;
            // Of a Mesos that does not answer, the time has just leapt to the end of all patience.
            self.cluster.look_for_leftovers(!self.cluster.mesos.answers());
            self.tell(|| "time passes".into());
        }
        false
    }

    /// The next moment at which something is due, if anything is. A Mesos that will never answer is asked for nothing, once
    /// it was seen not to.
    fn next(&self) -> Option<Timestamp> {
        let operator = &self.operators[self.leader];
        let lives = self.cluster.mesos.frameworks.values().any(Framework::lives);
        let is_asked = self.cluster.mesos.answers() && (lives || operator.observer.is_busy());
        let of_mesos = (is_asked || operator.observer.has_unasked()).then_some(operator.observer.next);
        let now = self.cluster.now;
        operator.due.into_iter().chain(of_mesos).filter(|due| *due > now).min()
    }
}
