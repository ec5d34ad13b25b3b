//! The agent of the tests' images and containers.

use std::process::ExitCode;

fn main() -> ExitCode {
    lcmap_spark_agent::command::main(std::env::args_os())
}
