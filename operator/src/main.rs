//! The `lcmap-spark` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    lcmap_spark::cli::Cli::parse().run()
}
