//! PURE: the state of a framework's offers, as the reason of its job.

use jiff::Timestamp;
use lcmap_mesos::{OfferState, Standstill, StandstillCause};
use lcmap_spark_crd::Reason;

use crate::core::Offers;

/// Translates what a framework reports of its offers.
pub(crate) fn of_job(state: OfferState) -> Offers {
    Offers {
        standstill: state.standstill.and_then(reason),
        wanted_since: state.wanted_since.and_then(|second| Timestamp::from_second(second).ok()),
    }
}

fn reason(Standstill { cause, words }: Standstill) -> Option<(Reason, String)> {
    let reason = match cause {
        StandstillCause::NoneWanted => Reason::NoExecutorsWanted,
        StandstillCause::MostTooSmall => Reason::TotalCoresTooSmall,
        StandstillCause::NoOffers => Reason::NoOffers,
        StandstillCause::Declined => Reason::OffersDeclined,
        StandstillCause::TooSmall => Reason::OffersTooSmall,
        StandstillCause::PortMissing => Reason::PortsNotOffered,
        StandstillCause::ConstraintsUnmet => Reason::ConstraintsUnmet,
        StandstillCause::AgentsExcluded => Reason::AgentsExcluded,
        StandstillCause::Unknown => return None,
    };
    Some((reason, words))
}
