//! A private Redis server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::guardian::{Guardian, folder, free_port, in_path};
use crate::wait::DEADLINE;

const NO_SERVER: &str = "the Redis tests need a server: run `tests/setup` as root, which installs it (on Debian and Ubuntu: \
                         apt-get install redis-server)";

/// What a server still has when it is started again after it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// All that it has confirmed: it writes each command to its file, and the file to the disk, before it answers.
    Everything,
    /// Nothing.
    Nothing,
}

/// A Redis server of one's own on a free port of this machine. It ends when it is dropped, or when this process ends,
/// however it does.
#[derive(Debug)]
pub struct Server {
    port: u16,
    guardian: Mutex<Guardian>,
}

impl Server {
    /// Starts one that keeps what it has confirmed; panics if that fails, and says what to install.
    pub fn start() -> Self {
        Self::that_keeps(Keeps::Everything)
    }

    /// Starts one; panics if that fails, and says what to install.
    pub fn that_keeps(keeps: Keeps) -> Self {
        let program = program();
        let (folder, port) = (folder("eventsource-redis-"), free_port());
        let port_text = port.to_string();
        let mut arguments = vec![program.to_str().unwrap(), &port_text];
        if keeps == Keeps::Everything {
            arguments.extend(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        let guardian = Guardian::start(include_str!("server.sh"), &folder, &arguments);
        let server = Self { port, guardian: Mutex::new(guardian) };
        server.resume();
        server
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it, and returns when it is dead.
    pub fn kill(&self) {
        self.command("kill");
    }

    /// Starts it again, and returns when it answers.
    pub fn resume(&self) {
        self.command("start");
        let start = Instant::now();
        while !self.answers() {
            assert!(start.elapsed() < DEADLINE, "the Redis server does not answer within {DEADLINE:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops it where it stands: it accepts connections, and does not answer.
    pub fn freeze(&self) {
        self.command("freeze");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.command("thaw");
    }

    fn command(&self, command: &str) {
        self.guardian.lock().unwrap_or_else(PoisonError::into_inner).command(command);
    }

    fn answers(&self) -> bool {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let ask = || {
            let mut server = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
            server.set_read_timeout(Some(Duration::from_secs(1)))?;
            server.write_all(b"PING\r\n")?;
            let mut answer = [0; 5];
            server.read_exact(&mut answer)?;
            std::io::Result::Ok(answer)
        };
        ask().is_ok_and(|answer| &answer == b"+PONG")
    }
}

fn program() -> PathBuf {
    let debian = Path::new("/usr/bin/redis-server");
    in_path("redis-server").or_else(|| debian.exists().then(|| debian.to_owned())).expect(NO_SERVER)
}
