use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose as Usage, IsCa,
    KeyPair, KeyUsagePurpose,
};
use serde_json::json;

use super::{Error, Result};

/// A certificate authority of the bed, and the folder that its certificates are written to.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    name: &'static str,
}

/// A certificate and its key, as files.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The user of a client certificate: to Kubernetes the common name is the user, the organization its group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) user: &'a str,
    pub(crate) group: Option<&'a str>,
}

impl Authority {
    /// A new authority; its certificate is `<name>.crt` in `folder`.
    pub(crate) fn new(folder: PathBuf, name: &'static str) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let authority = Self { issuer, folder, name };
        authority.write(name, &authority.issuer.pem(), &authority.issuer.key().serialize_pem())?;
        Ok(authority)
    }

    /// Another authority, whose files are beside this one's.
    pub(crate) fn sibling(&self, name: &'static str) -> Result<Self> {
        Self::new(self.folder.clone(), name)
    }

    /// The authority's own certificate and key.
    pub(crate) fn pair(&self) -> Pair {
        self.pair_of(self.name)
    }

    /// A certificate for a server with these names and addresses.
    pub(crate) fn server(&self, name: &str, reached_as: &[&str]) -> Result<Pair> {
        let names: Vec<String> = reached_as.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        self.issue(name, params, Usage::ServerAuth)
    }

    /// A certificate for a client.
    pub(crate) fn client(&self, name: &str, identity: Identity) -> Result<Pair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, identity.user);
        if let Some(group) = identity.group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        self.issue(name, params, Usage::ClientAuth)
    }

    /// A kubeconfig for a client of the API server at `server`.
    pub(crate) fn kubeconfig(&self, name: &str, identity: Identity, server: &str) -> Result<PathBuf> {
        let pair = self.client(name, identity)?;
        let encoded = |path: &PathBuf| {
            fs::read(path).map(|pem| STANDARD.encode(pem)).map_err(Error::file("read", path))
        };
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "bed",
            "clusters": [{"name": "bed", "cluster": {
                "server": server, "certificate-authority-data": STANDARD.encode(self.issuer.pem())}}],
            "users": [{"name": identity.user, "user": {
                "client-certificate-data": encoded(&pair.certificate)?, "client-key-data": encoded(&pair.key)?}}],
            "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": identity.user}}],
        });
        let path = self.folder.join(format!("{name}.kubeconfig"));
        fs::write(&path, config.to_string()).map_err(Error::file("write", &path))?;
        Ok(path)
    }

    fn issue(&self, name: &str, mut params: CertificateParams, usage: Usage) -> Result<Pair> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        self.write(name, &certificate.pem(), &key.serialize_pem())
    }

    fn write(&self, name: &str, certificate: &str, key: &str) -> Result<Pair> {
        let pair = self.pair_of(name);
        fs::write(&pair.certificate, certificate).map_err(Error::file("write", &pair.certificate))?;
        fs::write(&pair.key, key).map_err(Error::file("write", &pair.key))?;
        Ok(pair)
    }

    fn pair_of(&self, name: &str) -> Pair {
        Pair {
            certificate: self.folder.join(format!("{name}.crt")),
            key: self.folder.join(format!("{name}.key")),
        }
    }
}
