//! Where the programs are that the tests start, and as whom they run.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

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

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.exists())
}

/// `program`, as a user who is not root, which owns `folder` and the files in it.
pub(super) fn unprivileged(program: &str, folder: &Path) -> Command {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let mut command = Command::new(program);
    if std::fs::metadata(folder).unwrap().uid() != 0 {
        return command;
    }
    // The package makes the user; `nobody` is everywhere.
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mut fields = line.split(':').skip(1).map(|id| id.parse::<u32>().ok());
        Some((fields.next()??, fields.next()??))
    };
    let (uid, gid) = user("postgres").or_else(|| user("nobody")).expect(NO_SERVER);
    for file in std::fs::read_dir(folder).unwrap() {
        chown(file.unwrap().path(), Some(uid), Some(gid)).unwrap();
    }
    chown(folder, Some(uid), Some(gid)).unwrap();
    command.uid(uid).gid(gid).current_dir(folder);
    command
}
