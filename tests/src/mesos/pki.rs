//! Certificates for a bed: an authority, a stranger, and what they sign. RSA keys, as most clusters have.

use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

/// The authority that signs: the one that the bed trusts, or one that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// The one in every `ca.crt` of the bed.
    Trusted,
    /// Another one, of which nobody has heard.
    Stranger,
}

/// The files of one identity.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM (PKCS#8).
    pub key: PathBuf,
}

/// The certificates of a bed, in a folder of their own.
#[derive(Debug)]
pub struct Pki {
    keys: PathBuf,
    folder: PathBuf,
    ip: IpAddr,
}

impl Pki {
    /// Signs a certificate for the server at `ip`, with what `change` makes of it, and one for a client. `keys` holds the RSA keys
    /// of the assembled bed.
    pub(super) fn create(
        keys: &Path,
        folder: PathBuf,
        ip: IpAddr,
        change: fn(&mut CertificateParams),
    ) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let pki = Self { keys: keys.to_owned(), folder, ip };
        for authority in [Authority::Trusted, Authority::Stranger] {
            fs::write(pki.authority(authority), pki.issuer(authority)?.pem())?;
        }
        pki.issue(Authority::Trusted, change)?;
        Ok(pki)
    }

    /// Has the stranger sign all certificates anew and puts it in the trusted one's place: whoever starts from now on trusts
    /// it alone.
    pub fn change_authority(&self) -> io::Result<()> {
        fs::copy(self.authority(Authority::Stranger), self.authority(Authority::Trusted))?;
        self.issue(Authority::Stranger, |_| {})
    }

    fn issue(&self, by: Authority, change: fn(&mut CertificateParams)) -> io::Result<()> {
        self.sign("server", by, |parameters| {
            parameters.subject_alt_names = vec![SanType::IpAddress(self.ip)];
            change(parameters);
        })?;
        self.sign("client", by, |_| {}).map(drop)
    }

    /// The certificate file of an authority.
    pub fn authority(&self, authority: Authority) -> PathBuf {
        self.folder.join(match authority {
            Authority::Trusted => "ca.crt",
            Authority::Stranger => "stranger.crt",
        })
    }

    /// What masters and agents show.
    pub fn server(&self) -> Identity {
        self.identity("server")
    }

    /// What a client may show.
    pub fn client(&self) -> Identity {
        self.identity("client")
    }

    /// Signs another certificate for the client's (or, named `server`, the server's) key, with what `change` makes of it.
    pub fn sign(
        &self,
        name: &str,
        by: Authority,
        change: impl FnOnce(&mut CertificateParams),
    ) -> io::Result<Identity> {
        let key_name = if name == "server" { "server" } else { "client" };
        let key = self.key(key_name)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        parameters.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &*self.issuer(by)?).map_err(io::Error::other)?;
        let identity = self.identity(name);
        fs::write(&identity.certificate, certificate.pem())?;
        fs::copy(self.keys.join(format!("{key_name}.key")), &identity.key)?;
        Ok(identity)
    }

    fn identity(&self, name: &str) -> Identity {
        Identity {
            certificate: self.folder.join(format!("{name}.crt")),
            key: self.folder.join(format!("{name}.key")),
        }
    }

    fn issuer(&self, authority: Authority) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
        let name = match authority {
            Authority::Trusted => "authority",
            Authority::Stranger => "stranger",
        };
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, format!("lcmap bed {name}"));
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        CertifiedIssuer::self_signed(parameters, self.key(name)?).map_err(io::Error::other)
    }

    fn key(&self, name: &str) -> io::Result<KeyPair> {
        let pem = fs::read_to_string(self.keys.join(format!("{name}.key")))?;
        KeyPair::from_pem(&pem).map_err(io::Error::other)
    }
}

/// Makes a certificate one that has expired.
pub fn expired(parameters: &mut CertificateParams) {
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2021, 1, 1);
}

/// Makes a certificate one that ends in some days.
pub fn ending(parameters: &mut CertificateParams) {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(1970, 1, 1) + now + Duration::from_secs(4 * 24 * 60 * 60);
}

/// Makes a certificate one that is not valid yet.
pub fn early(parameters: &mut CertificateParams) {
    parameters.not_before = date_time_ymd(2090, 1, 1);
    parameters.not_after = date_time_ymd(2091, 1, 1);
}

/// Makes a certificate one for a name, and for no address.
pub fn named(parameters: &mut CertificateParams) {
    parameters.subject_alt_names = NAME.try_into().map(SanType::DnsName).into_iter().collect();
}

/// The name that [`named`] gives.
pub const NAME: &str = "master.lcmap.test";
