//! The same Java programs over Mesos' own C++ driver and over ours, against the same kind of real master: the same callbacks in
//! the same order, with the same in them. `docs/mesos.md` lists each difference with its reason.

use lcmap_spark_tests::mesos::{Bed, Library, Plan, Programs};

/// What a program says over each library: Mesos' own, and ours. Each has a bed of its own, lest it meets what the other left,
/// whose address is left out.
fn both(plan: &Plan, program: [&str; 2]) -> [Vec<String>; 2] {
    let programs = Programs::compiled();
    [Library::Cpp, Library::Rust].map(|library| {
        let mut bed = plan.clone().start().unwrap();
        let run = programs.start(&bed, library, program);
        let run = run.hear(|line| match line {
            "kill the master" => bed.master_mut(0).kill().unwrap(),
            "kill the agent" => bed.agent_mut(0).kill().unwrap(),
            _ => {}
        });
        // The C++ driver's callbacks come one at a time too, but on any thread of its pool, and none of them is a daemon.
        let of_threads =
            |line: &String| line.starts_with("another thread: ") || line.starts_with("no daemon: ");
        let mut said = run.finish();
        if library == Library::Cpp {
            said.retain(|line| !of_threads(line));
        }
        let host = bed.master(0).address().ip().to_string();
        said.iter().map(|line| line.replace(&host, "HOST")).collect()
    })
}

fn same(plan: &Plan, program: [&str; 2]) {
    let [cpp, rust] = both(plan, program);
    assert!(cpp.len() > 1, "{cpp:?}");
    assert_eq!(rust, cpp, "{program:?}: left ours, right Mesos' own");
}

#[test]
fn every_method_answers_the_same_before_while_and_after_it_runs() {
    same(&Bed::plain().agents(0), ["Conformance", "methods"]);
}

#[test]
fn every_way_to_launch_comes_to_the_same() {
    same(&Bed::plain(), ["Conformance", "tasks"]);
}

#[test]
fn an_exception_in_a_callback_comes_to_the_same() {
    same(&Bed::plain().agents(0), ["Conformance", "exception"]);
}

#[test]
fn an_address_that_is_none_comes_to_the_same() {
    same(&Bed::plain().agents(0), ["Conformance", "address"]);
}

#[test]
fn a_tasks_life_is_told_in_the_same_words() {
    same(&Bed::plain(), ["Story", "tasks"]);
}

#[test]
fn what_mesos_refuses_is_told_in_the_same_words() {
    same(&Bed::plain(), ["Story", "mistakes"]);
}

#[test]
fn reconciliation_is_answered_in_the_same_words() {
    same(&Bed::plain(), ["Story", "reconciliation"]);
}

#[test]
fn executors_and_what_they_say_are_the_same() {
    same(&Bed::plain(), ["Story", "executors"]);
}

#[test]
fn the_end_of_an_agent_is_told_the_same() {
    // More than one ping, or an agent that has just not heard the next takes its master for lost, and tells everything again.
    let flags = [("MESOS_AGENT_PING_TIMEOUT", "1secs"), ("MESOS_MAX_AGENT_PING_TIMEOUTS", "3")];
    let plan = flags.iter().fold(Bed::plain(), |plan, (name, value)| plan.master_flag(name, value));
    same(&plan, ["Story", "agent"]);
}

#[test]
fn another_leader_is_told_the_same_and_as_the_same_framework_here() {
    let [cpp, mut rust] = both(&Bed::plain().masters(2), ["Story", "master"]);
    let again = rust.iter_mut().find(|line| line.starts_with("reregistered")).unwrap();
    *again = again.replace("reregistered", "registered");
    assert_eq!(rust, cpp);
}

#[test]
fn a_successor_takes_over_in_the_same_way_and_the_first_is_told_in_our_words() {
    let [cpp, rust] = both(&Bed::plain(), ["Story", "failover"]);
    let told = |said: &[String]| said.iter().position(|line| line.starts_with("error ")).unwrap();
    let at = told(&cpp);
    assert_eq!(told(&rust), at);
    assert_eq!(cpp[at], "error Framework failed over");
    assert!(rust[at].contains("Framework failed over"), "{}", rust[at]);
    assert_eq!((&rust[..at], &rust[at + 1..]), (&cpp[..at], &cpp[at + 1..]));
}
