//! Brings up the tests' Kubernetes for use by hand, and keeps it until ctrl-C: `kubernetes-bed api` for etcd and an
//! API server, `kubernetes-bed kwok` for a scheduler, controllers and ten nodes that only pretend, `kubernetes-bed cluster` for a whole cluster with two real nodes (as root). Prints what a shell needs
//! to use it.

use std::{convert::Infallible, process::ExitCode, thread};

use lcmap_spark_tests::kubernetes::{Cluster, ControlPlane, Part, Result};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["api"] => api(),
        ["kwok"] => kwok(),
        ["cluster"] => cluster(),
        _ => {
            eprintln!("usage: kubernetes-bed api | kwok | cluster");
            return ExitCode::from(2);
        }
    };
    let Err(error) = outcome;
    eprintln!("{error}");
    ExitCode::FAILURE
}

fn api() -> Result<Infallible> {
    let control_plane = ControlPlane::start()?;
    keep(&control_plane)
}

fn kwok() -> Result<Infallible> {
    let control_plane =
        ControlPlane::start_with(&[Part::ControllerManager, Part::Scheduler, Part::FakeNodes(10)])?;
    keep(&control_plane)
}

fn cluster() -> Result<Infallible> {
    let cluster = Cluster::start()?;
    keep(&cluster.control_plane)
}

/// Whatever ends this process ends the bed with it.
fn keep(control_plane: &ControlPlane) -> ! {
    println!("export KUBECONFIG={}", control_plane.kubeconfig().display());
    println!("export PATH={}:$PATH", ControlPlane::programs().display());
    loop {
        thread::park();
    }
}
