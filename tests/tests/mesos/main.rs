//! lcmap-mesos against a real Mesos, and the bed that it runs on.

#[cfg(test)]
mod adversity;
#[cfg(test)]
mod bed;
#[cfg(test)]
mod docker;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod leader;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod scheduler;
#[cfg(test)]
mod updates;
