//! The Mesos bed itself: that it comes up in each of its shapes, and leaves nothing.

use std::{fs, process::Command, time::Instant};

use lcmap_spark_tests::mesos::{Access, Bed};

#[test]
fn a_plain_bed_comes_up_and_leaves_nothing() {
    let start = Instant::now();
    let bed = Bed::plain().agents(2).start().unwrap();
    eprintln!("a master and two agents after {:?}", start.elapsed());
    let folder = bed.folder().to_owned();
    let pid = bed.master(0).pid();
    assert!(bed.master(0).log().contains("Registered agent"));
    drop(bed);
    assert!(!folder.exists(), "{} is left", folder.display());
    assert!(!fs::exists(format!("/proc/{pid}")).unwrap(), "the master still runs");
}

#[test]
fn a_bed_with_mutual_tls_and_credentials_comes_up() {
    let bed = Bed::plain().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    assert!(bed.master(0).log().contains("Registered agent"));
}

#[test]
fn masters_elect_their_leader_in_zookeeper() {
    let start = Instant::now();
    let bed = Bed::plain().masters(3).start().unwrap();
    eprintln!("three masters, an agent and ZooKeeper after {:?}", start.elapsed());
    assert!(bed.zookeeper_url().unwrap().starts_with("zk://127.77.0."));
}

#[test]
fn what_a_killed_test_leaves_is_swept() {
    let bed = Bed::plain().start().unwrap();
    // A task of the bed: its tag is all that ties it to it, as an executor's child that has left its session.
    let mut task =
        Command::new("setsid").args(["sleep", "60"]).env("LCMAP_BED", bed.folder()).spawn().unwrap();
    drop(bed);
    assert!(!task.wait().unwrap().success(), "the task lived on");
}

#[test]
fn two_beds_at_once_do_not_meet() {
    let (one, other) = (Bed::plain().start().unwrap(), Bed::plain().start().unwrap());
    assert_ne!(one.master(0).address(), other.master(0).address());
}
