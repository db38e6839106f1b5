//! TLS (feature `postgres-tls`): with an unknown certificate, and with one that is verified.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use eventsource::postgres::{PostgresDatabase, PostgresEventStore, PostgresOpenError, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx;
use eventsource_tests::domain::bump;
use eventsource_tests::postgres::Server;
use eventsource_tests::wait::eventually;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Writes a file that only its owner reads.
fn write(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

/// A root certificate of our own, and who signs with it.
fn root() -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), Issuer::new(params, key))
}

/// A server with a certificate for `localhost`, by `root`.
fn server(root: &Issuer<'_, KeyPair>) -> Server {
    Server::configured(|folder| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, root).unwrap();
        let (certificate_file, key_file) = (folder.join("server.crt"), folder.join("server.key"));
        write(&certificate_file, &certificate.pem());
        write(&key_file, &key.serialize_pem());
        let (certificate, key) = (certificate_file.display(), key_file.display());
        format!("ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n")
    })
}

async fn open(server: &Server, host: &str, query: &str) -> Result<PostgresDatabase, PostgresOpenError> {
    let options = PostgresOptions::new(&format!("postgres://postgres@{host}:{}/postgres?{query}", server.port()))?;
    let options = options.acquire_timeout(std::time::Duration::from_secs(5));
    options.migrate().await?;
    PostgresDatabase::open_with(options).await
}

/// That it works, and that every connection is encrypted, the listener's included.
async fn assert_works_in_secret(db: &PostgresDatabase) {
    let store = PostgresEventStore::new(db);
    let _listening = store.wake_ups();
    let position = bump(&store, [1, 2]).await;
    assert_eq!(store.head().await.unwrap(), position);
    let sql = "SELECT count(*) FILTER (WHERE s.ssl), count(*), count(*) FILTER (WHERE a.query LIKE 'LISTEN%') \
               FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.backend_type = 'client backend'";
    eventually("it listens, and all is encrypted", || async {
        let (encrypted, all, listeners): (i64, i64, i64) = sqlx::query_as(sql).fetch_one(db.pool()).await.unwrap();
        assert_eq!(encrypted, all);
        listeners > 0
    })
    .await;
}

#[tokio::test]
async fn connections_are_encrypted_and_certificates_are_verified_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours.crt"), folder.path().join("theirs.crt"));
    let (certificate, root_of_ours) = root();
    write(&ours, &certificate);
    write(&theirs, &root().0);
    let server = server(&root_of_ours);
    let verify = |mode: &str, root: &Path| format!("sslmode={mode}&sslrootcert={}", root.display());

    for (host, query) in [
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("localhost", verify("verify-full", &ours)),
        ("127.0.0.1", verify("verify-ca", &ours)),
    ] {
        let db = open(&server, host, &query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_works_in_secret(&db).await;
        db.close().await;
    }
    for (what, host, query) in [
        ("a root that has not signed it", "localhost", verify("verify-full", &theirs)),
        ("no root but the system's", "localhost", "sslmode=verify-full".to_owned()),
        ("another host than the certificate's", "127.0.0.1", verify("verify-full", &ours)),
    ] {
        let error = open(&server, host, &query).await.expect_err(what);
        let error = HandlerError::from(error).to_string();
        assert!(error.contains("certificate"), "{what}: {error}");
    }
}
