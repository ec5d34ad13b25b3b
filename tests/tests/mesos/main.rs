//! lcmap-mesos against a real Mesos.

mod bed;
mod driver;
mod faults;
mod leader;
mod operator;
mod scheduler;
