//! Which TLS implementation speaks to the site, and whom it trusts. Always chosen by name: another
//! crate in the build may switch reqwest's own default.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// The implementation that speaks TLS.
///
/// Neither covers all old servers: OpenSSL speaks CBC, RSA key exchange and DHE, which rustls
/// refuses; rustls reaches servers without the secure-renegotiation extension, which OpenSSL refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsBackend {
    /// rustls with ring.
    #[cfg(feature = "rustls-tls")]
    Rustls,
    /// The system's own library.
    #[cfg(feature = "native-tls")]
    Native,
}

impl TlsBackend {
    /// The one used unless another is asked for: rustls where it is built in.
    pub fn default_backend() -> Option<Self> {
        #[cfg(feature = "rustls-tls")]
        return Some(Self::Rustls);
        #[cfg(all(feature = "native-tls", not(feature = "rustls-tls")))]
        return Some(Self::Native);
        #[cfg(not(any(feature = "rustls-tls", feature = "native-tls")))]
        None
    }
}

/// TLS made ready once and shared by all sessions of a client.
#[derive(Clone)]
pub(crate) enum Tls {
    /// No backend is built in, and none is needed: the site is plain http.
    #[cfg(not(any(feature = "rustls-tls", feature = "native-tls")))]
    None,
    #[cfg(feature = "rustls-tls")]
    Rustls(Box<rustls::ClientConfig>),
    #[cfg(feature = "native-tls")]
    Native(Vec<reqwest::Certificate>),
}

impl Tls {
    /// Reads the system's roots and the extra ones.
    pub(crate) fn prepare(backend: Option<TlsBackend>, extra_ca: Option<&Path>) -> Result<Self, Error> {
        match backend {
            #[cfg(feature = "rustls-tls")]
            Some(TlsBackend::Rustls) => prepare_rustls(extra_ca),
            #[cfg(feature = "native-tls")]
            Some(TlsBackend::Native) => prepare_native(extra_ca),
            _ => {
                let _ = extra_ca;
                Err(Error::Setup(
                    "the site is https and no TLS backend is built in: enable rustls-tls or native-tls"
                        .into(),
                ))
            }
        }
    }

    /// For a site of plain http (a stand-in), which must work on a machine without any certificate:
    /// a backend with an empty trust store. Left to itself reqwest would look for one, and panic.
    pub(crate) fn unused() -> Result<Self, Error> {
        #[cfg(feature = "rustls-tls")]
        return rustls_config().map(|builder| {
            let config = builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
            Self::Rustls(Box::new(config))
        });
        #[cfg(all(feature = "native-tls", not(feature = "rustls-tls")))]
        return Ok(Self::Native(Vec::new()));
        #[cfg(not(any(feature = "rustls-tls", feature = "native-tls")))]
        Ok(Self::None)
    }

    pub(crate) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match self {
            #[cfg(not(any(feature = "rustls-tls", feature = "native-tls")))]
            Self::None => builder,
            #[cfg(feature = "rustls-tls")]
            Self::Rustls(config) => builder.tls_backend_preconfigured((**config).clone()),
            #[cfg(feature = "native-tls")]
            Self::Native(certificates) => {
                builder.tls_backend_native().tls_certs_merge(certificates.iter().cloned())
            }
        }
    }
}

#[allow(dead_code, reason = "unused where no backend is built in")]
fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Error {
    let path: PathBuf = path.to_owned();
    Error::Setup(format!("the extra CA file {} cannot be used: {why}", path.display()))
}

/// The text of a PEM file. Windows editors put a byte order mark before it, which PEM does not know.
#[allow(dead_code, reason = "unused where no backend is built in")]
fn pem(path: &Path) -> Result<Vec<u8>, Error> {
    let pem = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(pem.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(pem))
}

#[cfg(feature = "rustls-tls")]
fn prepare_rustls(extra_ca: Option<&Path>) -> Result<Tls, Error> {
    use std::sync::Arc;

    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;

    let extra: Vec<CertificateDer<'static>> = match extra_ca {
        None => Vec::new(),
        Some(path) => CertificateDer::pem_slice_iter(&pem(path)?)
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable(path, &error))?,
    };
    if let (Some(path), true) = (extra_ca, extra.is_empty()) {
        return Err(unreadable(path, &"it holds no PEM certificate"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider)
        .map_err(|error| extra_ca.map_or_else(|| no_rustls(&error), |path| unreadable(path, &error)))?;
    let config = rustls_config()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Tls::Rustls(Box::new(config)))
}

#[cfg(feature = "rustls-tls")]
fn rustls_config() -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>, Error> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| no_rustls(&error))
}

#[cfg(feature = "rustls-tls")]
fn no_rustls(error: &dyn std::fmt::Display) -> Error {
    Error::Setup(format!("TLS (rustls) cannot be set up: {error}"))
}

#[cfg(feature = "native-tls")]
fn prepare_native(extra_ca: Option<&Path>) -> Result<Tls, Error> {
    let Some(path) = extra_ca else { return Ok(Tls::Native(Vec::new())) };
    let certificates =
        reqwest::Certificate::from_pem_bundle(&pem(path)?).map_err(|error| unreadable(path, &error))?;
    if certificates.is_empty() {
        return Err(unreadable(path, &"it holds no PEM certificate"));
    }
    Ok(Tls::Native(certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_ca_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for content in
            [None, Some(""), Some("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")]
        {
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let error = Tls::prepare(TlsBackend::default_backend(), Some(&path)).err().map(|e| e.to_string());
            assert!(error.as_deref().is_some_and(|e| e.contains("ca.pem")), "{error:?}");
        }
    }
}
