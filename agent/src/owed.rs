//! What a driver may have left on Mesos that its own agent did not settle, since it was killed with it.

use std::path::Path;

use lcmap_mesos::{Settings, read_states};

use crate::certificates;
use crate::mesos;
use crate::plan::{LaunchPlan, Master};

/// Tears down what the frameworks of a state folder left on Mesos, and gives the ids of what may still be there, with the
/// reason. The driver must be gone. Waits for Mesos for at most 15 s; not to be called within a tokio runtime.
pub fn settle(settings: &Settings, state: &Path) -> Vec<(String, String)> {
    mesos::settle(settings, &read_states(state))
}

/// The same for the driver of a launch plan, with the certificates and credentials that the plan names.
pub fn settle_plan(plan: &Path, state: &Path) -> Vec<(String, String)> {
    let frameworks = read_states(state);
    let settings = std::fs::read_to_string(plan)
        .map_err(|error| error.to_string())
        .and_then(|text| LaunchPlan::parse(&text).map_err(|error| error.to_string()))
        .and_then(|plan| of_plan(&plan));
    match settings {
        Ok(Some(settings)) => mesos::settle(&settings, &frameworks),
        Ok(None) => Vec::new(),
        Err(why) => frameworks
            .into_iter()
            .filter_map(|framework| Some((framework.state.framework_id?, why.clone())))
            .collect(),
    }
}

fn of_plan(plan: &LaunchPlan) -> Result<Option<Settings>, String> {
    let Master::Mesos(mesos) = &plan.master else { return Ok(None) };
    let certificates = plan
        .certificates
        .as_ref()
        .map(|certificates| certificates::read(&certificates.source))
        .transpose()
        .map_err(|error| error.to_string())?;
    let files = certificates.map(|bundle| bundle.files);
    mesos::settings(mesos, files.as_ref()).map(Some).map_err(|error| error.to_string())
}
