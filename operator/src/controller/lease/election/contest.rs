//! Several candidates, an API server and a network that loses, delays and repeats nothing but loses a lot, in a time
//! that is true. Each candidate has a clock of its own that runs at its own rate and began at its own zero.

use proptest::prelude::*;

use super::*;

const DURATION: Duration = Duration::from_secs(15);
/// One step of true time, in milliseconds.
const STEP: u64 = 100;
/// For how many steps things go wrong, and how many of quiet follow: time for a lease to expire by the slowest clock.
const STORM: usize = 1200;
const CALM: usize = 600;

/// The Lease as the API server stores it, with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    version: u64,
    record: LeaseRecord,
}

/// A claim on its way: who sent it, when by his clock, from which version, and when it arrives.
#[derive(Debug)]
struct Letter {
    from: usize,
    sent: Moment,
    version: Option<u64>,
    arrives: usize,
    answered: bool,
}

/// What happens to one candidate at one step.
#[derive(Debug, Clone, Copy)]
struct Weather {
    /// It does not run.
    paused: bool,
    /// The watch tells it nothing.
    deaf: bool,
    /// The answer to what it sends is lost.
    unanswered: bool,
    /// What it sends takes as many steps.
    delay: usize,
}

struct Candidate {
    election: Election,
    zero: u64,
    /// Thousandths: 1000 is true.
    rate: u64,
    seen: Option<Stored>,
    /// Waits for an answer until then.
    waits_until: usize,
}

impl Candidate {
    fn now(&self, step: usize) -> Moment {
        let milliseconds = self.zero + step as u64 * STEP * self.rate / 1000;
        Moment::at(Duration::from_millis(milliseconds))
    }

    fn leads(&self, step: usize) -> bool {
        self.election.leads_until().is_some_and(|until| self.now(step) < until)
    }
}

struct Contest {
    candidates: Vec<Candidate>,
    stored: Option<Stored>,
    version: u64,
    letters: Vec<Letter>,
}

impl Contest {
    fn new(clocks: &[(u64, u64)]) -> Self {
        let candidate = |(index, &(zero, rate)): (usize, &(u64, u64))| Candidate {
            election: Election::new(name(index), Terms(DURATION), Duration::from_millis(index as u64 * 300)),
            zero,
            rate,
            seen: None,
            waits_until: 0,
        };
        let candidates = clocks.iter().enumerate().map(candidate).collect();
        Self { candidates, stored: None, version: 0, letters: Vec::new() }
    }

    /// Everybody has looked once, as a candidate does that starts before anybody leads.
    fn all_look(&mut self) {
        for candidate in &mut self.candidates {
            let now = candidate.now(0);
            candidate.election.see(now, None);
        }
    }

    fn step(&mut self, step: usize, weather: &[Weather]) {
        self.deliver(step);
        for (index, weather) in weather.iter().enumerate().take(self.candidates.len()) {
            if !weather.paused {
                self.act(index, step, *weather);
            }
        }
    }

    fn act(&mut self, index: usize, step: usize, weather: Weather) {
        let candidate = &mut self.candidates[index];
        let now = candidate.now(step);
        if !weather.deaf && candidate.seen != self.stored {
            candidate.seen.clone_from(&self.stored);
            candidate.election.see(now, self.stored.as_ref().map(|stored| stored.record.clone()));
        }
        if step >= candidate.waits_until && candidate.election.next(now) == Step::Claim {
            candidate.waits_until = step + weather.delay.min(30);
            self.letters.push(Letter {
                from: index,
                sent: now,
                version: candidate.seen.as_ref().map(|seen| seen.version),
                arrives: step + weather.delay,
                answered: !weather.unanswered && weather.delay < 30,
            });
        }
    }

    /// What arrives now is stored, if it was made from what is stored. Letters may overtake each other.
    fn deliver(&mut self, step: usize) {
        let (arrived, on_the_way): (Vec<_>, _) =
            self.letters.drain(..).partition(|letter| letter.arrives <= step);
        self.letters = on_the_way;
        for letter in arrived {
            let taken = letter.version == self.stored.as_ref().map(|stored| stored.version);
            if taken {
                self.version += 1;
                let record = LeaseRecord {
                    holder: Some(name(letter.from)),
                    duration: Some(DURATION),
                    renewed: Timestamp::from_millisecond(self.version.cast_signed()).ok(),
                    transitions: 0,
                };
                self.stored = Some(Stored { version: self.version, record });
            }
            if letter.answered {
                self.answer(&letter, taken, step);
            }
        }
    }

    fn answer(&mut self, letter: &Letter, taken: bool, step: usize) {
        let candidate = &mut self.candidates[letter.from];
        let now = candidate.now(step);
        let Some(stored) = self.stored.clone() else { return };
        if taken {
            candidate.election.claimed(letter.sent, now, stored.record.clone());
        } else {
            candidate.election.see(now, Some(stored.record.clone()));
        }
        candidate.seen = Some(stored);
    }

    fn write(&mut self, record: Option<LeaseRecord>) {
        self.version += 1;
        let version = self.version;
        self.stored = record.map(|record| Stored { version, record });
    }

    fn leaders(&self, step: usize) -> Vec<usize> {
        (0..self.candidates.len()).filter(|index| self.candidates[*index].leads(step)).collect()
    }
}

fn name(index: usize) -> String {
    format!("replica-{index}")
}

const QUIET: Weather = Weather { paused: false, deaf: false, unanswered: false, delay: 0 };

/// Rates up to an eighth wrong either way: real ones are off by a thousandth at worst.
fn clocks() -> impl Strategy<Value = Vec<(u64, u64)>> {
    proptest::collection::vec((0..10_000_000u64, 875..1125u64), 2..=3)
}

/// Bad weather of one kind lasts for a while.
fn spell() -> impl Strategy<Value = (usize, Weather)> {
    let weather = prop_oneof![
        3 => Just(QUIET),
        1 => Just(Weather { paused: true, ..QUIET }),
        1 => (any::<bool>(), any::<bool>(), 0..60usize).prop_map(|(deaf, unanswered, delay)| Weather {
            paused: false,
            deaf,
            unanswered,
            delay,
        }),
    ];
    (1..250usize, weather)
}

/// The weather of one candidate, step by step.
fn climate() -> impl Strategy<Value = Vec<Weather>> {
    proptest::collection::vec(spell(), 1..20).prop_map(|spells| {
        let steps = spells.into_iter().flat_map(|(steps, weather)| std::iter::repeat_n(weather, steps));
        steps.chain(std::iter::repeat(QUIET)).take(STORM).collect()
    })
}

proptest! {
    #[test]
    fn there_are_never_two_leaders_and_after_the_storm_there_is_one(
        clocks in clocks(),
        climates in proptest::collection::vec(climate(), 3),
        deleted_at in proptest::option::of(0..STORM),
    ) {
        let mut contest = Contest::new(&clocks);
        contest.all_look();
        for step in 0..STORM {
            if deleted_at == Some(step) && contest.candidates.iter().all(|candidate| candidate.seen.is_some()) {
                contest.write(None);
            }
            let weather: Vec<_> = climates.iter().map(|climate| climate[step]).collect();
            contest.step(step, &weather);
            prop_assert!(contest.leaders(step).len() <= 1, "{:?} lead at step {step}", contest.leaders(step));
        }
        for step in STORM..STORM + CALM {
            contest.step(step, &[QUIET; 3]);
            prop_assert!(contest.leaders(step).len() <= 1, "{:?} lead at step {step}", contest.leaders(step));
        }
        prop_assert_eq!(contest.leaders(STORM + CALM - 1).len(), 1);
    }

    #[test]
    fn a_leader_in_quiet_weather_leads_without_a_gap(clocks in clocks()) {
        let mut contest = Contest::new(&clocks);
        contest.all_look();
        for step in 0..STORM {
            contest.step(step, &[QUIET; 3]);
            prop_assert!(step < 2 || contest.leaders(step) == contest.leaders(2));
        }
        prop_assert_eq!(contest.leaders(2).len(), 1);
    }

    #[test]
    fn a_release_is_followed_by_a_successor_at_once(clocks in clocks(), steps in 20..200usize) {
        let mut contest = Contest::new(&clocks);
        contest.all_look();
        for step in 0..steps {
            contest.step(step, &[QUIET; 3]);
        }
        let leader = contest.leaders(steps - 1)[0];
        let record = contest.stored.clone().map(|stored| LeaseRecord { holder: None, ..stored.record });
        contest.write(record);
        let mut gone = [QUIET; 3];
        gone[leader].paused = true;
        // The one that has stopped says so itself before it releases.
        contest.candidates[leader].election.claimed_at = None;
        for step in steps..steps + 3 {
            contest.step(step, &gone);
        }
        let leaders = contest.leaders(steps + 2);
        prop_assert!(leaders.len() == 1 && leaders[0] != leader);
    }
}
