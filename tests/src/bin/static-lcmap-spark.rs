//! The `lcmap-spark` command of the tests' images.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    lcmap_spark::cli::Cli::parse().run()
}
