//! Several manifests, one after the other.

use std::collections::VecDeque;

use super::job::{Ended, JobRun};
use super::prepare::{Prepared, Surface, prepare};
use super::report::{Event, Reporter, Subject};
use super::signals::Signals;
use super::{Args, Fault, exit};
use crate::manifest::{self, Manifest, Source};

/// Runs every job of every manifest, in order. What is wrong with one is told and keeps none of the others.
///
/// Returns the exit code of the first job that failed, or [`exit::REFUSED`] when all jobs went well and a
/// manifest was refused.
pub(crate) async fn run(args: &Args, surface: &Surface, mut reporter: Reporter) -> u8 {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("lcmap-spark: cannot listen for signals: {error}");
            return exit::FAULT;
        }
    };
    // Every manifest is read and judged before the first job runs, so that a slip of the pen is told now and not
    // after an hour.
    let (mut jobs, mut code) = gather(args, surface, &mut reporter);
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
    for source in args.files.iter().map(|file| Source::from(file.as_path())) {
        for (i, read) in manifest::read(&source).into_iter().enumerate() {
            let mut subject = Subject { file: source.to_string(), document: i + 1, job: None };
            let refused = match read {
                Err(error) => vec![Fault::of_job(error.problem())],
                Ok(manifest) => match manifest.foreign() {
                    Some(foreign) => {
                        let message = format!("{foreign} is not a SparkJob");
                        reporter.tell(&subject, &Event::Skipped { message });
                        continue;
                    }
                    None => match prepare(&manifest, surface) {
                        Err(faults) => faults,
                        Ok(prepared) if source == Source::Stdin && prepared.is_shell() => {
                            vec![Fault::at(
                                "spec.run",
                                "a shell reads standard input, which this manifest took: name its file with -f",
                            )]
                        }
                        Ok(prepared) => {
                            subject.job = name(&manifest);
                            jobs.push_back((subject, prepared));
                            continue;
                        }
                    },
                },
            };
            code.refused = true;
            for Fault { field, message } in refused {
                reporter.tell(&subject, &Event::Refused { field, message });
            }
        }
    }
    (jobs, code)
}

fn name(manifest: &Manifest) -> Option<String> {
    manifest.value.pointer("/metadata/name")?.as_str().map(str::to_owned)
}
