//! A Java program that calls every method and prints every callback and status code, under `-Xcheck:jni`.

use lcmap_spark_tests::mesos::{Bed, Library, Programs, Run, debian11, mesos_classes};

/// Runs a scenario to its end and gives what it printed.
fn transcript(bed: &Bed, scenario: &str) -> Vec<String> {
    Programs::compiled().transcript(bed, Library::Rust, ["Conformance", scenario])
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// What every method answers at one time.
fn every_method(when: &str, status: &str) -> String {
    [
        "requestResources",
        "declineOffer",
        "declineOffer",
        "launchTasks",
        "launchTasks",
        "launchTasks",
        "launchTasks",
        "acceptOffers",
        "killTask",
        "reviveOffers",
        "suppressOffers",
        "sendFrameworkMessage",
        "reconcileTasks",
    ]
    .map(|method| format!("{when} {method} {status}\n"))
    .concat()
}

#[test]
fn every_method_answers_with_the_drivers_status() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let expected = format!(
        "version 1.11.0
         {}
         join DRIVER_NOT_STARTED
         stop DRIVER_NOT_STARTED
         start DRIVER_RUNNING
         start again DRIVER_RUNNING
         registered true 5050
         {}
         stop DRIVER_STOPPED
         {}
         stop again DRIVER_STOPPED
         abort DRIVER_STOPPED
         join DRIVER_STOPPED",
        every_method("before", "DRIVER_NOT_STARTED"),
        every_method("running", "DRIVER_RUNNING"),
        every_method("after", "DRIVER_STOPPED"),
    );
    assert_eq!(transcript(&bed, "methods"), lines(&expected));
}

const TASKS: &str = "registered true 5050
    list TASK_FINISHED
    single TASK_FAILED
    operation TASK_RUNNING
    operation TASK_KILLED
    stale TASK_LOST
    stop DRIVER_STOPPED";

#[test]
fn tasks_run_through_each_way_to_launch_them() {
    let bed = Bed::plain().start().unwrap();
    assert_eq!(transcript(&bed, "tasks"), lines(TASKS));
    assert!(bed.master(0).log().contains("Removing framework"));
}

#[test]
fn a_program_may_acknowledge_by_itself() {
    let bed = Bed::plain().start().unwrap();
    let expected = "registered true 5050
        one TASK_STARTING
        acknowledge DRIVER_RUNNING
        one TASK_RUNNING
        acknowledge DRIVER_RUNNING
        one TASK_FINISHED
        acknowledge DRIVER_RUNNING
        refused
        stop DRIVER_STOPPED";
    assert_eq!(transcript(&bed, "explicit"), lines(expected));
}

#[test]
fn an_exception_in_a_callback_aborts_the_driver() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let expected = "run DRIVER_ABORTED
        killTask DRIVER_ABORTED
        stop DRIVER_ABORTED
        join DRIVER_STOPPED";
    assert_eq!(transcript(&bed, "exception"), lines(expected));
}

#[test]
fn a_refused_driver_is_aborted_before_the_program_hears_of_it() {
    let bed = Bed::plain().agents(0).master_flag("MESOS_ROLES", "listed").start().unwrap();
    let said = transcript(&bed, "error");
    assert!(said.contains(&"within error: DRIVER_ABORTED".to_owned()));
    assert!(said.contains(&"run DRIVER_ABORTED".to_owned()));
    assert!(said.iter().any(|line| line.starts_with("error") && line.contains("role")));
    assert_eq!(said.last().unwrap(), "stop DRIVER_ABORTED");
}

#[test]
fn an_address_that_is_none_aborts_the_start() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let expected = "error within start true
        start DRIVER_ABORTED
        join DRIVER_ABORTED
        start DRIVER_ABORTED";
    assert_eq!(transcript(&bed, "address"), lines(expected));
}

#[test]
fn a_lost_master_costs_what_is_launched_meanwhile_and_no_more() {
    let mut bed = Bed::plain().agents(1).start().unwrap();
    let programs = Programs::compiled();
    let run = programs.start(&bed, Library::Rust, ["Conformance", "disconnected"]);
    let run = run.hear(|line| match line {
        "kill the master" => bed.master_mut(0).kill().unwrap(),
        "start the master" => bed.master_mut(0).restart().unwrap(),
        _ => {}
    });
    let expected = "registered true 5050
        kill the master
        disconnected
        lost TASK_LOST
        on its agent true
        start the master
        reregistered 5050
        stop DRIVER_STOPPED";
    assert_eq!(run.finish(), lines(expected));
}

#[test]
fn drivers_that_java_forgets_do_no_harm() {
    let bed = Bed::plain().agents(0).start().unwrap();
    assert_eq!(transcript(&bed, "collected"), ["done"]);
}

#[test]
fn thousands_of_offers_and_tasks_leave_nothing_behind() {
    let bed = Bed::plain().agents(4).master_flag("MESOS_ALLOCATION_INTERVAL", "1ms").start().unwrap();
    // All of the heap is resident from the start, so that what grows is native.
    let options = ["-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"];
    let programs = Programs::compiled();
    let java = programs.java(&bed, Library::Rust, &options);
    let said = Run::of(java, &bed, ["Conformance", "soak"]).finish();
    let grown = said.iter().find_map(|line| line.strip_prefix("grown ")).unwrap();
    // A leak of one local reference or message each would be megabytes.
    assert!(grown.parse::<i64>().unwrap() < 1536, "{grown} KiB");
}

#[test]
fn the_classes_of_every_age_are_served() {
    let bed = Bed::plain().start().unwrap();
    for version in ["1.0.0", "1.4.0", "1.9.0", "1.11.0"] {
        let classes = mesos_classes().unwrap().join(format!("mesos-{version}.jar"));
        let programs = Programs::compiled_against(classes);
        let said = programs.transcript(&bed, Library::Rust, ["Conformance", "tasks"]);
        assert_eq!(said, lines(TASKS), "{version}");
    }
}

#[test]
fn an_image_with_an_older_libc_and_java_is_served() {
    let bed = Bed::plain().start().unwrap();
    let java = Programs::compiled().java_within(&debian11().unwrap(), &bed);
    assert_eq!(Run::of(java, &bed, ["Conformance", "tasks"]).finish(), lines(TASKS));
}

#[test]
fn what_newer_classes_added_is_there() {
    let bed = Bed::plain().start().unwrap();
    let classes = mesos_classes().unwrap().join("mesos-1.11.0.jar");
    let programs = Programs::compiled_against(classes);
    let mut said = programs.transcript(&bed, Library::Rust, ["Conformance", "newer"]);
    // Reflection gives the methods in no order.
    said.sort();
    let expected = "last TASK_LOST
        registered true 5050
        reviveOffers DRIVER_RUNNING
        stop DRIVER_STOPPED
        suppressOffers DRIVER_RUNNING
        updateFramework with 2 arguments DRIVER_RUNNING
        updateFramework with 3 arguments DRIVER_RUNNING";
    assert_eq!(said, lines(expected));
    assert!(bed.master(0).log().contains("Processing UPDATE_FRAMEWORK call"));
}
