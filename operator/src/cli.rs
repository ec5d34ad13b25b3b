//! The command line of `lcmap-spark`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{controller, crd, doctor, run, validate};

/// The same SparkJob on this machine, on Kubernetes and on Mesos.
#[derive(Debug, Parser)]
#[command(name = "lcmap-spark", version, about, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run SparkJobs on this machine, without any cluster
    Run(run::Args),
    /// Say what stands between SparkJobs and their Spark and Mesos, without running them
    Doctor(run::Args),
    /// Look after SparkJobs in Kubernetes: what the chart runs
    Operator(Box<controller::Args>),
    /// Say what an API server would refuse, without one
    Validate(validate::Args),
    /// Print the CustomResourceDefinition of SparkJob, or its reference
    Crd(crd::Args),
    /// Be the agent beside a driver: what `run` starts
    #[command(hide = true, disable_help_flag = true)]
    Agent {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Become another program, that ends when the parent does: what `run` starts container engines by
    #[command(hide = true)]
    Leash {
        /// The process whose end ends it
        #[arg(long, value_name = "PID")]
        parent: i32,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Run(args) => run::main(&args),
            Command::Doctor(args) => doctor::main(&args),
            Command::Operator(args) => controller::main(&args),
            Command::Validate(args) => validate::main(&args),
            Command::Crd(args) => crd::main(&args),
            Command::Agent { args } => {
                lcmap_spark_agent::command::main(std::iter::once("lcmap-spark agent".into()).chain(args))
            }
            Command::Leash { parent, command } => run::leash::main(parent, &command),
        }
    }
}
