//! Root certificates beside those that the platform's verifier loads by itself.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use rustls_crate::RootCertStore;
use rustls_crate::pki_types::CertificateDer;
use rustls_crate::pki_types::pem::{Error as PemError, PemObject};

use crate::environment::unquote;

const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";

/// Places of the system's certificates where the verifier reads files, in the order of preference.
#[cfg(all(unix, not(target_os = "android"), not(target_vendor = "apple")))]
const SYSTEM_FILES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
    "/etc/openssl/certs/ca-certificates.crt",
    "/etc/certs/ca-certificates.crt",
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];
/// Elsewhere, the verifier of the platform reads the system's certificates in any case.
#[cfg(not(all(unix, not(target_os = "android"), not(target_vendor = "apple"))))]
const SYSTEM_FILES: &[&str] = &[];
/// Read if none of the files exists.
const SYSTEM_DIRECTORIES: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// Returns the certificates in `SSL_CERT_FILE` and `SSL_CERT_DIR` and, if one of these is set, those
/// of the system, in place of which the verifier reads the variables.
pub(super) fn extra_roots() -> Vec<CertificateDer<'static>> {
    let file = std::env::var_os(FILE_VARIABLE);
    let directories = std::env::var_os(DIRECTORY_VARIABLE);
    if file.is_none() && directories.is_none() {
        return Vec::new();
    }
    let mut roots = of_variables(file, directories);
    if !SYSTEM_FILES.is_empty() {
        roots.extend(of_system(SYSTEM_FILES, SYSTEM_DIRECTORIES));
    }
    // The verifier rejects all roots if it does not understand one.
    roots.retain(|root| RootCertStore::empty().add(root.clone()).is_ok());
    roots
}

/// Reads the certificates in the files and directories that the variables name.
fn of_variables(
    file: Option<OsString>,
    directories: Option<OsString>,
) -> Vec<CertificateDer<'static>> {
    let mut roots = Vec::new();
    if let Some(path) = file.as_ref().and_then(path_of) {
        let read = read_file(&path, &mut roots);
        match read {
            Ok(()) if roots.is_empty() => warn(FILE_VARIABLE, &"the file has none in PEM"),
            Ok(()) => {}
            Err(error) => warn(FILE_VARIABLE, &error),
        }
    }
    for directory in directories.iter().flat_map(std::env::split_paths) {
        if let Some(path) = path_of(&directory.into_os_string()) {
            let read = read_directory(&path, &mut roots);
            read.unwrap_or_else(|error| warn(DIRECTORY_VARIABLE, &error));
        }
    }
    roots
}

/// Reads the certificates of the system.
fn of_system(files: &[&str], directories: &[&str]) -> Vec<CertificateDer<'static>> {
    let mut roots = Vec::new();
    let mut files = files.iter();
    if !files.any(|path| read_file(Path::new(path), &mut roots).is_ok()) {
        for directory in directories {
            let _missing = read_directory(Path::new(directory), &mut roots);
        }
    }
    roots
}

/// Returns the path in a variable, or `None` if it is blank.
fn path_of(value: &OsString) -> Option<PathBuf> {
    match value.to_str().map(unquote) {
        Some("") => None,
        Some(path) => Some(path.into()),
        None => Some(value.into()),
    }
}

/// Adds the certificates of a file. What is not a certificate in it is ignored.
fn read_file(path: &Path, roots: &mut Vec<CertificateDer<'static>>) -> Result<(), PemError> {
    let certificates = CertificateDer::pem_file_iter(path)?;
    roots.extend(certificates.filter_map(Result::ok));
    Ok(())
}

/// Adds the certificates of the files in a directory.
fn read_directory(path: &Path, roots: &mut Vec<CertificateDer<'static>>) -> Result<(), PemError> {
    for entry in fs::read_dir(path).map_err(PemError::Io)?.flatten() {
        let _no_file = read_file(&entry.path(), roots); // a directory, or a link to nothing
    }
    Ok(())
}

#[cold]
fn warn(variable: &str, error: &dyn fmt::Display) {
    tracing::warn!("no certificates are read from {variable}: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBfDCCASOgAwIBAgIUR73Sf938O3oYHGngS0PSE/pe1uMwCgYIKoZIzj0EAwIw\n\
EzERMA8GA1UEAwwIb25lLnRlc3QwIBcNMjYxMTI5MDc0MTQxWhgPMjEyNjExMDUw\n\
NzQxNDFaMBMxETAPBgNVBAMMCG9uZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D\n\
AQcDQgAEUjE5+Zn7yTdFwPhSz9XmheCC9wHKPzLGC+Icsyz0G7Sc3NzejbicZbTE\n\
DgPl1wWQ68Be7omVcew5r+mjGNNY8aNTMFEwHQYDVR0OBBYEFH9DeVt9f1E13NCu\n\
1qP9QT+uQ/4sMB8GA1UdIwQYMBaAFH9DeVt9f1E13NCu1qP9QT+uQ/4sMA8GA1Ud\n\
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgb1gLjePvGr2ZlKkzIFyfUXrQ\n\
CVmhXPVaZD2IdRUnduwCIGF4PjZZstBu6kKljtRb6c17kSipOoiD+UgQi4I2WdrI\n\
-----END CERTIFICATE-----\n";
    const OTHER: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBfDCCASOgAwIBAgIUBH+Ld5t5xrGmw+EYc/A5Iu1XnHIwCgYIKoZIzj0EAwIw\n\
EzERMA8GA1UEAwwIdHdvLnRlc3QwIBcNMjYxMTI5MDc0MTQxWhgPMjEyNjExMDUw\n\
NzQxNDFaMBMxETAPBgNVBAMMCHR3by50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D\n\
AQcDQgAE8ANSUoqyMygvMLRCVyiPlXfOjArDL8NIlwiJ+kzQRLzftR3yOpRgLBPM\n\
bwy/4nAZNXejbJSVkxv5RS5g0jymMKNTMFEwHQYDVR0OBBYEFGhij+azCZRWZ9sz\n\
Xpnx/YQOfQ5CMB8GA1UdIwQYMBaAFGhij+azCZRWZ9szXpnx/YQOfQ5CMA8GA1Ud\n\
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgeh7PTjzXDn/HampD3xv0GYUC\n\
DrlEMT8q+kqe8w0okZ4CIHNybjajSWbE40uCuERP0ybCNiXeRKZNaVXJYg0KqEEz\n\
-----END CERTIFICATE-----\n";

    /// A directory that is removed on drop.
    struct TempDir(PathBuf);

    impl TempDir {
        fn new(name: &str) -> Self {
            let name = format!("mistral-roots-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, content: &str) -> String {
            let path = self.0.join(name);
            fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    fn certificate(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    #[test]
    fn tls_roots_of_variables_are_read() {
        let dir = TempDir::new("variables");
        let both = dir.file("both.pem", &format!("text\n{ONE}\n{OTHER}"));
        let quoted = format!("'{both}'\n");
        let empty = TempDir::new("empty");
        let directories = std::env::join_paths([&empty.0, &dir.0]).unwrap();
        for (file, directories, count) in [
            (Some(both.as_str()), None, 2),
            (Some(&quoted), None, 2),
            (Some("/nowhere"), None, 0),
            (Some(" "), Some(""), 0),
            (None, directories.to_str(), 2),
            (Some(&both), Some("/nowhere"), 2),
            (None, None, 0),
        ] {
            let roots = of_variables(file.map(Into::into), directories.map(Into::into));
            let expected = [ONE, OTHER].map(certificate);
            assert_eq!(roots, expected[..count], "{file:?} {directories:?}");
        }
    }

    #[test]
    fn tls_roots_of_the_system_are_those_of_its_first_file() {
        let dir = TempDir::new("system");
        let [one, other] =
            [("one.pem", ONE), ("other.pem", OTHER)].map(|(name, pem)| dir.file(name, pem));
        let directory = dir.0.to_str().unwrap();
        let roots = of_system(&["/nowhere", &other, &one], &[directory]);
        assert_eq!(roots, [certificate(OTHER)]);
        assert_eq!(of_system(&["/nowhere"], &["/nowhere", directory]).len(), 2);
    }
}
