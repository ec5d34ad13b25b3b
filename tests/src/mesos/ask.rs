//! What admins ask of a master, and tell it.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use lcmap_mesos::{
    Credential, CredentialSource, Settings,
    operator::{Framework, Operator},
    tls::{Authorities, IdentityFiles, Security, TlsSettings},
};
use serde_json::Value;

use super::{Authority, Bed};

impl Bed {
    /// The first master's state, as its web page reads it. For beds without TLS and credentials.
    pub fn state(&self) -> io::Result<Value> {
        let answer = self.ask("GET /master/state HTTP/1.0\r\n\r\n")?;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).map_err(io::Error::other)
    }

    /// Removes a framework, as an admin does. For beds without TLS and credentials.
    pub fn tear_down(&self, framework: &str) -> io::Result<()> {
        let body = format!("frameworkId={framework}");
        let length = body.len();
        self.ask(&format!("POST /master/teardown HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}"))
            .map(drop)
    }

    /// The frameworks that live on it, connected or not.
    pub fn frameworks(&self) -> Vec<Framework> {
        let security = if self.plan.tls {
            let client = self.pki().client();
            Security::Tls(TlsSettings {
                identity: Some(IdentityFiles { certificate: client.certificate, key: client.key }),
                authorities: Authorities {
                    file: Some(self.pki().authority(Authority::Trusted)),
                    folder: None,
                },
                ..TlsSettings::default()
            })
        } else {
            Security::Plain
        };
        let credential = CredentialSource::Given(Credential::new("operator", "operator-secret"));
        let settings = Settings { masters: self.masters().parse().unwrap(), security, credential };
        let look = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { Operator::new(settings).frameworks().await.unwrap().frameworks })
        };
        self.inside(look).unwrap()
    }

    fn ask(&self, request: &str) -> io::Result<String> {
        let master = self.master(0).address();
        self.inside(|| {
            let mut stream = TcpStream::connect(master)?;
            stream.write_all(request.as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        })?
    }
}
