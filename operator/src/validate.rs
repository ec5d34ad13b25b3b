//! `lcmap-spark validate`: what an API server would refuse, without one.

use std::process::ExitCode;

use crate::manifest::{self, Document, Files};
use crate::run::exit;
use crate::run::prepare::admit;
use crate::{streams, warnings};

/// Arguments of `lcmap-spark validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: Files,
}

/// What was found.
#[derive(Debug, Default)]
struct Tally {
    valid: usize,
    refused: usize,
    skipped: usize,
    warnings: usize,
}

/// Judges every document of every file; exit code 0 when none is refused.
pub(crate) fn main(args: &Args) -> ExitCode {
    let mut tally = Tally::default();
    for document in manifest::read(&args.files) {
        judge(document, &mut tally);
    }
    let Tally { valid, refused, skipped, warnings } = tally;
    let warnings = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        several => format!(", {several} warnings"),
    };
    streams::print(format!("{valid} valid, {refused} refused, {skipped} not SparkJobs{warnings}"));
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(exit::REFUSED) }
}

fn judge(document: Document, tally: &mut Tally) {
    let manifest = match document {
        Document::Job(manifest) => manifest,
        Document::Foreign { .. } => {
            tally.skipped += 1;
            return;
        }
        Document::Faulty(error) => {
            tally.refused += 1;
            return streams::print(error);
        }
    };
    match admit(&manifest) {
        Ok(job) => {
            tally.valid += 1;
            for warning in warnings::of(&manifest, &job) {
                tally.warnings += 1;
                streams::print(format!("{}: warning: {warning}", manifest.origin));
            }
        }
        Err(faults) => {
            tally.refused += 1;
            for fault in faults {
                streams::print(format!("{}: {fault}", manifest.origin));
            }
        }
    }
}
