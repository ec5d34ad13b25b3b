//! How it stands with a driver's executors: why none comes, and when it is enough.

use lcmap_spark_crd::status::Executors;

use super::mesos::{distributed, registered, with_executors};
use super::*;
use crate::core::{Offers, announcements};

impl World {
    /// Somebody has looked at Mesos just now, and nothing has changed.
    fn looked(&mut self) -> &mut Self {
        self.driver.as_mut().unwrap().mesos.as_mut().unwrap().looked = Some(self.now);
        self
    }

    /// A reason and message that a condition has.
    fn told(&self, type_: ConditionType) -> (ConditionStatus, Reason, &str) {
        let told = find_condition(&self.status().conditions, type_).unwrap();
        (told.status, told.reason, &told.message)
    }
}

fn waiting_for(reason: Reason, seen: OnMesos) -> OnMesos {
    OnMesos { wait: Some((reason, "in its words".into())), ..seen }
}

/// A job whose driver is on Mesos, and says this of itself.
fn saying(run: &serde_json::Value, reason: Reason, message: &str) -> World {
    let mut world = distributed(json!({"run": run}));
    world.step();
    let message = message.to_owned();
    world.driver.as_mut().unwrap().state = DriverState::Running { reason, message };
    world.step();
    world
}

fn notebook() -> World {
    saying(&json!({"notebook": {}}), Reason::NotebookReady, "Jupyter answers")
}

#[test]
fn who_gets_no_executor_in_time_is_ended_with_what_mesos_said() {
    let mut world = distributed(json!({"mesos": {"allocationTimeout": "1m"}}));
    world.step();
    world.runs();
    let seen = OnMesos { wait: Some((Reason::NoOffers, "no agent".into())), ..registered(&world) };
    world.mesos(seen);
    let decision = world.after(60).looked().step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::AllocationTimeout));
    assert!(world.status().message.contains("no agent"), "{}", world.status().message);
    assert!(decision.effects.contains(&Effect::StopDriver(1)));
    world.frameworks = Frameworks::Gone;
    world.ends(Reason::Stopped, 143);
    assert_eq!(world.place(), (Phase::Failed, Reason::AllocationTimeout));
}

#[test]
fn a_driver_that_wants_no_executor_is_not_starved_and_has_its_time_from_when_it_wants_one() {
    let mut world = distributed(json!({"mesos": {"allocationTimeout": "1m"}}));
    world.step();
    world.runs();
    let told = |reason: Reason| Some((reason, "in its words".to_owned()));
    let offers = Offers { standstill: told(Reason::NoExecutorsWanted), wanted_since: None };
    let seen = OnMesos { offers, wait: told(Reason::NoOffers), ..registered(&world) };
    world.mesos(seen.clone());
    world.after(3600).looked().step();
    assert_eq!(world.place(), (Phase::Requesting, Reason::NoExecutorsWanted));
    let offers = Offers { standstill: told(Reason::OffersDeclined), wanted_since: Some(world.now) };
    world.mesos(OnMesos { offers, ..seen });
    world.after(59).looked().step();
    assert_eq!(world.place(), (Phase::Requesting, Reason::OffersDeclined));
    world.after(1).looked().step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::AllocationTimeout));
}

#[test]
fn whoever_answers_the_offers_tells_why_no_executor_comes_of_them() {
    use Reason::{
        AgentsExcluded, ExecutorsFailing, NoExecutorsWanted, NoOffers, OffersTooSmall, PortsNotOffered,
        Registered,
    };
    for (running, seen, told, why) in [
        (0, None, Some(PortsNotOffered), Some(PortsNotOffered)),
        (0, Some(NoOffers), Some(PortsNotOffered), Some(PortsNotOffered)),
        (0, Some(NoOffers), None, Some(NoOffers)),
        (0, Some(OffersTooSmall), Some(PortsNotOffered), Some(OffersTooSmall)),
        (0, Some(ExecutorsFailing), Some(OffersTooSmall), Some(ExecutorsFailing)),
        (0, Some(ExecutorsFailing), Some(AgentsExcluded), Some(AgentsExcluded)),
        (0, Some(ExecutorsFailing), Some(NoExecutorsWanted), Some(NoExecutorsWanted)),
        (0, Some(Registered), Some(AgentsExcluded), Some(Registered)),
        (1, None, Some(AgentsExcluded), None),
    ] {
        let words = |reason| (reason, "words".to_owned());
        let mesos = OnMesos {
            executors: Executors { running, ..Executors::default() },
            wait: seen.map(words),
            offers: Offers { standstill: told.map(words), wanted_since: None },
            ..OnMesos::default()
        };
        assert_eq!(mesos.hindered(None).map(|(reason, _)| reason), why, "{seen:?} {told:?}");
    }
}

#[test]
fn no_job_is_ended_for_want_of_executors_by_whoever_has_not_looked_since() {
    fn silent() -> (Reason, String) {
        (Reason::MesosUnreachable, "no route".to_owned())
    }
    for seen in [
        (|_, _| OnMesos::default()) as fn(OnMesos, &World) -> OnMesos,
        (|_, _| OnMesos { trouble: Some(silent()), ..OnMesos::default() }),
        (|before, _| OnMesos { trouble: Some(silent()), ..before }),
        (|before, _| before),
        (|before, now| OnMesos { frameworks: vec![], looked: Some(now.now), ..before }),
    ] {
        let mut world = distributed(json!({"mesos": {"allocationTimeout": "1m"}}));
        world.step();
        world.runs();
        let before = OnMesos { wait: Some((Reason::NoOffers, "no agent".into())), ..registered(&world) };
        world.mesos(before.clone());
        world.after(3600);
        let seen = seen(before.clone(), &world);
        world.mesos(seen.clone());
        assert_eq!(world.place(), (Phase::Requesting, Reason::NoOffers), "{seen:?}");
        let unsure = world.job.clone();
        let come = with_executors(&world, 2);
        world.mesos(come);
        assert_eq!(world.place(), (Phase::Running, Reason::ExecutorsRunning), "they had come meanwhile");
        world.job = unsure;
        world.driver.as_mut().unwrap().mesos = Some(before);
        world.looked().step();
        assert_eq!(world.place(), (Phase::Releasing, Reason::AllocationTimeout), "or had not");
    }
}

#[test]
fn a_notebook_tells_why_its_kernels_get_no_executors() {
    for reason in
        [Reason::NoOffers, Reason::OffersTooSmall, Reason::ConstraintsUnmet, Reason::ExecutorsFailing]
    {
        let mut world = notebook();
        let before = world.status().clone();
        let (allocated, why, _) = world.told(ConditionType::ResourcesAllocated);
        assert_eq!((allocated, why), (ConditionStatus::False, Reason::Connecting));
        let seen = waiting_for(reason, registered(&world));
        world.mesos(seen);
        assert_eq!(world.place(), (Phase::Running, Reason::NotebookReady));
        assert_eq!(world.status().message, "Jupyter answers; in its words");
        let told = world.told(ConditionType::ResourcesAllocated);
        assert_eq!(told, (ConditionStatus::False, reason, "in its words"));
        let events: Vec<_> =
            announcements(Some(&before), world.status()).into_iter().map(|it| it.reason).collect();
        assert_eq!(events, [reason]);
        assert_eq!(announcements(Some(world.status()), world.status()), [], "once");
        let seen = with_executors(&world, 1);
        world.mesos(seen);
        assert_eq!(world.status().message, "Jupyter answers");
        assert_eq!(world.condition(ConditionType::ResourcesAllocated), ConditionStatus::True);
    }
}

#[test]
fn a_notebook_tells_that_executors_do_not_reach_its_kernel() {
    let mut world = notebook();
    let seen = with_executors(&world, 1);
    world.mesos(seen);
    let unreached = Some("10.0.0.5:4711".to_owned());
    let ui = SparkUi { url: "http://10.0.0.5:4040".into(), progress: Progress::default(), unreached };
    world.driver.as_mut().unwrap().ui = Some(ui);
    world.step();
    assert!(world.status().message.contains("the driver at 10.0.0.5:4711"), "{}", world.status().message);
    let (allocated, reason, message) = world.told(ConditionType::ResourcesAllocated);
    assert_eq!((allocated, reason), (ConditionStatus::True, Reason::ExecutorsUnreachable), "they run");
    assert!(message.contains("10.0.0.5:4711"), "{message}");
}

#[test]
fn a_notebook_whose_kernels_ask_for_nothing_waits_for_nothing() {
    let mut world = notebook();
    let seen = OnMesos { frameworks: vec![], ..with_executors(&world, 0) };
    let before = world.status().clone();
    world.after(3600).mesos(seen);
    assert_eq!(world.status().message, "Jupyter answers");
    assert_eq!(announcements(Some(&before), world.status()), []);
}

#[test]
fn a_node_that_does_not_answer_is_told_of_before_what_was_on_mesos() {
    for seen in [registered as fn(&World) -> OnMesos, |world| with_executors(world, 2)] {
        let mut world = saying(&json!({"submit": {"application": "pi.py"}}), Reason::DriverRunning, "on n1");
        let seen = seen(&world);
        world.mesos(seen);
        let (phase, reason) = world.place();
        let state = |reason, message: &str| DriverState::Running { reason, message: message.into() };
        let answers = world.driver.as_ref().unwrap().state.clone();
        for operator in [world.driver.as_ref().unwrap().mesos.clone(), Some(OnMesos::default())] {
            world.driver.as_mut().unwrap().mesos = operator;
            world.driver.as_mut().unwrap().state = state(Reason::NodeLost, "n1 does not answer");
            world.step();
            assert_eq!(world.place(), (phase, Reason::NodeLost));
            assert_eq!(world.status().message, "n1 does not answer");
            world.driver.as_mut().unwrap().state = answers.clone();
            world.step();
            assert!([reason, Reason::DriverRunning].contains(&world.place().1), "{:?}", world.place());
        }
    }
}

#[test]
fn how_to_get_into_a_shell_is_told_in_every_phase() {
    let attach = "on n1; kubectl attach -it pi-driver-1 gets into the shell";
    for run in [json!({"shell": {}}), json!({"pyspark": {}})] {
        let mut world = saying(&run, Reason::DriverRunning, attach);
        let with_none = registered(&world);
        let with_some = with_executors(&world, 2);
        for (seen, phase) in [
            (OnMesos::default(), Phase::Connecting),
            (with_none, Phase::Requesting),
            (with_some, Phase::Running),
        ] {
            world.mesos(seen);
            let (told, message) = (world.status().phase, &world.status().message);
            assert_eq!(told, Some(phase));
            assert!(message.ends_with(attach) && message.len() > attach.len(), "{message}");
        }
    }
}
