use std::ops::RangeInclusive;

use super::*;

const WISHES: Wishes =
    Wishes { limit: i32::MAX, cores: Some(2), memory_mib: Some(1408), port: None, most_cores: Some(8) };

fn id(id: &str) -> Bytes {
    let mut message = vec![];
    wire::put_bytes(&mut message, 1, id.as_bytes());
    message.into()
}

/// An offer of an agent; its id is the agent's.
fn offer(agent: &str, cores: f64, memory: f64, ports: RangeInclusive<u64>) -> Bytes {
    let resource = |name: &str, field: u32, value: &[u8]| {
        let mut resource = vec![];
        wire::put_bytes(&mut resource, 1, name.as_bytes());
        wire::put_bytes(&mut resource, field, value);
        resource
    };
    let scalar = |name: &str, value| {
        let mut scalar = vec![];
        wire::put_double(&mut scalar, 1, value);
        resource(name, 3, &scalar)
    };
    let (mut range, mut ranges) = (vec![], vec![]);
    wire::put_number(&mut range, 1, *ports.start());
    wire::put_number(&mut range, 2, *ports.end());
    wire::put_bytes(&mut ranges, 1, &range);
    let mut offer = vec![];
    wire::put_bytes(&mut offer, 1, &id(agent));
    wire::put_bytes(&mut offer, 3, &id(agent));
    wire::put_bytes(&mut offer, 4, agent.as_bytes());
    for resource in [scalar("cpus", cores), scalar("mem", memory), resource("ports", 4, &ranges)] {
        wire::put_bytes(&mut offer, 5, &resource);
    }
    offer.into()
}

fn large(agent: &str) -> Bytes {
    offer(agent, 4.0, 4096.0, 31000..=31999)
}

fn launch(task: &str) -> Bytes {
    let mut info = vec![];
    wire::put_bytes(&mut info, 2, &id(task));
    info.into()
}

fn status(task: &str, agent: &str, state: u64, words: &str) -> Vec<u8> {
    let mut status = vec![];
    wire::put_bytes(&mut status, 1, &id(task));
    wire::put_number(&mut status, 2, state);
    wire::put_bytes(&mut status, 4, words.as_bytes());
    wire::put_bytes(&mut status, 5, &id(agent));
    status
}

const CLOCK: i64 = 1_000;
const RUNNING: u64 = 1;
const FAILED: u64 = 3;
const KILLED: u64 = 4;

struct Spark {
    ledger: Ledger,
    now: Instant,
}

impl Spark {
    fn new() -> Self {
        let now = Instant::now();
        Self { ledger: Ledger::new(now), now }
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self
    }

    fn declines(&mut self, offer: Bytes) -> &mut Self {
        let read = Offer::read(&offer);
        self.ledger.offered(&[offer]);
        self.ledger.declined(&read.id, Some(&Bytes::new()));
        self
    }

    fn declines_for_long(&mut self, offer: Bytes) -> &mut Self {
        let read = Offer::read(&offer);
        let mut filters = vec![];
        wire::put_double(&mut filters, 1, 120.0);
        self.ledger.offered(&[offer]);
        self.ledger.declined(&read.id, Some(&filters.into()));
        self
    }

    /// Launches a task on an agent, which then ends like this.
    fn launches(&mut self, task: &str, agent: &str, end: u64) -> &mut Self {
        self.ledger.offered(&[large(agent)]);
        self.ledger.launched(&[id(agent)], &[launch(task)]);
        self.ledger.updated(&status(task, agent, RUNNING, ""), self.now);
        self.ledger.updated(&status(task, agent, end, "exited with status 7"), self.now);
        self
    }

    fn says(&mut self, wishes: &Wishes) -> Option<OfferState> {
        self.ledger.judge(wishes, self.now, CLOCK)
    }

    fn cause(&mut self, wishes: &Wishes) -> Option<(StandstillCause, String)> {
        self.ledger.standstill(wishes, self.now).map(|it| (it.cause, it.words))
    }
}

#[test]
fn agents_on_which_two_executors_failed_are_used_up_once_spark_declines_them() {
    let mut spark = Spark::new();
    for (task, agent) in [("0", "a"), ("1", "b"), ("2", "a"), ("3", "b")] {
        spark.launches(task, agent, FAILED);
    }
    assert_eq!(spark.after(10).cause(&WISHES), None, "nothing is answered since");
    spark.declines(large("a"));
    let (cause, words) = spark.declines(large("b")).cause(&WISHES).unwrap();
    assert_eq!(cause, StandstillCause::AgentsExcluded);
    let expected = "2 executors failed on each of the 2 agents that make usable offers, and Spark launches no more there; the \
                    last one by TASK_FAILED: exited with status 7";
    assert_eq!(words, expected);
}

#[test]
fn a_job_goes_on_while_one_agent_is_left_or_one_executor_lives() {
    let mut spark = Spark::new();
    spark.launches("0", "a", FAILED).launches("1", "a", FAILED).after(10).declines(large("a"));
    spark.declines(offer("b", 1.0, 4096.0, 31000..=31999));
    let (cause, words) = spark.cause(&WISHES).unwrap();
    assert_eq!(cause, StandstillCause::TooSmall);
    assert!(
        words.ends_with("on 1 more agent 2 executors failed, and Spark launches no more there"),
        "{words}"
    );
    spark.declines_for_long(large("b"));
    assert_eq!(spark.cause(&WISHES).unwrap().0, StandstillCause::AgentsExcluded, "b lacks the attributes");
    spark.ledger.launched(&[], &[launch("2")]);
    assert_eq!(spark.cause(&WISHES), None);
}

#[test]
fn executors_that_end_well_exclude_nobody_and_neither_does_one_failure() {
    let mut spark = Spark::new();
    spark.launches("0", "a", KILLED).launches("1", "a", KILLED).launches("2", "a", FAILED);
    spark.after(10).declines(large("a"));
    assert_eq!(spark.cause(&WISHES).unwrap().0, StandstillCause::Declined);
}

#[test]
fn an_agent_that_is_gone_counts_no_more() {
    let mut spark = Spark::new();
    spark.after(31).declines(large("a"));
    assert_eq!(spark.cause(&WISHES).unwrap().0, StandstillCause::Declined);
    spark.ledger.agent_lost(&id("a"));
    assert_eq!(spark.cause(&WISHES).unwrap().0, StandstillCause::NoOffers);
}

#[test]
fn why_offers_are_declined_is_told_in_figures() {
    let pinned = Wishes { port: Some(7500), ..WISHES };
    for (wishes, offers, cause, words) in [
        (
            WISHES,
            &[offer("a", 1.5, 4096.0, 31000..=31999), offer("b", 1.0, 512.0, 31000..=31999)][..],
            StandstillCause::TooSmall,
            "an executor needs 2 cores and 1408 MiB, and the offers of 2 agents are smaller; the nearest, of a, has 1.5 cores and 4096 MiB",
        ),
        (
            pinned,
            &[large("a"), large("b")],
            StandstillCause::PortMissing,
            "spark.blockManager.port is 7500, and the ports that agents offer are 31000-31999: set it to one of those, or leave it out",
        ),
        (
            Wishes { port: Some(31007), ..WISHES },
            &[large("a")],
            StandstillCause::Declined,
            "Spark declines the offers of the agent a, though each would hold an executor",
        ),
        (
            Wishes { limit: 0, ..pinned },
            &[large("a")],
            StandstillCause::NoneWanted,
            "Spark wants no executor at the moment, as its dynamic allocation has it",
        ),
        (
            Wishes { most_cores: Some(1), ..WISHES },
            &[],
            StandstillCause::MostTooSmall,
            "spark.cores.max is 1, and one executor needs 2 cores",
        ),
    ] {
        let mut spark = Spark::new();
        spark.after(10);
        for offer in offers {
            spark.declines(offer.clone());
        }
        assert_eq!(spark.cause(&wishes), Some((cause, words.to_owned())));
    }
}

#[test]
fn nobody_is_told_of_want_before_offers_had_their_time() {
    let mut spark = Spark::new();
    assert_eq!(spark.after(29).cause(&WISHES), None);
    assert_eq!(spark.after(1).cause(&WISHES).unwrap().0, StandstillCause::NoOffers);
    spark.ledger.registered(spark.now);
    assert_eq!(spark.cause(&WISHES), None, "it was only now registered");
    spark.ledger.offered(&[large("a")]);
    assert_eq!(spark.after(60).cause(&WISHES), None, "the program has not answered yet");
}

#[test]
fn the_same_is_said_seldom_and_another_cause_soon() {
    let mut spark = Spark::new();
    spark.after(10).declines(offer("a", 1.0, 1.0, 1..=9));
    assert!(spark.says(&WISHES).is_some());
    assert_eq!(spark.after(59).declines(offer("a", 1.0, 2.0, 1..=9)).says(&WISHES), None);
    assert!(spark.after(1).says(&WISHES).is_some(), "in other figures");
    assert_eq!(spark.after(14).declines(large("a")).says(&WISHES), None);
    assert!(spark.after(1).says(&WISHES).is_some(), "by another cause");
    spark.ledger.launched(&[], &[launch("0")]);
    assert_eq!(spark.says(&WISHES), Some(OfferState::default()), "an executor lives: at once");
}

#[test]
fn since_when_a_program_wants_executors_is_told_of_one_that_wanted_none() {
    let mut spark = Spark::new();
    let none = Wishes { limit: 0, ..WISHES };
    assert_eq!(spark.after(10).declines(large("a")).says(&none).unwrap().wanted_since, None);
    let wanted = spark.after(20).says(&WISHES).unwrap();
    assert_eq!(wanted.wanted_since, Some(CLOCK));
    spark.ledger.launched(&[], &[launch("0")]);
    assert_eq!(spark.says(&WISHES).unwrap().wanted_since, wanted.wanted_since);
}
