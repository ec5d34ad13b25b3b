//! What is in the way to Mesos, told before Spark starts.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use lcmap_spark_agent::plan::{Master, Mesos, Verify};
use lcmap_spark_agent::report::ExitReason;
use nix::sys::signal::Signal;

use crate::support::{Bed, Running, run, stderr, stdout};

/// A job for these masters that says so if it starts.
fn job_for(masters: &str, edit: impl FnOnce(&mut Mesos)) -> Bed {
    let bed = Bed::with_submit("echo started");
    let mut mesos = Mesos {
        masters: masters.to_owned(),
        role: None,
        credentials: None,
        verify: Verify::Full,
        server_name: None,
        framework_id: "uid-1".to_owned(),
        labels: BTreeMap::new(),
        registration_timeout_ms: 60_000,
        library: None,
        python: None,
    };
    edit(&mut mesos);
    bed.plan(|plan| plan.master = Master::Mesos(Box::new(mesos)));
    bed
}

/// Why the job did not start.
fn refused(bed: &Bed, reason: ExitReason) -> String {
    let output = run(bed.as_child());
    let message = bed.termination_message();
    assert_eq!((output.status.code(), message.reason), (Some(125), reason), "{message:?}");
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains(&message.message), "{}", stderr(&output));
    message.message
}

#[test]
fn masters_that_are_none_are_refused_by_the_field_that_names_them() {
    let bed = job_for("http://master:5050", |_| ());
    let said = refused(&bed, ExitReason::PlanRefused);
    assert!(
        said.starts_with("spec.mesos.master: a Mesos master has no http:// address: write host:port"),
        "{said}"
    );
}

#[test]
fn a_master_that_nobody_is_at_is_told_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bed = job_for(&free.to_string(), |_| ());
    let said = refused(&bed, ExitReason::ConnectionRefused);
    assert!(said.starts_with("Mesos: ") && said.contains(&free.to_string()), "{said}");
}

#[test]
fn credentials_that_are_not_there_are_told_by_their_file() {
    let bed = job_for("127.0.0.1:5050", |mesos| mesos.credentials = Some(PathBuf::from("/nonexistent")));
    let said = refused(&bed, ExitReason::CredentialsRefused);
    assert!(said.contains("/nonexistent/principal"), "{said}");
}

#[test]
fn a_stop_ends_the_wait_for_an_election() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bed = job_for(&listener.local_addr().unwrap().to_string(), |_| ());
    let running = Running::start(bed.as_child());
    // The first question has come: from now on nobody leads.
    let (mut stream, _) = listener.accept().unwrap();
    thread::spawn(move || {
        loop {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
            let Ok((next, _)) = listener.accept() else { return };
            stream = next;
        }
    });
    running.send(Signal::SIGTERM);
    let output = running.wait();
    assert_eq!((output.status.code(), bed.termination_message().reason), (Some(143), ExitReason::Stopped));
    assert_eq!(stdout(&output), "");
}
