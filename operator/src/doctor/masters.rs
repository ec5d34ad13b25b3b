//! The way to the masters: names, connections, TLS, who leads, and whether principal and secret are taken.

use std::net::IpAddr;

use lcmap_mesos::tls::Security;
use lcmap_mesos::{Error, ErrorKind, HostPort, Master, Masters, Probed, Reached, Settings};

use super::certificates;
use super::reason;
use super::report::Report;

/// What a look at every server that is named came to.
pub(super) struct Servers {
    /// The address here that the first of them was reached from.
    pub(super) from: Option<IpAddr>,
    /// What is wrong, in the words of the look.
    told: Vec<String>,
}

/// Looks at every server that is named.
pub(super) async fn look_at_all(settings: &Settings, report: &mut Report) -> Servers {
    let (named, security, check) = match &settings.masters {
        Masters::Listed(masters) => (masters, &settings.security, "master"),
        Masters::Elected(ensemble) => (&ensemble.servers, &Security::Plain, "zookeeper"),
    };
    let mut servers = Servers { from: None, told: Vec::new() };
    for at in named {
        let probed = look(at.clone().into(), security, check, report).await;
        servers.from = servers.from.or(probed.connected.map(|(_, from)| from));
        servers.told.extend(probed.trouble.map(|error| error.to_string()));
    }
    servers
}

/// Looks for the leader, as the agent does before Spark starts.
pub(super) async fn find_leader(
    settings: &Settings,
    servers: &Servers,
    report: &mut Report,
) -> Option<Reached> {
    match lcmap_mesos::preflight(settings).await {
        Ok(reached) => {
            tell_leader(settings, &reached, report).await;
            Some(reached)
        }
        Err(error) => {
            let check = if error.kind() == ErrorKind::CredentialsRefused { "credentials" } else { "leader" };
            if !servers.told.contains(&error.to_string()) {
                report.failed(check, reason(error.kind()), error.to_string());
            }
            None
        }
    }
}

async fn tell_leader(settings: &Settings, reached: &Reached, report: &mut Report) {
    let master = &reached.master;
    report.ok("leader", format!("{} leads", master.at));
    let is_seen = matches!(&settings.masters, Masters::Listed(named) if named.contains(&master.at));
    if !is_seen {
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

/// Looks at one server, and tells what is wrong with it.
async fn look(master: Master, security: &Security, check: &str, report: &mut Report) -> Probed {
    let probed = lcmap_mesos::probe(&master, security).await;
    tell(&master.at, &probed, check, report);
    if let Some(error) = &probed.trouble {
        report.failed(check, reason(error.kind()), error.to_string());
    }
    probed
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
