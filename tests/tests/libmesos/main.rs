//! libmesos.so in real JVMs, against a real Mesos.

use mesos as _; // so that cargo builds the library

#[cfg(test)]
mod adversity; // first, since its tests wait the longest
#[cfg(test)]
mod backend;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod dispatcher;
#[cfg(test)]
mod job;
#[cfg(test)]
mod spark;
#[cfg(test)]
mod supervised;
