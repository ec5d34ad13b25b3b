//! Nothing that a ZooKeeper server may send makes its reader panic.

#![no_main]

use lcmap_mesos::fuzzing::zookeeper;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| zookeeper(bytes));
