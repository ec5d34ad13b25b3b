//! Distributed jobs on a real Mesos, from a laptop: `lcmap-spark run`.

use mesos as _; // so that cargo builds the library

#[cfg(test)]
mod bed;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod run;
