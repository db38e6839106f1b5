//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};

use crate::guardian::in_path;

const NO_SERVER: &str = "the PostgreSQL tests need a server: run `tests/setup` as root, which installs it (on Debian \
                         and Ubuntu: apt-get install postgresql pgbouncer), or set DATABASE_URL to one that may be used";

const NO_PRIVATE_SERVER: &str = "this test stops and starts its server, so that it needs a private one whatever \
                                 DATABASE_URL says: run `tests/setup` as root, which installs what it starts (on Debian \
                                 and Ubuntu: apt-get install postgresql)";

const NO_POOLER: &str = "this test needs PgBouncer: run `tests/setup` as root, which installs it (on Debian and Ubuntu: \
                         apt-get install pgbouncer)";

/// Where `initdb` and `pg_ctl` are: in the folder that `EVENTSOURCE_POSTGRES_BIN` names; the newest version installed
/// where it names none.
pub(super) fn server() -> PathBuf {
    let found = match std::env::var_os("EVENTSOURCE_POSTGRES_BIN") {
        Some(bin) => Some(PathBuf::from(bin)).filter(|bin| bin.join("initdb").exists()),
        None => newest().or_else(|| in_path("initdb")?.parent().map(Path::to_owned)),
    };
    let private = std::env::var_os("DATABASE_URL").is_some();
    found.unwrap_or_else(|| panic!("{}", if private { NO_PRIVATE_SERVER } else { NO_SERVER }))
}

fn newest() -> Option<PathBuf> {
    let version = |bin: &PathBuf| -> u32 {
        bin.parent().and_then(|path| path.file_name()?.to_str()?.parse().ok()).unwrap_or_default()
    };
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = debian.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    found.max_by_key(version)
}

pub(super) fn pgbouncer() -> PathBuf {
    let debian = Path::new("/usr/sbin/pgbouncer");
    in_path("pgbouncer").or_else(|| debian.exists().then(|| debian.to_owned())).expect(NO_POOLER)
}
