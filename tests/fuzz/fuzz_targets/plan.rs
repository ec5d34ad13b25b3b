//! No text makes the plan's reader panic, and whatever it takes it writes and reads back the same.

#![no_main]

use lcmap_spark_agent::plan::LaunchPlan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(plan) = LaunchPlan::parse(text) {
        let written = plan.encode().expect("a plan that was read can be written");
        assert_eq!(LaunchPlan::parse(&written).expect("a plan that was written can be read"), plan);
    }
});
