//! `lcmap-spark crd`: what a cluster, or a reader, needs to know of SparkJob.

use std::io::Write;
use std::process::ExitCode;

use crate::run::exit;
use crate::streams;

/// Arguments of `lcmap-spark crd`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print it
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Format {
    /// For people, and for `kubectl apply -f -`
    #[default]
    Yaml,
    /// For programs
    Json,
    /// The reference of every field, for readers
    Markdown,
}

/// Prints it.
pub(crate) fn main(args: &Args) -> ExitCode {
    match print(args.output) {
        Ok(()) => ExitCode::SUCCESS,
        // `| head` has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            streams::complain(format!("the definition cannot be printed: {error}"));
            ExitCode::from(exit::FAULT)
        }
    }
}

fn print(format: Format) -> std::io::Result<()> {
    let text = match format {
        Format::Yaml => lcmap_spark_crd::crd_yaml().map_err(std::io::Error::other)?,
        Format::Json => serde_json::to_string_pretty(&lcmap_spark_crd::crd())? + "\n",
        Format::Markdown => lcmap_spark_crd::reference::markdown(),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
