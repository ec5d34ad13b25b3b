//! `lcmap-spark validate`: what an API server would refuse, without one.

use std::path::PathBuf;
use std::process::ExitCode;

use lcmap_spark_crd::admission;

use crate::manifest::{self, Source};
use crate::run::exit;
use crate::run::prepare::refused;

/// Arguments of `lcmap-spark validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Manifests to judge; - is standard input
    #[arg(short, long = "filename", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug, Default)]
struct Tally {
    valid: usize,
    refused: usize,
    skipped: usize,
}

/// Judges every document of every file; exit code 0 when none is refused.
pub(crate) fn main(args: &Args) -> ExitCode {
    let mut tally = Tally::default();
    for source in args.files.iter().map(|file| Source::from(file.as_path())) {
        for document in manifest::read(&source) {
            judge(document, &mut tally);
        }
    }
    let Tally { valid, refused, skipped } = tally;
    println!("{valid} valid, {refused} refused, {skipped} not SparkJobs");
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(exit::REFUSED) }
}

fn judge(document: Result<manifest::Manifest, manifest::ManifestError>, tally: &mut Tally) {
    let manifest = match document {
        Ok(manifest) => manifest,
        Err(error) => {
            tally.refused += 1;
            return println!("{error}");
        }
    };
    if manifest.foreign().is_some() {
        tally.skipped += 1;
        return;
    }
    match admission::admit(manifest.value.clone()) {
        Ok(_) => tally.valid += 1,
        Err(violations) => {
            tally.refused += 1;
            for fault in violations.iter().map(|violation| refused(&manifest, violation)) {
                println!("{}: {fault}", manifest.origin);
            }
        }
    }
}
