//! The agent as a process: with a Spark made of shell scripts, as a child, as a real PID 1, at a real terminal.

#[cfg(test)]
mod configuration;
#[cfg(test)]
mod exec;
#[cfg(test)]
mod image;
#[cfg(test)]
mod launch_failures;
#[cfg(test)]
mod output;
#[cfg(test)]
mod pid1;
#[cfg(test)]
mod preflight;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod support;
#[cfg(test)]
mod terminal;
