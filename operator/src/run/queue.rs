//! Several manifests, one after the other.

use std::collections::VecDeque;

use super::job::{Ended, JobRun};
use super::prepare::{Prepared, Surface, prepare};
use super::report::{Event, Reporter, Subject};
use super::signals::Signals;
use super::{Args, Fault, exit};
use crate::manifest::{self, Document, Manifest, Source};
use crate::streams;

/// Runs every job of every manifest, in order. A fault of one is reported and keeps none of the others.
///
/// Returns the exit code of the first job that failed, or [`exit::REFUSED`] when all jobs went well and a
/// manifest was refused.
pub(crate) async fn run(args: &Args, surface: &Surface, mut reporter: Reporter) -> u8 {
    // Every manifest is read and judged before the first job runs, so that a slip of the pen shows now and not
    // after an hour.
    let (mut jobs, mut code) = gather(args, surface, &mut reporter);
    // Not before: a manifest may come through a pipe to which nobody writes, and until a job runs a signal may end us at once.
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            streams::complain(format!("cannot listen for signals: {error}"));
            return exit::FAULT;
        }
    };
    while let Some((subject, prepared)) = jobs.pop_front() {
        let run = JobRun::new(subject, prepared, args, &mut reporter);
        match run.finish(&mut signals).await {
            Ended::ByItself(own) => code = first(code, own),
            Ended::OnRequest(own) => {
                code = first(code, own);
                for (subject, _) in jobs.drain(..) {
                    reporter.tell(&subject, &Event::Skipped { message: "not started: asked to stop".into() });
                }
            }
        }
    }
    code.result()
}

/// What the exit code will be.
#[derive(Debug, Clone, Copy, Default)]
struct Code {
    job: Option<u8>,
    refused: bool,
}

impl Code {
    fn result(self) -> u8 {
        self.job.unwrap_or(if self.refused { exit::REFUSED } else { 0 })
    }
}

fn first(code: Code, own: u8) -> Code {
    Code { job: code.job.or(Some(own).filter(|own| *own != 0)), ..code }
}

type Jobs = VecDeque<(Subject, Prepared)>;

fn gather(args: &Args, surface: &Surface, reporter: &mut Reporter) -> (Jobs, Code) {
    let (mut jobs, mut code) = (Jobs::new(), Code::default());
    for document in manifest::read(&args.files) {
        let (subject, faults) = match document {
            Document::Job(manifest) => match prepared(&manifest, surface) {
                Ok(prepared) => {
                    let job = manifest.name().map(str::to_owned);
                    jobs.push_back((Subject { job, ..Subject::of(&manifest.origin) }, prepared));
                    continue;
                }
                Err(faults) => (Subject::of(&manifest.origin), faults),
            },
            Document::Foreign { origin, .. } if origin.source.is_found() => continue,
            Document::Foreign { origin, name } => {
                let message = format!("{name} is not a SparkJob");
                reporter.tell(&Subject::of(&origin), &Event::Skipped { message });
                continue;
            }
            Document::Faulty(error) => {
                (Subject::of(&error.origin), vec![Fault::of_job(error.fault.to_string())])
            }
        };
        code.refused = true;
        for Fault { field, message } in faults {
            reporter.tell(&subject, &Event::Refused { field, message });
        }
    }
    (jobs, code)
}

fn prepared(manifest: &Manifest, surface: &Surface) -> Result<Prepared, Vec<Fault>> {
    let prepared = prepare(manifest, surface)?;
    if manifest.origin.source == Source::Stdin && prepared.is_shell() {
        return Err(vec![Fault::at(
            "spec.run",
            "a shell reads standard input, which this manifest took: name its file instead of -",
        )]);
    }
    Ok(prepared)
}
