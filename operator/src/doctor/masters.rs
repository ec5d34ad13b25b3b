//! The way to the masters: names, connections, TLS, who leads, and whether principal and secret are taken.

use lcmap_mesos::tls::Security;
use lcmap_mesos::{Error, ErrorKind, HostPort, Master, Masters, Probed, Reached, Settings};

use super::certificates;
use super::reason;
use super::report::Report;

/// Looks at every server that is named, then for the leader, as the agent does before Spark starts.
pub(super) async fn examine(settings: &Settings, report: &mut Report) -> Option<Reached> {
    let mut told = Vec::new();
    let named = match &settings.masters {
        Masters::Listed(masters) => {
            for at in masters {
                told.extend(look(at.clone().into(), &settings.security, "master", report).await);
            }
            masters.clone()
        }
        Masters::Elected(ensemble) => {
            for at in &ensemble.servers {
                look(at.clone().into(), &Security::Plain, "zookeeper", report).await;
            }
            Vec::new()
        }
    };
    match lcmap_mesos::preflight(settings).await {
        Ok(reached) => {
            tell_leader(settings, &named, &reached, report).await;
            Some(reached)
        }
        Err(error) => {
            let check = if error.kind() == ErrorKind::CredentialsRefused { "credentials" } else { "leader" };
            if !told.contains(&error.to_string()) {
                report.failed(check, reason(error.kind()), error.to_string());
            }
            None
        }
    }
}

async fn tell_leader(settings: &Settings, named: &[HostPort], reached: &Reached, report: &mut Report) {
    let master = &reached.master;
    report.ok("leader", format!("{} leads", master.at));
    if !named.contains(&master.at) {
        look(master.clone(), &settings.security, "master", report).await;
    }
    match settings.credential.read() {
        Ok(Some(credential)) => {
            report.ok("credentials", format!("taken as those of {:?}", credential.principal));
        }
        Ok(None) => report.note("credentials", "none are sent, and none are asked for"),
        Err(error) => {
            let error = Error::from(error);
            report.failed("credentials", reason(error.kind()), error.to_string());
        }
    }
}

/// Looks at one server, and gives what is wrong with it.
async fn look(master: Master, security: &Security, check: &str, report: &mut Report) -> Option<String> {
    let probed = lcmap_mesos::probe(&master, security).await;
    tell(&master.at, &probed, check, report);
    let error = probed.trouble?;
    report.failed(check, reason(error.kind()), error.to_string());
    Some(error.to_string())
}

fn tell(at: &HostPort, probed: &Probed, check: &str, report: &mut Report) {
    let addresses: Vec<String> = probed.addresses.iter().map(ToString::to_string).collect();
    if let Some((peer, from)) = &probed.connected {
        let stands_for = if addresses == [at.host.as_str()] {
            String::new()
        } else {
            format!("stands for {}, and ", addresses.join(", "))
        };
        report.ok(check, format!("{at} {stands_for}accepts connections at {peer}, from {from}"));
    } else if !addresses.is_empty() {
        report.note(check, format!("{at} stands for {}", addresses.join(", ")));
    }
    let Some(agreed) = &probed.agreed else { return };
    let (certificate, soon) = certificates::of_master(&agreed.certificate);
    let message = format!("{at} speaks {}, {}; {certificate}", agreed.version, agreed.cipher_suite);
    match &probed.trouble {
        None => report.ok("tls", message),
        Some(_) => report.note("tls", message),
    }
    if let Some(soon) = soon {
        report.note("tls", soon);
    }
}
