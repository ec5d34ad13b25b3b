//! Beds and harness of the integration tests.

pub mod kubernetes;
