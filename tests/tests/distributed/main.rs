//! Distributed jobs on a real Mesos, from a laptop: `lcmap-spark run` and `lcmap-spark doctor`.
//!
//! Each fault asks: what did the user see, did the job end as it should, what is left on the master?

use mesos as _; // so that cargo builds the library

#[cfg(test)]
mod bed;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod change_detection;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod debts;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod executors;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod notebook;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod run;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod verbatim;
