//! A job and its pod, both ways.
