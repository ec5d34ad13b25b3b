//! What a driver may have left on Mesos that its own agent did not settle, since it was killed with it.

use std::path::Path;

use lcmap_mesos::{Settings, read_plain_file, read_states};

use crate::certificates;
use crate::mesos;
use crate::own_folder;
use crate::plan::{self, LaunchPlan, Master};
use crate::private;

/// Tears down what the frameworks of a state folder left on Mesos, and gives the ids of what may still be there, with the
/// reason. The driver must be gone. Waits for Mesos for at most 15 s; not to be called within a tokio runtime.
pub fn settle(settings: &Settings, state: &Path) -> Vec<(String, String)> {
    mesos::settle(settings, &read_states(state))
}

/// The same for the driver of a launch plan, with the certificates and credentials that the plan names.
pub fn settle_plan(plan: &Path, state: &Path) -> Vec<(String, String)> {
    let frameworks = read_states(state);
    let settings = read_plain_file(plan, plan::MAX_BYTES)
        .map_err(|error| error.to_string())
        .and_then(|text| String::from_utf8(text).map_err(|error| error.to_string()))
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

/// Removes the private folder of an agent that was killed. What has no such folder's name, or is not this user's alone, stays:
/// whoever writes the state file may name anything.
pub fn wipe(folder: &Path) {
    // Best effort: the next agent sweeps what stays.
    let _ = own_folder::remove(folder, private::PREFIX);
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::DirBuilderExt;

    use super::*;

    #[test]
    fn only_what_has_the_name_of_a_private_folder_is_wiped() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = parent.path().join(name);
            std::fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
            wipe(&path);
            path.exists()
        };
        assert!(!folder(&format!("{}AbCdEf", private::PREFIX)));
        assert!(folder("home"));
    }
}
