//! `lcmap-spark doctor`: what stands between a job and its Spark and Mesos, without running it.

mod certificates;
mod cluster;
mod masters;
mod report;

use std::process::ExitCode;

use lcmap_spark_agent::report::ExitReason;
use lcmap_spark_crd::{Mode, Reason, SparkJob, admission};

use crate::core;
use crate::manifest::{self, Manifest, Source};
use crate::run::prepare::{self, Prepared, Surface, prepare};
use crate::run::{self, Fault, exit};
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
            eprintln!("lcmap-spark: the event loop cannot be started: {error}");
            return ExitCode::from(exit::FAULT);
        }
    };
    let mut report = Report::new(args.output);
    for source in args.files.iter().map(|file| Source::from(file.as_path())) {
        for (i, read) in manifest::read(&source).into_iter().enumerate() {
            report.begin(&source, i + 1, read.as_ref().ok());
            match read {
                Err(error) => report.failed("manifest", Reason::SpecInvalid, error.problem()),
                Ok(manifest) => runtime.block_on(examine(&manifest, &surface, &mut report)),
            }
        }
    }
    runtime.shutdown_background();
    report.exit_code()
}

async fn examine(manifest: &Manifest, surface: &Surface, report: &mut Report) {
    if let Some(foreign) = manifest.foreign() {
        return report.note("manifest", format!("{foreign} is not a SparkJob: nothing is checked"));
    }
    match prepare(manifest, surface) {
        Ok(prepared) => tell_prepared(&prepared, surface, report),
        Err(faults) => faults.iter().for_each(|fault| tell_fault(fault, report)),
    }
    // What keeps the job from being run here need not keep its Mesos from being looked at.
    if let Ok(job) = admission::admit(manifest.value.clone())
        && job.spec.mode == Mode::Distributed
    {
        examine_mesos(&job, surface, report).await;
    }
}

fn tell_prepared(prepared: &Prepared, surface: &Surface, report: &mut Report) {
    report.ok("manifest", "is valid, and everything that it names is here");
    report.ok("spark", format!("the driver would run {}", prepared.launcher.place()));
    for warning in &prepared.warnings {
        report.note("manifest", warning.clone());
    }
    match (prepared.job.spec.mode, &surface.libmesos) {
        (Mode::NonDistributed, _) => {
            report.note("mesos", "mode is NonDistributed: nothing of Mesos is used");
        }
        (Mode::Distributed, Some(library)) => report.ok("libmesos", library.display().to_string()),
        (Mode::Distributed, None) => {
            report.note("libmesos", "the job's own, by MESOS_NATIVE_JAVA_LIBRARY, or its image's");
        }
    }
}

fn tell_fault(fault: &Fault, report: &mut Report) {
    let reason = if fault.field.is_some() { Reason::SpecInvalid } else { Reason::ConfigurationFailed };
    report.failed("manifest", reason, fault.to_string());
}

async fn examine_mesos(job: &SparkJob, surface: &Surface, report: &mut Report) {
    let settings = match prepare::mesos(job, &surface.folders) {
        Ok(Some(settings)) => settings,
        Ok(None) => {
            return report.failed("mesos", Reason::MasterRequired, "set spec.mesos.master");
        }
        Err(fault) => return tell_fault(&fault, report),
    };
    let name = job.spec.mesos.certificates.as_ref().and_then(|it| it.secret_name.as_ref());
    match name.map(|name| surface.folders.secret(name)) {
        Some(Ok(folder)) => certificates::examine(folder, report),
        Some(Err(missing)) => return report.failed("certificates", Reason::SecretMissing, missing),
        None => report.note("certificates", "none: the masters are spoken to in plain HTTP"),
    }
    if let Some(name) = &job.spec.mesos.credentials_secret_name
        && let Err(missing) = surface.folders.secret(name)
    {
        return report.failed("credentials", Reason::SecretMissing, missing);
    }
    if let Some(reached) = masters::examine(&settings, report).await {
        cluster::examine(job, &settings, &reached, report).await;
    }
}

/// The job's word for a trouble with Mesos.
fn reason(kind: lcmap_mesos::ErrorKind) -> Reason {
    core::reason(ExitReason::from(kind))
}
