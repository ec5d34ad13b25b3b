//! `lcmap-spark doctor`: what stands between a job and its Spark and Mesos, without running it.

mod admin;
mod certificates;
mod cluster;
mod masters;
mod report;

use std::net::IpAddr;
use std::process::ExitCode;

use lcmap_spark_agent::report::ExitReason;
use lcmap_spark_crd::spec::EnvVar;
use lcmap_spark_crd::{Mode, Reason, SparkJob, admission};

use crate::core;
use crate::manifest::{self, Document, Manifest};
use crate::run::prepare::{self, NATIVE_LIBRARY, Prepared, Surface, prepare};
use crate::run::{self, Fault, exit};
use crate::streams;
use report::Report;

/// Checks every job of every manifest; exit code 0 if all is well, 1 if anything is not.
pub(crate) fn main(args: &run::Args) -> ExitCode {
    let surface = match run::surface(args) {
        Ok(surface) => surface,
        Err(error) => return run::fault(&error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            streams::complain(format!("the event loop cannot be started: {error}"));
            return ExitCode::from(exit::FAULT);
        }
    };
    let mut report = Report::new(args.output);
    for document in manifest::read(&args.files) {
        match document {
            Document::Job(manifest) => {
                report.begin(&manifest.origin, manifest.name());
                runtime.block_on(examine(&manifest, &surface, &mut report));
            }
            Document::Foreign { origin, .. } if origin.source.is_found() => {}
            Document::Foreign { origin, name } => {
                report.begin(&origin, None);
                report.note("manifest", format!("{name} is not a SparkJob: nothing is checked"));
            }
            Document::Faulty(error) => {
                report.begin(&error.origin, None);
                report.failed("manifest", Reason::SpecInvalid, error.fault.to_string());
            }
        }
    }
    runtime.shutdown_background();
    report.exit_code()
}

async fn examine(manifest: &Manifest, surface: &Surface, report: &mut Report) {
    match prepare(manifest, surface) {
        Ok(prepared) => tell_prepared(&prepared, surface, report),
        Err(faults) => faults.iter().for_each(|fault| tell_fault(fault, report)),
    }
    // What keeps the job from being run here need not keep its Mesos from being looked at.
    if let Ok(job) = admission::admit(manifest.value.clone())
        && job.spec.mode == Mode::Distributed
    {
        let job = surface.mesos.fill(&job);
        let from = examine_mesos(&job, surface, report).await;
        admin::tell(&job, surface, from, report);
    }
}

fn tell_prepared(prepared: &Prepared, surface: &Surface, report: &mut Report) {
    report.ok("manifest", "is valid, and everything that it names is here");
    report.ok("spark", format!("the driver would run {}", prepared.launcher.place()));
    for warning in &prepared.warnings {
        report.note("manifest", warning.clone());
    }
    if prepared.job.spec.mode == Mode::NonDistributed {
        return report.note("mesos", "mode is NonDistributed: nothing of Mesos is used");
    }
    let named = prepared.job.spec.env.iter().find(|variable| variable.name == NATIVE_LIBRARY);
    match (named, &surface.libmesos) {
        (Some(EnvVar { value: Some(library), .. }), _) => {
            report.note("libmesos", format!("{library}, as {NATIVE_LIBRARY} in spec.env says"));
        }
        (Some(_), _) => report.note("libmesos", format!("the one that {NATIVE_LIBRARY} in spec.env names")),
        (None, Some(library)) => report.ok("libmesos", library.display().to_string()),
        (None, None) => report.note("libmesos", "the image's own"),
    }
}

fn tell_fault(fault: &Fault, report: &mut Report) {
    let reason = if fault.field.is_some() { Reason::SpecInvalid } else { Reason::ConfigurationFailed };
    report.failed("manifest", reason, fault.to_string());
}

/// Looks at the Mesos of a job, and gives the address here that its masters are reached from, if any is.
async fn examine_mesos(job: &SparkJob, surface: &Surface, report: &mut Report) -> Option<IpAddr> {
    let settings = match prepare::mesos(job, &surface.folders) {
        Ok(Some(settings)) => settings,
        Ok(None) => {
            report.failed("mesos", Reason::MasterRequired, "set spec.mesos.master, or LCMAP_MESOS_MASTER");
            return None;
        }
        Err(fault) => {
            tell_fault(&fault, report);
            return None;
        }
    };
    let mut is_whole = true;
    let name = job.spec.mesos.certificates.as_ref().and_then(|it| it.secret_name.as_ref());
    match name.map(|name| surface.folders.secret(name)) {
        Some(Ok(folder)) => certificates::examine(folder, report),
        Some(Err(missing)) => {
            is_whole = false;
            report.failed("certificates", Reason::SecretMissing, missing);
        }
        None => report.note("certificates", "none: the masters are spoken to in plain HTTP"),
    }
    if let Some(name) = &job.spec.mesos.credentials_secret_name
        && let Err(missing) = surface.folders.secret(name)
    {
        is_whole = false;
        report.failed("credentials", Reason::SecretMissing, missing);
    }
    let servers = masters::look_at_all(&settings, report).await;
    if !is_whole {
        report.note("leader", "not asked: that takes the Secrets that are missing here");
        return servers.from;
    }
    let Some(reached) = masters::find_leader(&settings, &servers, report).await else { return servers.from };
    cluster::examine(job, &settings, report).await;
    Some(reached.from)
}

/// The job's word for a trouble with Mesos.
fn reason(kind: lcmap_mesos::ErrorKind) -> Reason {
    core::reason(ExitReason::from(kind))
}
