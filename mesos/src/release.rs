//! The end of a framework whose own scheduler is gone.

use crate::{
    FrameworkInfo, Settings,
    error::Error,
    operator::{Operator, Teardown},
    scheduler::{TakeDownError, take_down},
};

/// Tears down a framework by the operator API, or, where that is not allowed (401, 403, 404), as its own scheduler, which
/// needs no ACL: with the same id, user and role, and this principal.
///
/// Only for a framework whose scheduler is gone: a living one would lose its framework to ours.
///
/// # Errors
/// When the master has not confirmed that the framework is gone.
pub async fn release(
    operator: &mut Operator,
    settings: &Settings,
    mut framework: FrameworkInfo,
) -> Result<Teardown, TakeDownError> {
    match operator.teardown(&framework.id().unwrap_or_default()).await {
        Err(Error::Unauthenticated { .. } | Error::Forbidden { .. } | Error::NotMesos { .. }) => {
            if let Some(credential) = settings.credential.read().map_err(Error::from)? {
                framework = framework.with_principal(&credential.principal);
            }
            take_down(settings.clone(), framework).await
        }
        answer => Ok(answer?),
    }
}
