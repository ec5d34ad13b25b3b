//! PURE: what Mesos offers, how the program answers, and what that means for one of whose tasks none lives.
//!
//! It judges Spark's coarse-grained backend alone, whose rules it knows (Spark 3.5, `MesosCoarseGrainedSchedulerBackend.scala` and
//! `MesosSchedulerUtils.scala`).

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use bytes::Bytes;
use lcmap_mesos::{OfferState, PortRanges, Standstill, StandstillCause, wire};

use crate::{offer::Offer, task, wishes::Wishes};

/// So many failures on one agent, and Spark launches no more there, ever (`MAX_AGENT_FAILURES`).
const MOST_FAILURES: u32 = 2;

/// How long no task must have lived before anything is said of it: Spark declines for 5 s, and the allocator has its rounds.
const SETTLED: Duration = Duration::from_secs(8);

/// How long offers may be on their way: other frameworks hold some for a while.
const USUAL_OFFER: Duration = Duration::from_secs(30);

/// Between two causes. What is said becomes a label, and a master tells a label that changes to all its agents.
const BETWEEN_CAUSES: Duration = Duration::from_secs(15);

/// Between two sayings of the same in other figures.
const BETWEEN_FIGURES: Duration = Duration::from_secs(60);

/// Offers and answers, by agent.
#[derive(Debug)]
pub(crate) struct Ledger {
    agents: BTreeMap<Bytes, Agent>,
    /// The agents of offers without an answer, by the offer's id.
    open: HashMap<Bytes, Bytes>,
    /// The ids of tasks that live.
    live: HashSet<Bytes>,
    /// Since when none does.
    quiet_since: Instant,
    last_failure: Option<String>,
    said: (OfferState, Instant),
}

/// An agent that has made offers.
#[derive(Debug, Default)]
struct Agent {
    /// Its last offer.
    offer: Offer,
    /// The answer to it.
    answer: Option<Answer>,
    /// How many tasks failed on it.
    failures: u32,
}

/// How a program answers an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Launched,
    Declined,
    /// With a time of its own: so Spark declines what its constraints rule out.
    DeclinedForLong,
}

impl Ledger {
    /// Nothing yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            agents: BTreeMap::new(),
            open: HashMap::new(),
            live: HashSet::new(),
            quiet_since: now,
            last_failure: None,
            said: (OfferState::default(), now),
        }
    }

    /// Whether there may be something to say.
    pub(crate) fn has_to_say(&self) -> bool {
        self.is_idle() || self.said.0.standstill.is_some()
    }

    fn is_idle(&self) -> bool {
        self.live.is_empty()
    }

    /// The framework is registered: offers can come from now on.
    pub(crate) fn registered(&mut self, now: Instant) {
        if self.is_idle() {
            self.quiet_since = now;
        }
    }

    /// Offers have come.
    pub(crate) fn offered(&mut self, offers: &[Bytes]) {
        for offer in offers.iter().map(|offer| Offer::read(offer)) {
            self.open.insert(offer.id.clone(), offer.agent.clone());
            let agent = self.agents.entry(offer.agent.clone()).or_default();
            agent.offer = offer;
        }
    }

    /// An offer is taken back.
    pub(crate) fn rescinded(&mut self, offer: &Bytes) {
        self.open.remove(offer);
    }

    /// With the connection all offers are gone.
    pub(crate) fn disconnected(&mut self) {
        self.open.clear();
    }

    /// An agent is gone. Spark does not forget how many tasks failed there.
    pub(crate) fn agent_lost(&mut self, agent: &Bytes) {
        if let Some(lost) = self.agents.get_mut(agent) {
            lost.answer = None;
        }
        self.open.retain(|_, of| of != agent);
    }

    /// The program declines an offer.
    pub(crate) fn declined(&mut self, offer: &Bytes, filters: Option<&Bytes>) {
        let refuse_seconds = filters.and_then(|filters| wire::double(filters, 1));
        self.answered(
            offer,
            if refuse_seconds.is_some() { Answer::DeclinedForLong } else { Answer::Declined },
        );
    }

    /// The program uses offers. Without a task that is another way to decline them.
    pub(crate) fn launched(&mut self, offers: &[Bytes], tasks: &[Bytes]) {
        self.live.extend(tasks.iter().filter_map(|task| task::id(task)));
        let answer = if tasks.is_empty() { Answer::Declined } else { Answer::Launched };
        for offer in offers {
            self.answered(offer, answer);
        }
    }

    fn answered(&mut self, offer: &Bytes, answer: Answer) {
        let agent = self.open.remove(offer).and_then(|agent| self.agents.get_mut(&agent));
        if let Some(agent) = agent {
            agent.answer = Some(answer);
        }
    }

    /// A status update has come.
    pub(crate) fn updated(&mut self, status: &[u8], now: Instant) {
        let Some(end) = task::end(status) else { return };
        if self.live.remove(&end.task) && self.live.is_empty() {
            self.quiet_since = now;
        }
        if let Some(failure) = end.failure {
            self.last_failure = Some(failure);
            let agent = self.agents.entry(end.agent).or_default();
            agent.failures = agent.failures.saturating_add(1);
            // Only what is answered from now on tells what Spark makes of that.
            agent.answer = None;
        }
    }

    /// What there is to say now, if that is news. `clock` is in seconds since 1970.
    pub(crate) fn judge(&mut self, wishes: &Wishes, now: Instant, clock: i64) -> Option<OfferState> {
        let (said, at) = &self.said;
        let standstill = self.standstill(wishes, now);
        let wanted_none =
            |it: &Option<Standstill>| it.as_ref().is_some_and(|it| it.cause == StandstillCause::NoneWanted);
        let wanted_since = match (wanted_none(&said.standstill), wanted_none(&standstill)) {
            (_, true) => None,
            (true, false) => Some(clock),
            (false, false) => said.wanted_since,
        };
        let next = OfferState { standstill, wanted_since };
        let pause = match (&said.standstill, &next.standstill) {
            (Some(before), Some(now)) if before.cause == now.cause => BETWEEN_FIGURES,
            (Some(_), Some(_)) => BETWEEN_CAUSES,
            _ => Duration::ZERO,
        };
        if next == *said || now.duration_since(*at) < pause {
            return None;
        }
        self.said = (next.clone(), now);
        Some(next)
    }

    /// Why no task lives, if none does and that is known.
    fn standstill(&self, wishes: &Wishes, now: Instant) -> Option<Standstill> {
        let quiet = now.duration_since(self.quiet_since);
        if !self.is_idle() || quiet < SETTLED {
            return None;
        }
        let of = |cause, words| Some(Standstill { cause, words });
        if wishes.limit <= 0 {
            let words = "Spark wants no executor at the moment, as its dynamic allocation has it";
            return of(StandstillCause::NoneWanted, words.to_owned());
        }
        if let Some(words) = wishes.too_few_cores() {
            return of(StandstillCause::MostTooSmall, words);
        }
        let answered: Vec<&Agent> = self.agents.values().filter(|agent| agent.answer.is_some()).collect();
        if answered.is_empty() {
            let is_late = self.open.is_empty() && quiet >= USUAL_OFFER;
            let words = format!("Mesos has made the framework no offer within {} s", USUAL_OFFER.as_secs());
            return is_late.then_some(Standstill { cause: StandstillCause::NoOffers, words });
        }
        let mut by_cause: BTreeMap<StandstillCause, Vec<&Agent>> = BTreeMap::new();
        for agent in answered {
            by_cause.entry(agent.cause(wishes)?).or_default().push(agent);
        }
        let excluded = by_cause.remove(&StandstillCause::AgentsExcluded).unwrap_or_default();
        let others = by_cause.first_key_value();
        // An agent without the attributes never counts: what remains are those that failed.
        let hopeful =
            others.filter(|(cause, _)| **cause != StandstillCause::ConstraintsUnmet || excluded.is_empty());
        match hopeful {
            Some((cause, agents)) => of(*cause, words(*cause, agents, wishes) + &beside(excluded.len())),
            None => of(StandstillCause::AgentsExcluded, self.excluded(excluded.len())),
        }
    }

    fn excluded(&self, agents: usize) -> String {
        let on = if agents == 1 {
            "on the only agent that makes usable offers".to_owned()
        } else {
            format!("on each of the {agents} agents that make usable offers")
        };
        let last =
            self.last_failure.as_deref().map(|why| format!("; the last one by {why}")).unwrap_or_default();
        format!("{MOST_FAILURES} executors failed {on}, and Spark launches no more there{last}")
    }
}

impl Agent {
    /// Why the program launches nothing here, after its last answer; none while it does.
    fn cause(&self, wishes: &Wishes) -> Option<StandstillCause> {
        let is_small = !wishes.fit(&self.offer);
        match self.answer? {
            Answer::Launched => None,
            _ if self.failures >= MOST_FAILURES => Some(StandstillCause::AgentsExcluded),
            Answer::DeclinedForLong => Some(StandstillCause::ConstraintsUnmet),
            Answer::Declined if self.offer.ports.is_empty() && is_small => Some(StandstillCause::TooSmall),
            Answer::Declined if wishes.port.is_some_and(|port| !self.offer.ports.contains(port)) => {
                Some(StandstillCause::PortMissing)
            }
            Answer::Declined if is_small => Some(StandstillCause::TooSmall),
            Answer::Declined => Some(StandstillCause::Declined),
        }
    }
}

/// Why agents hold no executor.
fn words(cause: StandstillCause, agents: &[&Agent], wishes: &Wishes) -> String {
    let of_agents = match agents {
        [one] => format!("of the agent {}", one.offer.host),
        agents => format!("of {} agents", agents.len()),
    };
    match cause {
        StandstillCause::PortMissing => {
            let offered: PortRanges =
                agents.iter().flat_map(|agent| agent.offer.ports.iter().cloned()).collect();
            let port = wishes.port.unwrap_or_default();
            format!(
                "spark.blockManager.port is {port}, and the ports that agents offer are {offered}: set it to one of those, or \
                 leave it out"
            )
        }
        StandstillCause::TooSmall => {
            let nearest = agents
                .iter()
                .min_by(|one, other| wishes.short(&one.offer).total_cmp(&wishes.short(&other.offer)));
            let offer = nearest.map(|agent| &agent.offer);
            let nearest = offer
                .map(|it| format!("; the nearest, of {}, has {}", it.host, it.amount()))
                .unwrap_or_default();
            format!("an executor needs {wishes}, and the offers {of_agents} are smaller{nearest}")
        }
        StandstillCause::ConstraintsUnmet => {
            format!(
                "Spark declines the offers {of_agents}: they lack the attributes that spark.mesos.constraints asks for"
            )
        }
        _ => format!("Spark declines the offers {of_agents}, though each would hold an executor"),
    }
}

/// What is to be said beside it of agents where too many failed.
fn beside(excluded: usize) -> String {
    match excluded {
        0 => String::new(),
        1 => format!("; on 1 more agent {MOST_FAILURES} executors failed, and Spark launches no more there"),
        more => format!(
            "; on {more} more agents {MOST_FAILURES} executors failed each, and Spark launches no more there"
        ),
    }
}

#[cfg(test)]
mod tests;
