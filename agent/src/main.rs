//! `lcmap-agent`: the agent on its own, to be copied into any image.

use std::process::ExitCode;

fn main() -> ExitCode {
    lcmap_spark_agent::command::main(std::env::args_os())
}
