//! Beds and harness of the integration tests.
