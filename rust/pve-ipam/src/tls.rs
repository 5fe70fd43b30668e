//! TLS to servers whose certificate has a known fingerprint, or is trusted by this host.

use std::sync::Arc;

use ring::digest::{SHA256, digest};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};

use crate::validity;

/// Where Debian keeps what it trusts.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Wraps a connection in TLS. What went wrong is told in a few words.
pub(crate) async fn connect(
    stream: TcpStream,
    host: &str,
    fingerprint: Option<&str>,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let config = config(fingerprint).map_err(|error| error.to_string())?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    connected.map_err(|error| {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
        match tls {
            Some(TlsError::InvalidCertificate(_)) => "certificate verify failed".to_owned(),
            _ => error.to_string(),
        }
    })
}

fn config(fingerprint: Option<&str>) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(provider::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let trust = match fingerprint {
        Some(fingerprint) => Trust::Fingerprint(fingerprint.to_owned()),
        None => Trust::Host(Trusted::new(&provider)),
    };
    let verifier = Arc::new(Verifier { trust, provider });
    let config = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(config.with_no_client_auth())
}

/// What this host trusts: certificates that its authorities have signed, and as OpenSSL does, one that stands among
/// them itself, even if it says that it is an authority, as self-signed ones often do.
#[derive(Debug)]
struct Trusted {
    certificates: Vec<CertificateDer<'static>>,
    /// Absent where nothing is trusted at all.
    by_authority: Option<Arc<WebPkiServerVerifier>>,
}

impl Trusted {
    fn new(provider: &Arc<CryptoProvider>) -> Trusted {
        // What LWP and OpenSSL let the environment choose.
        let chosen = ["PERL_LWP_SSL_CA_FILE", "SSL_CERT_FILE"].iter().find_map(std::env::var_os);
        let path = chosen.unwrap_or_else(|| TRUSTED.into());
        let read = CertificateDer::pem_file_iter(path);
        let certificates: Vec<_> = read.into_iter().flatten().flatten().collect();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        Trusted { certificates, by_authority: builder.build().ok() }
    }

    /// Whether the certificate is itself trusted, in time, and the server's.
    fn is_listed(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> bool {
        let in_time = validity::of(certificate)
            .is_some_and(|(first, last)| (first..=last).contains(&now.as_secs()));
        let is_named = ParsedCertificate::try_from(certificate)
            .is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok());
        in_time && is_named && self.certificates.iter().any(|listed| listed == certificate)
    }
}

/// The SHA-256 of a certificate as OpenSSL writes it.
fn fingerprint_of(certificate: &CertificateDer<'_>) -> String {
    let digest = digest(&SHA256, certificate.as_ref());
    let bytes: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// Which certificates a server may have.
#[derive(Debug)]
enum Trust {
    /// Those that this host trusts.
    Host(Trusted),
    /// The one that has the fingerprint, whatever its name, age and issuer.
    Fingerprint(String),
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match &self.trust {
            Trust::Fingerprint(wanted) if fingerprint_of(certificate) == *wanted => {}
            Trust::Fingerprint(_) => {
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
            Trust::Host(host) if host.is_listed(certificate, name, now) => {}
            Trust::Host(Trusted { by_authority: Some(authorities), .. }) => {
                return authorities.verify_server_cert(certificate, intermediates, name, ocsp, now);
            }
            Trust::Host(_) => return Err(CertificateError::UnknownIssuer.into()),
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
